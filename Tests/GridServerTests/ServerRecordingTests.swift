import ChangePipeline
import Enrichment
import GridModel
import HTTPTypes
import Ordering
import Synchronization
import Testing
import Trace
import TraceRecording
import Wire

@testable import GridServer

@Suite("A server that records itself")
struct ServerRecordingTests {
    @Test(
        "Every revision is one commit before what the stream hands out, and a request with a traceparent is linked to its own")
    func records() async throws {
        let bytes = Mutex<[UInt8]>([])
        let recorder = TraceRecorder(
            process: "server", role: .server, trace: "t", now: { 0 }, random: { 1 },
            sink: { piece in bytes.withLock { $0 += piece } })
        // The recording's pauses never end: what it has goes out when it is asked.
        let recording = ServerRecording(recorder: recorder, sleep: { _ in try await Task.sleep(nanoseconds: .max / 4) })
        let server = TestServer(recording: recording)
        let span = "00f067aa0ba902b7"
        try await server.test(.live) { api in
            let grid = try await api.makeGrid()
            _ = try await api.send(
                .post, grid.path + "/changes", grid.setCell("\"sesame\"", intent: 2),
                headers: ["traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-\(span)-01"])
            // Signals reach the recording like any reader: when the last is there, all are.
            while true {
                recorder.flush()
                let text = bytes.withLock { String(decoding: $0, as: UTF8.self) }
                if text.contains(#""position":\#(grid.revision.rawValue + 1)"#) { break }
                await Task.yield()
            }
        }
        recorder.flush()
        let text = bytes.withLock { String(decoding: $0, as: UTF8.self) }
        #expect(!text.contains("sesame"))
        let reading = TraceReader.read(Array(text.utf8))
        #expect(reading.rejections.isEmpty)
        let log = reading.log
        let commits = log.kinds.indices.filter { log.kinds[$0] == .commit }
        let versions = commits.compactMap { log.versions[$0].number }
        #expect(zip(versions, versions.dropFirst()).allSatisfy { $0 + 1 == $1 }, "gap-free: \(versions)")
        let emits = log.kinds.indices.filter { log.kinds[$0] == .emit }
        for emit in emits {
            let version = try #require(log.versions[emit].number)
            let commit = try #require(commits.first { log.versions[$0].number == version })
            #expect(commit < emit)
        }
        let linked = log.kinds.indices.filter { log.kinds[$0] == .deliver && log.text(log.requests[$0]) == span }
        #expect(linked.count == 1)
        #expect(text.contains(#""event":"s-\#(span)""#))
    }

    @Test("A run of an agent is a process of its own: asked for by the request, each call between the commits around it")
    func agents() async throws {
        let bytes = Mutex<[UInt8]>([])
        let recorder = TraceRecorder(
            process: "server", role: .server, trace: "t", now: { 0 }, random: { 1 },
            sink: { piece in bytes.withLock { $0 += piece } })
        let recording = ServerRecording(recorder: recorder, sleep: { _ in try await Task.sleep(nanoseconds: .max / 4) })
        let span = "00f067aa0ba902b7"
        let server = TestServer()
        let (run, row) = (RunID(7), RowID(1))
        let revision = try await server.test(.router) { api in
            let made = try await api.makeGrid()
            let column = made.columns[1]
            let order = RunOrder(
                sheet: SheetID(1), column: column, scope: "all", agent: AgentSettings(prompt: "secret {{A}}", version: 1),
                inputs: [],
                provider: "p", concurrency: 1, sharesAnswers: true, rows: [row], found: [0])
            let answer = Change.answerCell(
                row: row, column: column, value: .yes, base: made.revision, inputs: [], type: .text)
            let end = CallEnd(call: 1, usage: RunUsage())
            let steps: [[Change]] = [
                [.noteRun(run, .planned(order, RunBudget()))], [.noteRun(run, .asked(task: 0, call: 1, reserved: RunUsage()))],
                [answer, .noteRun(run, .settled(task: 0, call: end, .asAnswered))], [.noteRun(run, .phase(.finished))],
            ]
            let grid = recording.recorded(
                try await server.host.grid(made.id), request: "00-4bf92f3577b34da6a3ce929d0e0e4736-\(span)-01")
            for (index, changes) in steps.enumerated() {
                let command = Command(
                    intent: IntentID(high: 9, low: UInt64(index)), cause: Cause(kind: .agent, run: run), changes: changes)
                _ = try await grid.submitForRun(command)
            }
            return made.revision.rawValue
        }
        recording.flush()
        let text = bytes.withLock { String(decoding: $0, as: UTF8.self) }
        #expect(!text.contains("secret"))
        let reading = TraceReader.read(Array(text.utf8))
        #expect(reading.rejections.isEmpty)
        let log = reading.log
        let kinds = log.kinds.indices.filter { log.text(log.processes[Int(log.processIndices[$0])].name) == "agents of server" }
            .map {
                log.kinds[$0]
            }
        #expect(kinds == [.process, .intent, .start, .deliver, .note], "\(kinds)")
        #expect(text.contains(#""event":"s-\#(span)""#))
        #expect(text.contains(#""request":"\#(run)-\#(row)-1""#))
        #expect(text.contains("answered at \(revision + 3)"))
    }

    @Test(
        "Only a traceparent as the recommendation writes it links anything",
        arguments: [
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true), ("", false), ("00-x-y-01", false),
            ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01", false),
        ])
    func spans(header: String, isValid: Bool) {
        #expect((ServerRecording.span(header) == "00f067aa0ba902b7") == isValid)
    }
}
