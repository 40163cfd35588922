package import Ordering

/// Decides when commands are committed, folded and answered, without doing any of it: a sans-I/O state machine.
///
/// Specification with states, events, the whole transition table and the invariants: `Docs/specifications/pipeline.md`.
/// One piece of work is in hand at a time, because one writer does all of it: a commit, a slice of a fold, or a checkpoint.
/// After each `handle`, drain `nextEffect()` to `nil` and carry the effects out in order.
package struct PipelineCore: Sendable {
    package let limits: PipelineLimits
    package private(set) var revision: Revision

    var lifecycle = Lifecycle.open
    var work = Work.none
    /// People's commands, in the order they came.
    var personQueue = Queue<PipelineSubmission>()
    /// Everyone else's, each with the time by which its commit must begin.
    var programQueue = Queue<Waiting>()
    /// What did not fit the last record: the next group.
    var carried: [PipelineSubmission] = []
    /// Changes waiting in `programQueue`, and how many of its commands are structural.
    var programChanges = 0
    var programStructural = 0
    var admission: Admission
    var intents = PendingIntents()
    var folding: FoldSchedule
    /// When the host was asked to call back; a timer that fires earlier or is not expected is ignored.
    var timer: Duration?
    private var effects = Queue<PipelineEffect>()

    /// `unfoldedChanges`: how many changes a replay would have applied after the last fold.
    package init(revision: Revision, unfoldedChanges: Int = 0, limits: PipelineLimits = PipelineLimits()) {
        self.limits = limits
        self.revision = revision
        admission = Admission(limits: limits)
        folding = FoldSchedule(unfolded: unfoldedChanges, limits: limits)
    }

    /// The next thing to do, in order; `nil` when there is nothing left.
    package mutating func nextEffect() -> PipelineEffect? {
        effects.popFirst()
    }

    /// Takes in what happened. `now` counts from any fixed moment and never goes back.
    /// Traps when the state does not allow the event (`allows`), which only a host that breaks the protocol can cause.
    package mutating func handle(_ event: PipelineEvent, at now: Duration) {
        precondition(effects.isEmpty, "event \(event) before the effects of the last one were taken")
        precondition(allows(event), "event \(event) is impossible in state \(state)")
        switch event {
        case .submitted(let submission): submitted(submission, at: now)
        case .timerFired: timerFired(at: now)
        case .committed(let commit): committed(commit, at: now)
        case .commitFailed(let failure): commitFailed(failure, at: now)
        case .foldDone(let result, let checkpointDue):
            if checkpointDue { folding.checkpointDue = true }
            foldDone(result, at: now)
        case .checkpointDone(let failure): checkpointDone(failure)
        case .closing: if lifecycle == .open { lifecycle = .closing }
        }
        proceed(at: now)
    }

    mutating func effect(_ effect: PipelineEffect) {
        effects.append(effect)
    }
}

// MARK: - Events

extension PipelineCore {
    private mutating func submitted(_ submission: PipelineSubmission, at now: Duration) {
        switch lifecycle {
        case .open: break
        case .closing, .closed: return effect(.refuse(submission.id, .closed))
        case .failed: return effect(.refuse(submission.id, .failed))
        }
        // S5: a command that waits already is not planned twice; it shares the first one's answer.
        if let leader = intents.leader(of: submission.intent) {
            guard intents.followers < limits.followers else {
                return effect(.refuse(submission.id, .overloaded(limit: "repeated commands waiting", most: limits.followers)))
            }
            return intents.follow(leader, submission.id)
        }
        switch admission.admit(submission) {
        case .admitted:
            intents.lead(submission.intent, submission.id)
            enqueue(submission, at: now)
        case .parked(let first):
            intents.lead(submission.intent, submission.id)
            if first { effect(.suspendWriter(submission.writer)) }
        case .refused:
            effect(.refuse(submission.id, .overloaded(limit: "commands waiting", most: limits.parkedSubmissions)))
        }
    }

    private mutating func timerFired(at now: Duration) {
        guard let timer, now >= timer else { return }
        self.timer = nil
    }

    private mutating func committed(_ commit: PipelineCommit, at now: Duration) {
        guard case .commit(let group) = work else { return }
        work = .none
        if let committed = commit.revision {
            precondition(committed == revision.next, "revision \(committed) committed after \(revision)")  // S2
            revision = committed
        }
        folding.commitEnded(changes: commit.revision == nil ? 0 : commit.changes, at: now)
        if commit.checkpointDue { folding.checkpointDue = true }
        for submission in group {
            if commit.unplanned.contains(submission.id) {
                carried.append(submission)
            } else {
                finish(submission, with: commit.refused.contains(submission.id) ? .planned : nil)
            }
        }
        if let committed = commit.revision { effect(.emit(committed)) }
    }

    private mutating func commitFailed(_ failure: PipelineFailure, at now: Duration) {
        guard case .commit(let group) = work else { return }
        work = .none
        folding.commitEnded(changes: 0, at: now)
        for submission in group {
            finish(submission, with: failure == .full ? .full : .failed)
        }
        if failure == .fatal { fail() }
    }

    private mutating func foldDone(_ result: FoldResult, at now: Duration) {
        work = .none
        switch result {
        case .slice: folding.sliceDone()
        case .completed: folding.passCompleted()
        case .nothing: folding.nothingToFold()
        case .failed(.full): folding.pause(until: now + limits.foldRetryDelay)
        case .failed(.fatal): fail()
        }
    }

    private mutating func checkpointDone(_ failure: PipelineFailure?) {
        work = .none
        // A checkpoint that finds no room is tried again after the next commit that says one is due.
        folding.checkpointDue = false
        if failure == .fatal { fail() }
    }

    /// Answers one command of a group, and the repeats of it that wait.
    private mutating func finish(_ submission: PipelineSubmission, with refusal: PipelineRefusal?) {
        admission.finished(submission)
        for id in intents.resolve(submission.intent, submission.id) {
            if let refusal { effect(.refuse(id, refusal)) } else { effect(.acknowledge(id)) }
        }
    }

    /// Nothing is known about what is on disk: nothing more is acknowledged.
    private mutating func fail() {
        lifecycle = .failed
        for submission in carried { finish(submission, with: .failed) }
        carried = []
        while let submission = personQueue.popFirst() { finish(submission, with: .failed) }
        while let waiting = programQueue.popFirst() { finish(waiting.submission, with: .failed) }
        for submission in admission.takeAllParked() { finish(submission, with: .failed) }
        programChanges = 0
        programStructural = 0
        timer = nil
        effect(.stop(.failed))
    }
}

// MARK: - What to do next

extension PipelineCore {
    /// Gives the writer its next piece of work, if it has none.
    private mutating func proceed(at now: Duration) {
        guard lifecycle == .open || lifecycle == .closing else { return }
        admitParked(at: now)
        guard case .none = work else { return }
        if folding.checkpointDue {
            work = .checkpoint
            return effect(.checkpoint)
        }
        // A person waits for one slice at most.
        if lifecycle == .open, folding.isTurn(at: now), !folding.sliceWasLast || personQueue.isEmpty { return startFold() }
        if commitIsDue(at: now) {
            let group = takeGroup()
            work = .commit(group)
            return effect(.commit(group.map(\.id)))
        }
        if lifecycle == .open, let wanted = folding.wantedFrom, now >= wanted { return startFold() }
        if lifecycle == .closing, personQueue.isEmpty, programQueue.isEmpty {
            lifecycle = .closed
            timer = nil
            return effect(.stop(.closed))
        }
        arm()
    }

    private mutating func startFold() {
        work = .fold
        folding.sliceStarted()
        effect(.fold)
    }

    private func commitIsDue(at now: Duration) -> Bool {
        if !carried.isEmpty || !personQueue.isEmpty { return true }
        guard let oldest = programQueue.first, !programsAreHeldBack else { return false }
        return lifecycle == .closing || programStructural > 0 || programChanges >= limits.changesPerCommit || now >= oldest.due
    }

    /// S8: programs wait while more is logged than a restart may replay. People go on.
    private var programsAreHeldBack: Bool {
        lifecycle == .open && folding.isOverBound
    }

    /// What goes into one commit: a structural command alone; otherwise people's commands, then the others' in the order they
    /// came, up to the limit or the next structural one.
    private mutating func takeGroup() -> [PipelineSubmission] {
        if !carried.isEmpty {
            defer { carried = [] }
            return carried
        }
        var group: [PipelineSubmission] = []
        var changes = 0
        func fits(_ next: PipelineSubmission) -> Bool {
            group.isEmpty || !next.structural && changes + next.changes <= limits.changesPerCommit
        }
        while let next = personQueue.first, fits(next) {
            _ = personQueue.popFirst()
            group.append(next)
            changes += next.changes
            if next.structural { return group }
        }
        guard !programsAreHeldBack else { return group }
        while let next = programQueue.first?.submission, fits(next) {
            _ = programQueue.popFirst()
            programChanges -= next.changes
            if next.structural { programStructural -= 1 }
            group.append(next)
            changes += next.changes
            if next.structural { return group }
        }
        return group
    }

    private mutating func enqueue(_ submission: PipelineSubmission, at now: Duration) {
        switch submission.priority {
        case .person:
            personQueue.append(submission)
        case .program:
            programQueue.append(Waiting(submission: submission, due: now + limits.groupDelay))
            programChanges += submission.changes
            if submission.structural { programStructural += 1 }
        }
    }

    private mutating func admitParked(at now: Duration) {
        let (admitted, resumed) = admission.takeAdmissible()
        for submission in admitted { enqueue(submission, at: now) }
        for writer in resumed { effect(.resumeWriter(writer)) }
    }

    /// Asks to be called when the oldest waiting command is due, or a fold in the quiet.
    private mutating func arm() {
        let oldest = programsAreHeldBack ? nil : programQueue.first?.due
        let wanted = lifecycle == .open ? folding.wantedFrom : nil
        guard let next = [oldest, wanted].compactMap({ $0 }).min() else { return }
        if let timer, timer <= next { return }
        timer = next
        effect(.setTimer(next))
    }
}
