import Synchronization

/// What is shown never goes back to an older version (G3). One gate for what is shown together; it remembers a version a key, so forget
/// keys that are no longer shown.
public final class VersionGate<Key: Hashable & Sendable, Version: Comparable & Sendable>: Sendable {
    private let newest = Mutex<[Key: Version]>([:])

    public init() {}

    /// Runs `apply` unless a newer version of the key was applied before; the same version again is taken. No other version of any key is
    /// applied meanwhile. Do not call the gate from it.
    /// - Returns: whether it ran.
    public func admit<Failure: Error>(
        _ version: Version, of key: Key, apply: () throws(Failure) -> Void
    ) throws(Failure) -> Bool {
        try newest.withLock { (newest) throws(Failure) in
            if let known = newest[key], version < known { return false }
            try apply()
            newest[key] = version
            return true
        }
    }

    /// Forgets a key: its next version is taken whatever it is.
    public func forget(_ key: Key) {
        newest.withLock { _ = $0.removeValue(forKey: key) }
    }
}
