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

    private struct State {
        var running: Set<ID> = []
        var cancelled: Set<ID> = []
        var finished: [ID] = []
        var rejects: [ID: String] = [:]
    }

    private let state = Mutex(State())
    /// Reject lists that are kept: a person downloads theirs soon, or imports again.
    private static let keptLists = 32

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

    /// Ends an import; with a path, its rejects can be read.
    /// - Returns: the lists that are no longer kept and can be removed.
    func end(_ id: ID, rejects path: String?) -> [String] {
        state.withLock { state in
            state.running.remove(id)
            state.cancelled.remove(id)
            guard let path else { return [] }
            state.rejects[id] = path
            state.finished.append(id)
            var dropped: [String] = []
            while state.finished.count > Self.keptLists {
                if let path = state.rejects.removeValue(forKey: state.finished.removeFirst()) { dropped.append(path) }
            }
            return dropped
        }
    }

    func rejects(_ id: ID) -> String? {
        state.withLock { $0.rejects[id] }
    }
}
