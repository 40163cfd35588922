import Synchronization

/// Whether somebody is still there to hear an answer: what a long piece of work asks between its steps.
///
/// A program that closes a connection and one that only says that it will say no more look the same until something is written
/// to them. Both count as gone, as for an event stream: browsers and HTTP libraries never do the latter.
final class ClientPresence: Sendable {
    /// Of the connection whose requests the current task answers. A task-local value, because Hummingbird makes a request's
    /// context from the channel alone, off its event loop, where the channel's handlers cannot be asked.
    @TaskLocal static var current: ClientPresence?

    private let hasLeft = Atomic(false)

    /// True once the client closed the connection.
    var isGone: Bool { hasLeft.load(ordering: .relaxed) }

    func leave() {
        hasLeft.store(true, ordering: .relaxed)
    }
}
