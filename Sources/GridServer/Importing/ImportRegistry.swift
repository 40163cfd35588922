import Synchronization

/// Imports in progress, to be cancelled by id, and the reject lists of the last ones.
final class ImportRegistry: Sendable {
    /// An import's id: sixteen hexadecimal digits, random, so that it cannot be guessed.
    struct ID: Hashable, Sendable, CustomStringConvertible {
        let text: String

        init(_ number: UInt64) {
            let digits = String(number, radix: 16)
            text = String(repeating: "0", count: 16 - digits.count) + digits
        }

        init?(text: Substring) {
            guard text.utf8.count == 16, text.allSatisfy(\.isHexDigit) else { return nil }
            self.text = text.lowercased()
        }

        var description: String { text }
    }

    /// A file that lists all rejects of one import, as JSON lines.
    struct RejectList: Hashable, Sendable {
        var path: String
        var bytes: Int
    }

    private struct State {
        var running: Set<ID> = []
        var cancelled: Set<ID> = []
        /// The oldest first.
        var lists: [(id: ID, list: RejectList)] = []

        var listBytes: Int { lists.reduce(0) { $0 + $1.list.bytes } }
    }

    private let state = Mutex(State())
    /// Reject lists that are kept: a person downloads theirs soon, or imports again.
    static let keptLists = 32
    /// Bytes of all kept lists together, but the newest is always kept.
    private let keptBytes: Int

    init(keptBytes: Int) {
        self.keptBytes = keptBytes
    }

    /// Imports that are under way.
    var running: Int { state.withLock { $0.running.count } }

    func begin(_ id: ID) {
        state.withLock { _ = $0.running.insert(id) }
    }

    /// Asks a running import to stop.
    /// - Returns: false when none of that id is running.
    func cancel(_ id: ID) -> Bool {
        state.withLock { state in
            guard state.running.contains(id) else { return false }
            state.cancelled.insert(id)
            return true
        }
    }

    func isCancelled(_ id: ID) -> Bool {
        state.withLock { $0.cancelled.contains(id) }
    }

    /// Ends an import; with a list, its rejects can be read.
    /// - Returns: the lists that are no longer kept and can be removed.
    func end(_ id: ID, rejects list: RejectList?) -> [RejectList] {
        state.withLock { state in
            state.running.remove(id)
            state.cancelled.remove(id)
            guard let list else { return [] }
            state.lists.append((id, list))
            var dropped: [RejectList] = []
            while state.lists.count > Self.keptLists || state.lists.count > 1 && state.listBytes > keptBytes {
                dropped.append(state.lists.removeFirst().list)
            }
            return dropped
        }
    }

    func rejects(_ id: ID) -> RejectList? {
        state.withLock { state in state.lists.first { $0.id == id }?.list }
    }

    /// Forgets a list that nobody reads again.
    /// - Returns: the list, which can be removed.
    func forget(_ id: ID) -> RejectList? {
        state.withLock { state in
            guard let index = state.lists.firstIndex(where: { $0.id == id }) else { return nil }
            return state.lists.remove(at: index).list
        }
    }
}
