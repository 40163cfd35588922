import GridModel
import Ordering
import Synchronization
import Wire

@testable import GridClient

/// A server of one grid with one sheet, without a network: what a test tells it to do is what it does.
final class ScriptedServer: Transport {
    private struct State {
        var revision: UInt64 = 1
        var rows: [RowID] = []
        var cells: [RowID: CellValue] = [:]
        var outcomes: [IntentID: CommandOutcome] = [:]
        var streams: [AsyncStream<[UInt8]>.Continuation] = []
        var requests: [TransportRequest] = []
        /// Answers that come instead of the server's, first one first, by what the target contains.
        var scripted: [(target: String, answer: @Sendable () throws -> TransportReply)] = []
        /// Requests that take effect and whose answers are lost.
        var lostAnswers = 0
        /// What hello says of heartbeats. None come by themselves.
        var heartbeat: Int?
        /// What hello says of the instance of the server.
        var instance: (name: String, opened: UInt64) = ("a", 1)
    }

    static let grid = GridID("g1") ?? { preconditionFailure("g1 is a grid's id") }()
    static let sheet = SheetID(1)
    static let column = ColumnID(1)

    private let state: Mutex<State>

    init(rows: Int = 250) {
        var initial = State()
        for number in 1...UInt32(rows) {
            initial.rows.append(RowID(number))
            initial.cells[RowID(number)] = CellValue(checkedJSON: "\(number)")
        }
        state = Mutex(initial)
    }

    var requests: [TransportRequest] { state.withLock { $0.requests } }

    func requests(_ part: String) -> [TransportRequest] {
        requests.filter { $0.target.contains(part) }
    }

    func answerNext(_ target: String, with answer: @escaping @Sendable () throws -> TransportReply) {
        state.withLock { $0.scripted.append((target, answer)) }
    }

    func loseNextAnswers(_ count: Int) {
        state.withLock { $0.lostAnswers = count }
    }

    func promiseHeartbeats(every milliseconds: Int?) {
        state.withLock { $0.heartbeat = milliseconds }
    }

    func value(_ row: UInt32) -> String? {
        state.withLock { $0.cells[RowID(row)]?.json }
    }

    /// Somebody else's edit: committed, then told.
    func commit(row: UInt32, _ value: CellValue?) {
        let (revision, streams) = state.withLock { state in
            state.cells[RowID(row)] = value
            state.revision += 1
            return (state.revision, state.streams)
        }
        let signal =
            #"{"revision":\#(revision),"from":\#(revision),"sheets":{"s1":{"rows":"r\#(row)","columns":["c1"],"structure":false,"order":false}},"changes":1}"#
        for stream in streams { stream.yield(Array("id: \(revision)\nevent: commit\ndata: \(signal)\n\n".utf8)) }
    }

    func say(_ text: String) {
        for stream in state.withLock({ $0.streams }) { stream.yield(Array(text.utf8)) }
    }

    /// An older copy of the grid is served from now on, by another instance.
    func restore(to revision: UInt64, row: UInt32, _ value: CellValue?, then later: UInt64 = 0) {
        state.withLock { state in
            state.revision = revision + later
            state.instance = ("b", revision)
            state.cells[RowID(row)] = value
        }
        breakStreams()
    }

    func breakStreams() {
        let streams = state.withLock { state in
            defer { state.streams = [] }
            return state.streams
        }
        for stream in streams { stream.finish() }
    }

    func shutdown() async {
        breakStreams()
    }

    func send(_ request: TransportRequest) async throws -> TransportReply {
        let scripted = state.withLock { state -> (@Sendable () throws -> TransportReply)? in
            state.requests.append(request)
            guard let index = state.scripted.firstIndex(where: { request.target.contains($0.target) }) else { return nil }
            return state.scripted.remove(at: index).answer
        }
        if let scripted { return try scripted() }
        if request.target.contains("/events") { return try openStream(request) }
        if request.target.contains("/pages?") { return try pages(request) }
        if request.target.contains("/changes") { return try await change(request) }
        return Self.json(404, Problem("not-found", "Not found", status: 404, detail: "no such route").wire)
    }

    static func json(_ status: Int, _ bytes: [UInt8], type: String = "application/json") -> TransportReply {
        let once = Mutex<[UInt8]?>(bytes)
        return TransportReply(
            status: status, headers: [(name: "content-type", value: type)],
            body: ByteStream {
                once.withLock { bytes in
                    defer { bytes = nil }
                    return bytes
                }
            })
    }

    static func stream(_ chunks: AsyncStream<[UInt8]>) -> TransportReply {
        let iterator = Iterator(chunks)
        return TransportReply(
            status: 200, headers: [(name: "Content-Type", value: "text/event-stream")],
            body: ByteStream { await iterator.next() })
    }

    private actor Iterator {
        // Unsafe, because a mutating call suspends: a stream has one reader.
        private nonisolated(unsafe) var iterator: AsyncStream<[UInt8]>.Iterator

        init(_ stream: AsyncStream<[UInt8]>) {
            iterator = stream.makeAsyncIterator()
        }

        func next() async -> [UInt8]? {
            await iterator.next(isolation: self)
        }
    }

    private func openStream(_ request: TransportRequest) throws -> TransportReply {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        let asked = request.headers.first { $0.name == "Last-Event-ID" }.flatMap { UInt64($0.value) }
        let (revision, heartbeat) = state.withLock { state in
            state.streams.append(continuation)
            let instance = ",\"server\":\"\(state.instance.name)\",\"opened\":\(state.instance.opened)"
            return (state.revision, (state.heartbeat.map { ",\"heartbeat\":\($0)" } ?? "") + instance)
        }
        let position = asked ?? revision
        continuation.yield(
            Array("retry: 100\n\nid: \(position)\nevent: hello\ndata: {\"revision\":\(revision)\(heartbeat)}\n\n".utf8))
        if let asked, asked < revision {
            let signal =
                #"{"revision":\#(revision),"from":\#(asked + 1),"sheets":{"s1":{"rows":"many","columns":["c1"],"structure":false,"order":false}},"changes":9}"#
            continuation.yield(Array("id: \(revision)\nevent: commit\ndata: \(signal)\n\n".utf8))
        }
        return Self.stream(stream)
    }

    private func pages(_ request: TransportRequest) throws -> TransportReply {
        let query = try PagesQuery(QueryParameters(String(request.target.split(separator: "?")[1])))
        return state.withLock { state in
            let head = PageReplyHead(
                revision: Revision(state.revision), sheet: Self.sheet, pageSize: query.pageSize, totalRows: state.rows.count,
                totalColumns: 1, columns: [Column(id: Self.column, name: "n", type: .text)])
            var bytes = head.opening()
            for page in query.first...query.last {
                let rows = state.rows.dropFirst((page - 1) * query.pageSize).prefix(query.pageSize)
                var hash: UInt64 = 1
                for row in rows { for byte in (state.cells[row]?.json ?? "").utf8 { hash = hash &* 31 &+ UInt64(byte) } }
                if page > query.first { bytes.append(UInt8(ascii: ",")) }
                let tag = PageTag(hash)
                if query.have[page] == tag {
                    bytes += Array("{\"page\":\(page),\"tag\":\"\(tag)\",\"unchanged\":true}".utf8)
                    continue
                }
                let encoded = rows.map { "{\"id\":\"\($0)\",\"cells\":{\(state.cells[$0].map { "\"c1\":\($0)" } ?? "")}}" }
                bytes += Array("{\"page\":\(page),\"tag\":\"\(tag)\",\"rows\":[\(encoded.joined(separator: ","))]}".utf8)
            }
            return Self.json(200, bytes + PageReplyHead.closing)
        }
    }

    private func change(_ request: TransportRequest) async throws -> TransportReply {
        guard case .bytes(let bytes) = request.body else { return Self.json(400, []) }
        let changes = try ChangesRequest(wire: bytes)
        if let known = state.withLock({ $0.outcomes[changes.intent] }) { return try answer(known) }
        for case .setCell(let row, _, let value, _) in changes.changes { commit(row: row.rawValue, value) }
        let outcome = state.withLock { state in
            let outcome = CommandOutcome(
                revision: Revision(state.revision), results: changes.changes.map { _ in .done })
            state.outcomes[changes.intent] = outcome
            return outcome
        }
        return try answer(outcome)
    }

    private func answer(_ outcome: CommandOutcome) throws -> TransportReply {
        let isLost = state.withLock { state in
            defer { state.lostAnswers = max(0, state.lostAnswers - 1) }
            return state.lostAnswers > 0
        }
        if isLost { throw ClientError(.unreachable, "the connection broke") }
        return Self.json(200, outcome.wire)
    }
}
