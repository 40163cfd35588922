import GridModel
import NIOCore
import Synchronization

/// The last replies to plain reads of one page, as they went out. Such a reply is a function of the request's target, of whether it takes
/// a compressed body, and of the grid's log, and nothing else; so while the log is the same, it is the same reply, and finding it costs one look-up.
final class ReplyMemo: Sendable {
    struct Entry: Sendable {
        var grid: GridID
        /// The log that the reply was made from: `GridImage.lineage`.
        var lineage: UInt64
        var entityTag: String
        /// Fields and body as they go onto the connection, after the `AnswerStart`.
        var whole: ByteBuffer
        /// What is answered instead to one who has it.
        var notModified: ByteBuffer
    }

    struct Key: Hashable {
        /// Path and query.
        var target: String
        /// The client takes a compressed body.
        var compresses: Bool
    }

    /// Bytes of replies kept: a hundred pages of a wide list. When they are passed, all are forgotten, which costs each one look.
    private static let limit = 8 << 20

    private struct State {
        var entries: [Key: Entry] = [:]
        var bytes = 0
    }

    private let state = Mutex(State())

    /// What was kept for a request. It is right only as long as the grid's lineage is the entry's.
    func entry(_ key: Key) -> Entry? {
        state.withLock { $0.entries[key] }
    }

    func keep(_ entry: Entry, for key: Key) {
        let size = entry.whole.readableBytes + key.target.utf8.count
        guard size <= Self.limit / 8 else { return }
        state.withLock { state in
            if let old = state.entries.removeValue(forKey: key) {
                state.bytes -= old.whole.readableBytes + key.target.utf8.count
            }
            if state.bytes + size > Self.limit { state = State() }
            state.entries[key] = entry
            state.bytes += size
        }
    }
}
