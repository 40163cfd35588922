import GridImage
package import Ordering
import Synchronization

/// Told of each signal, in order, and of the end, once, by `nil`. Called on the writer's thread: it must not wait, and it bounds
/// what it keeps.
package typealias SignalListener = @Sendable (SignalEvent?) -> Void

/// Holds a listener in its grid: it is told until this is let go.
package final class SignalFollowing: Sendable {
    private let cancel: @Sendable () -> Void

    init(cancel: @escaping @Sendable () -> Void) {
        self.cancel = cancel
    }

    deinit { cancel() }
}

// For those who pass signals on to many: one listener for all of them, and each one's own position.
extension LiveGrid {
    /// Tells the listener of the signals from now on, without a task in between.
    /// - Throws: `overloaded` when there are too many subscribers, `closed` or `failed` when there is nothing to come.
    package func follow(_ listener: @escaping SignalListener) throws(PipelineError) -> SignalFollowing {
        let registered = try state.withLock { state throws(PipelineError) in
            if state.isStopped { throw state.stopError }
            let revision = state.image.revision
            guard let registered = state.hub.subscribe(after: revision, at: revision, listener: listener) else {
                throw .overloaded(limit: "subscribers of a grid", most: environment.signalLimits.subscribers)
            }
            return registered
        }
        return SignalFollowing { [weak self] in
            self?.state.withLock { $0.hub.unsubscribe(registered.id) }
        }
    }

    /// The revision now, and what somebody who has seen everything up to `position` has missed until then: bounded as the signals
    /// of a subscription are. A listener that follows already is told of everything after it.
    /// - Parameter position: `nil` for one who begins now.
    package func missed(after position: Revision?) throws(PipelineError) -> (revision: Revision, events: [SignalEvent]) {
        let now = environment.now()
        var queue = SignalQueue(limits: environment.signalLimits)
        let revision = try state.withLock { state throws(PipelineError) in
            if state.isStopped { throw state.stopError }
            state.lastUse = now
            if let position { state.hub.missed(after: position, at: state.image.revision) { queue.append($0) } }
            return state.image.revision
        }
        return (revision, queue.takeAll())
    }

    /// The committed revision, and the log it stands for: `GridImage.lineage`. Cheaper than a snapshot.
    package var position: (revision: Revision, lineage: UInt64) {
        state.withLock { ($0.image.revision, $0.image.lineage) }
    }

    /// False once the grid is being closed or has failed: then the host must be asked for it.
    package var isServing: Bool {
        switch pipelineState {
        case .idle, .collecting, .committing, .folding, .checkpointing: true
        case .closingCommitting, .closingFolding, .closingCheckpointing, .closed, .failed: false
        }
    }
}
