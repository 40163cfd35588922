import GridModel
import Ordering
import Synchronization
import Testing
import TraceRecording
import Wire

@testable import GridClient

@Suite("A client that records itself")
struct RecordingTests {
    let server = ScriptedServer()
    let time = VirtualTime()

    @Test("Requests, what they show and why are recorded, linked by traceparent, the same key and the commit's name")
    func records() async throws {
        let serial = Mutex<UInt64>(1)
        let lines = Mutex<[String]>([])
        let kept = TraceRecorder(
            process: "app", role: .service, trace: "t", now: { 0 },
            random: {
                serial.withLock { serial in
                    serial += 1
                    return serial
                }
            },
            sink: { piece in
                lines.withLock { $0 += String(decoding: piece, as: UTF8.self).split(separator: "\n").map(String.init) }
            })
        let client = GridClient(transport: server, environment: time.environment()).recording(to: kept)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [time] in await time.flow() }
            group.addTask { [server] in
                try await client.withLiveSheet(grid: ScriptedServer.grid, sheet: ScriptedServer.sheet) { sheet in
                    for await snapshot in sheet.snapshots() where snapshot.revision == Revision(1) { break }
                    server.commit(row: 3, CellValue(checkedJSON: "true"))
                    for await snapshot in sheet.snapshots() where snapshot.revision == Revision(2) { break }
                }
            }
            try await group.next()
            group.cancelAll()
        }
        kept.flush()
        let found = lines.withLock { $0 }
        func of(_ type: String) -> [String] { found.filter { $0.hasPrefix("{\"type\":\"\(type)\"") } }
        #expect(of("intent").count >= 1 && of("slot").count == 1)
        let sent = server.requests("/pages").compactMap { $0.headers.first { $0.name == "traceparent" }?.value }
        #expect(sent.count >= 2)
        for header in sent { #expect(of("start").contains { $0.contains("\"traceparent\":\"\(header)\"") }) }
        let writes = of("write")
        #expect(writes.count == 2)
        for (index, write) in writes.enumerated() {
            #expect(write.contains(#""key":"grid g1""#) && write.contains(#""version":\#(index + 1)"#))
            #expect(
                write.contains("\"commit g1 \(index + 1)\"") && write.contains("\"request\":\"")
                    && write.contains("\"task\":\""))
        }
        #expect(of("signal").contains { $0.contains(#""stream":"g1","position":2"#) })
        #expect(of("render").map { $0.contains("\"shows\":{\"grid g1\":") } == [true, true])
    }
}
