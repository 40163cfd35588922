import GridModel
import Ordering
import Synchronization
import TraceRecording

/// What a live sheet records of itself: the slot is the viewport with policy `latest`, the key is the grid, the version its revision. So
/// its trace and the server's (`serve --record`) are about the same.
final class SheetRecording: Sendable {
    /// The turn in which a read's reply was handed over, found out by the transport.
    final class TurnBox: Sendable {
        let turn = Mutex<TracedTurn?>(nil)
    }

    private struct State {
        var intent: TracedIntent?
        var turns: [RequestID: TracedTurn] = [:]
        /// The reply that is being taken in.
        var current: TracedTurn?
        var shown: Revision?
        var frame: Int64 = 0
    }

    private static let slot = "viewport"
    private let recorder: TraceRecorder
    private let grid: GridID
    private let key: String
    private let state = Mutex(State())

    init(recorder: TraceRecorder, grid: GridID) {
        self.recorder = recorder
        self.grid = grid
        key = "grid \(grid.text)"
        recorder.slot(Self.slot, policy: "latest")
    }

    /// The intent that a read fulfils now.
    var intent: TracedIntent? { state.withLock { $0.intent } }

    /// Another view or other pages are asked for.
    func asked(_ label: String, pages: PageRange? = nil) {
        let arguments = pages.map { pages in
            TraceValue.array([.integer(Int64(pages.first.rawValue)), .integer(Int64(pages.last.rawValue))])
        }
        let intent = recorder.intent(Self.slot, label: label, arguments: arguments)
        state.withLock { $0.intent = intent }
    }

    /// A read's reply came.
    func replied(_ request: RequestID, _ box: TurnBox) {
        let turn = box.turn.withLock { $0 }
        state.withLock { $0.turns[request] = turn }
    }

    /// A read's reply is taken in, or nothing of the kind any more.
    func taking(_ request: RequestID?) {
        state.withLock { state in state.current = request.flatMap { state.turns.removeValue(forKey: $0) } }
    }

    /// The stream told of commits.
    func signaled(from: Revision, to revision: Revision) {
        recorder.record("signal") { line in
            line.add("stream", grid.text)
            line.add("position", Int64(clamping: revision.rawValue))
            line.add("key", key)
            line.add("version", Int64(clamping: revision.rawValue))
            line.add(flag: "merge", from < revision)
        }
    }

    /// An edit is committed.
    func acknowledged(_ revision: Revision) {
        recorder.record("ack") { line in
            line.add("key", key)
            line.add("version", Int64(clamping: revision.rawValue))
        }
    }

    /// A snapshot is shown.
    func shown(_ revision: Revision) {
        let (turn, intent, frame, isNew) = state.withLock { state in
            let isNew = revision != .zero && state.shown != revision
            if isNew {
                state.shown = revision
                state.frame += 1
            }
            return (state.current, state.intent, state.frame, isNew)
        }
        guard isNew else { return }
        let version = Int64(clamping: revision.rawValue)
        recorder.write(
            Self.slot, key: key, version: version, guard: "G2", in: turn, intent: intent,
            after: [TraceEdge(event: "commit \(grid.text) \(version)", kind: .message)])
        recorder.render(frame, shows: [(key, version)], view: Self.slot)
    }
}
