import Ordering
import Synchronization
import Wire

/// Whether the server still has what this client knows. Revisions alone cannot tell: a server that was started from an older copy of its
/// data counts on from there, and may have passed the old revisions when the client comes back. `Web/wire/lineage.js` is the same
/// for the page.
struct Lineage: Sendable {
    /// The instance of the server that the stream was last open to.
    private var instance = ""
    /// The newest revision heard of, from whomever, when the stream was lost: all of it was durable, on an instance of before.
    private var heardBefore: Revision
    private var isOpen = false

    /// - Parameter heard: what is known from before, such as the position to go on after.
    init(heard: Revision = .zero) {
        heardBefore = heard
    }

    /// The stream is lost. What is heard from here on may come from another instance, and proves nothing.
    mutating func lost(heard: Revision) {
        if isOpen { heardBefore = max(heardBefore, heard) }
        isOpen = false
    }

    /// The stream is open again.
    /// - Returns: what was heard and the server has lost: it stands below that, or this instance of it began below that.
    mutating func hello(_ revision: Revision, _ server: StreamEvent.Server?) -> Revision? {
        let isOther = server.map { !instance.isEmpty && $0.run != instance } ?? false
        let opened = server?.opened ?? .zero
        let lost = heardBefore
        let hasAll = revision >= lost && !(isOther && opened < lost)
        if !hasAll { heardBefore = .zero }
        instance = server?.run ?? instance
        isOpen = true
        return hasAll ? nil : lost
    }
}

/// The newest revision that one screen has heard of, whoever told it: the stream, replies, acknowledgements.
final class HeardRevision: Sendable {
    private let revision = Mutex(Revision.zero)

    var newest: Revision { revision.withLock { $0 } }

    func hear(_ heard: Revision) {
        revision.withLock { $0 = max($0, heard) }
    }

    /// What was heard is gone; the server begins here.
    func begin(at start: Revision) {
        revision.withLock { $0 = start }
    }
}
