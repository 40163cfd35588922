import GridModel
import HTTPTypes
import NIOCore
import Synchronization

/// The last replies to plain reads of one page, as they went out. Such a reply is a function of the request's target and of the
/// grid's log, and nothing else; so while the log is the same, it is the same reply, and finding it costs one look-up.
final class ReplyMemo: Sendable {
    struct Entry: Sendable {
        var grid: GridID
        /// The log that the reply was made from: `GridImage.lineage`.
        var lineage: UInt64
        var entityTag: String
        var response: HTTPResponse
        var notModified: HTTPResponse
        var body: ByteBuffer
    }

    /// Bytes of replies kept: a hundred pages of a wide list. When they are passed, all are forgotten, which costs each one look.
    private static let limit = 8 << 20

    private struct State {
        var entries: [String: Entry] = [:]
        var bytes = 0
    }

    private let state = Mutex(State())

    /// What was kept for a target. It is right only as long as the grid's lineage is the entry's.
    func entry(_ target: String) -> Entry? {
        state.withLock { $0.entries[target] }
    }

    func keep(_ entry: Entry, for target: String) {
        let size = entry.body.readableBytes + target.utf8.count
        guard size <= Self.limit / 8 else { return }
        state.withLock { state in
            if let old = state.entries.removeValue(forKey: target) { state.bytes -= old.body.readableBytes + target.utf8.count }
            if state.bytes + size > Self.limit { state = State() }
            state.entries[target] = entry
            state.bytes += size
        }
    }
}
