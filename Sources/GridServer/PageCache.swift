import GridModel
import NIOCore
import Synchronization
import Wire

/// Encoded pages, bounded in bytes. A tag names what a page shows, so an entry is right as long as its tag is; nothing has to be
/// thrown away when a grid changes.
final class PageCache: Sendable {
    /// What the tag alone does not say: a page's number and size are in its bytes.
    struct Key: Hashable, Sendable {
        var grid: GridID
        var sheet: SheetID
        var tag: PageTag
        var page: Int
        var pageSize: Int
    }

    private struct State {
        /// Two generations: what was used since the last turn, and what was used before it. When the young one is half of the
        /// limit, the old one is dropped. It forgets nearly what an exact list of uses would, without a write for each read.
        var young: [Key: ByteBuffer] = [:]
        var old: [Key: ByteBuffer] = [:]
        var youngBytes = 0
        var oldBytes = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    func bytes(_ key: Key) -> ByteBuffer? {
        state.withLock { state in
            if let bytes = state.young[key] { return bytes }
            guard let bytes = state.old.removeValue(forKey: key) else { return nil }
            state.oldBytes -= bytes.readableBytes
            insert(bytes, key, &state)
            return bytes
        }
    }

    /// Keeps a page.
    /// - Returns: the bytes kept now.
    @discardableResult
    func keep(_ bytes: ByteBuffer, _ key: Key) -> Int {
        state.withLock { state in
            insert(bytes, key, &state)
            return state.youngBytes + state.oldBytes
        }
    }

    private func insert(_ bytes: ByteBuffer, _ key: Key, _ state: inout State) {
        guard bytes.readableBytes <= limit / 4, state.young[key] == nil else { return }
        if state.youngBytes + bytes.readableBytes > limit / 2 {
            state.old = state.young
            state.oldBytes = state.youngBytes
            state.young = [:]
            state.youngBytes = 0
        }
        state.young[key] = bytes
        state.youngBytes += bytes.readableBytes
    }
}
