import ChangePipeline
import GridImage
import GridModel
import NIOCore
import Ordering
import ServiceLifecycle
import Synchronization
import Wire

/// All open event streams: one heartbeat for all, and an end for all when the server stops.
final class EventStreams: Service {
    private struct State {
        var mailboxes: [UInt64: StreamMailbox] = [:]
        var next: UInt64 = 0
        var isClosed = false
        /// The last commit's frame: thousands of streams send the same.
        var grid: GridID?
        var signal: Signal?
        var frame = ByteBuffer()
    }

    private let state = Mutex(State())
    private let limit: Int
    private let heartbeat: Duration
    private let sleep: @Sendable (Duration) async throws -> Void

    init(limit: Int, heartbeat: Duration, sleep: @escaping @Sendable (Duration) async throws -> Void) {
        self.limit = limit
        self.heartbeat = heartbeat
        self.sleep = sleep
    }

    /// Beats until the server stops, then ends every stream: a stopping server waits for open answers.
    func run() async throws {
        await withGracefulShutdownHandler {
            while !Task.isCancelled, !(state.withLock { $0.isClosed }) {
                do { try await cancelWhenGracefulShutdown { [self] in try await sleep(heartbeat) } } catch { break }
                beat()
            }
        } onGracefulShutdown: { [self] in
            close()
        }
        close()
    }

    /// A mailbox for a new stream; `nil` when there are as many as may be, or the server stops.
    func open() -> (id: UInt64, mailbox: StreamMailbox)? {
        state.withLock { state in
            guard !state.isClosed, state.mailboxes.count < limit else { return nil }
            state.next += 1
            let mailbox = StreamMailbox()
            state.mailboxes[state.next] = mailbox
            return (state.next, mailbox)
        }
    }

    func close(_ id: UInt64) {
        state.withLock { $0.mailboxes[id] = nil }
    }

    func beat() {
        for mailbox in state.withLock({ Array($0.mailboxes.values) }) { mailbox.beat() }
    }

    func close() {
        let all = state.withLock { state in
            state.isClosed = true
            defer { state.mailboxes = [:] }
            return Array(state.mailboxes.values)
        }
        for mailbox in all { mailbox.end() }
    }

    /// The bytes of a commit event, made once for all streams of a grid.
    func frame(_ signal: Signal, of grid: GridID) -> ByteBuffer {
        let known = state.withLock { state in
            state.grid == grid && state.signal?.revision == signal.revision && state.signal?.from == signal.from
                ? state.frame : nil
        }
        if let known { return known }
        let frame = ByteBuffer(bytes: StreamEvent.commit(CommitEvent(signal)).frame)
        state.withLock { state in
            state.grid = grid
            state.signal = signal
            state.frame = frame
        }
        return frame
    }
}

extension CommitEvent {
    init(_ signal: Signal) {
        self.init(
            revision: signal.revision, from: signal.from,
            sheets: signal.sheets.map { sheet in
                let rows: [ClosedRange<RowID>]? = if case .ranges(let ranges) = sheet.rows { ranges } else { nil }
                return (
                    id: sheet.id,
                    touched: Touched(rows: rows, columns: sheet.columns, structure: sheet.structure, order: sheet.order)
                )
            }, structure: signal.structure, changes: signal.changes)
    }
}
