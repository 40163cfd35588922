import Foundation
import Synchronization
import Testing
import Trace
import TraceRecording

@Suite("Recording from Swift")
struct TraceRecorderTests {
    /// What a recorder handed out.
    private final class File: Sendable {
        let bytes = Mutex<[UInt8]>([])
        var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
    }

    private static func recorder(_ file: File, keepsValues: Bool = true, times: [UInt64] = []) -> TraceRecorder {
        let clock = Mutex<(Int, UInt64)>((0, 0))
        return TraceRecorder(
            process: "p", role: .service, trace: "t-1", keepsValues: keepsValues,
            now: {
                clock.withLock { clock in
                    clock.0 += 1
                    clock.1 += 1_000
                    return times.isEmpty ? clock.1 : times[(clock.0 - 1) % times.count]
                }
            }, random: { clock.withLock { UInt64($0.0) + 0xABCD } }, sink: { piece in file.bytes.withLock { $0 += piece } })
    }

    @Test("What is recorded is what the reader reads: a request, its response and the write that it led to")
    func readable() {
        let file = File()
        let recorder = Self.recorder(file)
        recorder.slot("total", policy: "latest")
        let intent = recorder.intent(
            "total", label: "Apply \"code\"", arguments: .object([("b", .integer(2)), ("a", .text("x"))]))
        let request = recorder.start(method: "GET", url: "/price?token=abcdefgh&n=1", intent: intent)
        recorder.arrive(request, status: 200, version: 7)
        let turn = recorder.deliver(request)
        recorder.write("total", key: "total", value: .integer(1080), version: 7, base: 6, guard: "G3", in: turn)
        recorder.commit("total", version: 7, id: "c-7", request: request.id)
        recorder.render(1, shows: [("total", 7)], marked: ["total"])
        recorder.cancel(request)
        recorder.flush()
        let reading = TraceReader.read(Array(file.text.utf8))
        let log = reading.log
        #expect(reading.rejections.isEmpty)
        #expect(log.kinds == [.process, .slot, .intent, .start, .arrive, .deliver, .write, .commit, .render, .cancel])
        #expect(log.requests[3...7].allSatisfy { log.text($0) == request.id })
        #expect(log.intents[3...6].allSatisfy { log.text($0) == intent.id })
        #expect(log.text(log.tasks[6]) == turn.task && log.tasks[5] == log.tasks[6])
        #expect(log.versions[6].number == 7 && log.bases[6].number == 6 && log.text(log.slotNames[6]) == "total")
        #expect(log.attribute("guard", of: 6) == "\"G3\"")
        #expect(request.traceparent.split(separator: "-")[2] == request.id && request.traceparent.utf8.count == 55)
        #expect(!file.text.contains("abcdefgh"))
        #expect(file.text.contains(#""arguments":{"a":"x","b":2}"#))
    }

    @Test("Times do not go back, whatever the clock does")
    func times() {
        let file = File()
        let recorder = Self.recorder(file, times: [50, 40, 60, 10])
        for _ in 0..<4 { recorder.intent() }
        recorder.flush()
        #expect(TraceReader.read(Array(file.text.utf8)).log.times.suffix(4) == [50, 50, 60, 60])
    }

    @Test("Values are digests unless asked for: equal for equal values, and nothing of them in the file")
    func digests() {
        let file = File()
        let recorder = Self.recorder(file, keepsValues: false)
        for value in [TraceValue.text("secret plan"), .text("secret plan"), .text("other")] {
            recorder.write("s", key: "k", value: value)
        }
        recorder.flush()
        let digests = file.text.split(separator: "\n").compactMap { $0.split(separator: "\"digest\":\"").dropFirst().first }
            .map { $0.prefix { $0 != "\"" } }
        #expect(digests.count == 3 && digests[0] == digests[1] && digests[1] != digests[2])
        #expect(!file.text.contains("plan"))
    }

    @Test("Members that name a credential are not kept, and a value beyond the format's limit is its digest")
    func limits() {
        let file = File()
        let recorder = Self.recorder(file)
        recorder.write("s", key: "k", value: .object([("password", .text("open sesame")), ("n", .number(.infinity))]))
        recorder.write("s", key: "k", value: .text(String(repeating: "x", count: 5_000)))
        recorder.flush()
        #expect(!file.text.contains("sesame") && file.text.contains(#""n":null"#))
        #expect(!file.text.contains("xxxxx"))
        #expect(TraceReader.read(Array(file.text.utf8)).rejections.isEmpty)
    }

    @Test("Lines go out whole, when the buffer is full and when asked")
    func buffered() {
        let file = File()
        let recorder = Self.recorder(file)
        recorder.intent()
        #expect(file.text.isEmpty)
        for _ in 0..<2_000 { recorder.intent("a slot", label: "a label") }
        #expect(file.text.hasSuffix("}\n"))
        recorder.flush()
        #expect(TraceReader.read(Array(file.text.utf8)).log.count == 2_002)
    }

    @Test("The page's recorder writes what the reader reads", arguments: ["faulty", "G2", "G4"])
    func fixtures(name: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: root.appending(path: "Fixtures/traces/checkout-\(name).trace.jsonl"))
        let reading = TraceReader.read([UInt8](data))
        #expect(reading.rejections.isEmpty)
        #expect(reading.log.kinds.filter { $0 == .start }.count == 6)
        #expect(reading.log.kinds.filter { $0 == .write }.count >= 10)
    }
}
