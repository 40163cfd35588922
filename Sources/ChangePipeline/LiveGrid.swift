package import GridImage
package import GridModel
import GridStore
package import Ordering
import Synchronization

/// One open grid: takes commands in, commits them, applies them to the image, and tells whoever listens, in that order.
///
/// `PipelineCore` decides, this class does. The machine and the published image are behind one lock, held only for decisions and
/// for `GridImage.apply`. Planning and everything that blocks runs on one serial writer, never on the cooperative pool:
/// collect (lock) -> plan (writer) -> append, durable (writer) -> apply (lock) -> acknowledge and emit (writer, outside the lock).
package final class LiveGrid: Sendable {
    package let id: GridID
    /// Where the grid stood when it was opened: what was durable then.
    package let openedRevision: Revision
    let store: any GridStore
    let environment: PipelineEnvironment
    let writer: any SerialWriter
    let state: Mutex<State>
    /// What only the writer touches.
    let writing = Mutex(WritingState())
    /// A plan made beside a slice of the fold (`LiveGrid+planning`). Held while planning: whoever is about to change the image waits for it.
    let ahead = Mutex(PlanAhead())

    struct State {
        var core: PipelineCore
        var image: GridImage
        var pending: [PipelineSubmission.ID: Pending] = [:]
        var nextSubmission: UInt64 = 0
        /// The command that may be planned beside the slice in hand.
        var aheadWanted: PipelineSubmission.ID?
        /// The answers of the group that was committed last, until its effects are drained.
        var answers: [IntentID: Result<CommandOutcome, CommandRefusal>] = [:]
        /// The signal of the group that was committed last, until it is emitted.
        var signal: Signal?
        var hub: SignalHub
        var readers: [UInt64: WaitingReader] = [:]
        var nextReader: UInt64 = 0
        /// Why the grid stopped or its disk is full, in words.
        var failure: StoreError?
        var closers: [CheckedContinuation<Void, Never>] = []
        var isStopped = false
        /// When somebody last asked for something, on the environment's clock.
        var lastUse: Duration
    }

    /// Told what a command came to, once; on the writer's thread, or on the caller's when it is refused at once.
    package typealias Completion = @Sendable (Result<CommandOutcome, PipelineError>) -> Void

    /// A command whose caller waits.
    struct Pending {
        var command: Command
        var completion: Completion
    }

    init(
        id: GridID, store: any GridStore, environment: PipelineEnvironment, writer: any SerialWriter, image: GridImage,
        unfoldedChanges: Int
    ) {
        self.id = id
        openedRevision = image.revision
        self.store = store
        self.environment = environment
        self.writer = writer
        let core = PipelineCore(revision: image.revision, unfoldedChanges: unfoldedChanges, limits: environment.limits)
        state = Mutex(
            State(core: core, image: image, hub: SignalHub(limits: environment.signalLimits), lastUse: environment.now()))
    }

    /// How safe an acknowledged commit is: "full" or "memory".
    package var durability: String { store.durability }

    /// Bytes that this grid takes in its store.
    package var storedBytes: UInt64 { store.storedBytes }

    /// The latest committed state. Constant time.
    package func snapshot() -> GridImage {
        let now = environment.now()
        return state.withLock { state in
            state.lastUse = now
            return state.image
        }
    }

    /// Commits a command and returns what it came to, once that survives power loss. The same intent again returns the first
    /// outcome, also across restarts (S5). A cancelled caller still gets the outcome: the command is on its way.
    /// - Parameter isUrgent: commits at once, with what waits, as a person's edit does; else a program's command is grouped.
    package func submit(_ command: Command, isUrgent: Bool = false) async throws(PipelineError) -> CommandOutcome {
        let result = await withCheckedContinuation { continuation in
            submit(command, isUrgent: isUrgent) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// The same for a caller that does not wait. The order of calls is the order of one writer's commands.
    package func submit(_ command: Command, isUrgent: Bool = false, then completion: @escaping Completion) {
        guard !command.changes.isEmpty else {
            let reason = CommandRefusal.Reason.invalid("a command needs at least one change")
            return completion(.failure(.refused(CommandRefusal(change: 0, reason: reason))))
        }
        let structural = command.isStructural
        let canPlanAhead = Self.canPlanAhead(command)
        let now = environment.now()
        let (actions, planned) = state.withLock { state -> ([Action], PipelineSubmission.ID?) in
            state.lastUse = now
            state.nextSubmission += 1
            let id = PipelineSubmission.ID(state.nextSubmission)
            state.pending[id] = Pending(command: command, completion: completion)
            let submission = PipelineSubmission(
                id: id, intent: command.intent, writer: WriterID(command.cause), changes: command.changes.count,
                structural: structural, isUrgent: isUrgent)
            let actions = state.handle(.submitted(submission), at: now)
            guard canPlanAhead, state.core.state == .folding, state.pending.count == 1 else { return (actions, nil) }
            state.aheadWanted = id
            return (actions, id)
        }
        perform(actions)
        if let planned { environment.runBlocking { [self] in planAhead(command, planned) } }
    }

    /// The signals from now on.
    /// - Throws: `overloaded` when there are too many subscribers, `closed` or `failed` when there is nothing to come.
    package func signals() throws(PipelineError) -> SignalSubscription {
        try subscribe(after: nil)
    }

    /// The signals after a position: those still kept first, merged or as a gap where they are not, then what comes.
    package func signals(after revision: Revision) throws(PipelineError) -> SignalSubscription {
        try subscribe(after: revision)
    }

    private func subscribe(after position: Revision?) throws(PipelineError) -> SignalSubscription {
        let now = environment.now()
        let (start, registered) = try state.withLock { state throws(PipelineError) in
            if state.isStopped { throw state.stopError }
            state.lastUse = now
            let revision = state.image.revision
            guard let registered = state.hub.subscribe(after: position ?? revision, at: revision) else {
                throw .overloaded(limit: "subscribers of a grid", most: environment.signalLimits.subscribers)
            }
            return (revision, registered)
        }
        return SignalSubscription(start: start, buffer: registered.buffer) { [weak self] in
            self?.state.withLock { $0.hub.unsubscribe(registered.id) }
        }
    }

    /// Commits what waits, accepts nothing more, ends the signals and closes the store. Returns when that is done.
    package func close() async {
        await withCheckedContinuation { continuation in
            let now = environment.now()
            let actions: [Action]? = state.withLock { state in
                if state.isStopped { return nil }
                state.closers.append(continuation)
                return state.handle(.closing, at: now)
            }
            if let actions { perform(actions) } else { continuation.resume() }
        }
    }

    /// Whether nobody listens and nothing was asked for a while, so that the grid may be closed.
    package func isIdle(for duration: Duration) -> Bool {
        let now = environment.now()
        return state.withLock { state in
            state.pending.isEmpty && state.hub.isEmpty && state.readers.isEmpty && now - state.lastUse >= duration
        }
    }

    /// The core's view, for logs and tests.
    package var pipelineState: PipelineState {
        state.withLock { $0.core.state }
    }

    /// Changes that a restart would replay.
    package var unfoldedChanges: Int {
        state.withLock { $0.core.folding.unfolded }
    }
}
