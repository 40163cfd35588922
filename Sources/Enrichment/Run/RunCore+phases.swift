package import GridModel

// Beginning, pausing, ending: and that each is written down, in order.

/// Why a run is paused.
package enum PauseCause: Hashable, Sendable {
    case asked
    /// The disk is full. The run goes on by itself, and the log does not hear of it.
    case noRoom(String)
    /// Nothing more may be asked until the budget is raised.
    case budget(String)
    /// Something that only a person can decide.
    case decision(String)

    package var reason: String? {
        switch self {
        case .asked: nil
        case .noRoom(let reason), .budget(let reason), .decision(let reason): reason
        }
    }
}

/// What a log tells of a run that goes on after a restart.
package struct RunPast: Sendable {
    package var phase: RunPhase
    /// What the budget counts: settled calls, and calls in doubt at what was reserved for them.
    package var spent: RunUsage
    package var usage: RunUsage
    package var calls: UInt64
    /// A task's state, and the number of its last call.
    package var task: @Sendable (Int) -> (mark: TaskMark, calls: UInt32)
    /// Answers to open tasks' questions that did not fit, the oldest first.
    package var wrong: [Int: [WrongAnswer]]

    package init(
        phase: RunPhase, spent: RunUsage, usage: RunUsage, calls: UInt64, wrong: [Int: [WrongAnswer]] = [:],
        task: @escaping @Sendable (Int) -> (mark: TaskMark, calls: UInt32)
    ) {
        self.wrong = wrong
        self.phase = phase
        self.spent = spent
        self.usage = usage
        self.calls = calls
        self.task = task
    }
}

extension RunCore {
    /// Sets each task as the log has it; the open ones are asked about again.
    mutating func takeUp(_ past: RunPast) {
        recordedPhase = past.phase
        tally.usage = past.usage
        tally.calls = Int(clamping: past.calls)
        for index in tasks.indices {
            let (mark, calls) = past.task(index)
            tasks[index].serial = calls
            let state: TaskState =
                switch mark {
                case .open: .queued
                case .committed: .committed
                case .suggested: .suggested
                case .failed: .failed
                case .skipped: .skipped
                }
            guard state != .queued else { continue }
            tasks[index].state = state
            tally.move(from: .queued, to: state)
        }
        // What was begun goes on first, so that other rows with the question wait for it as before.
        for (task, answers) in past.wrong.sorted(by: { $0.key > $1.key }) {
            guard tasks.indices.contains(task), tasks[task].state == .queued else { continue }
            corrections[task] = answers
            released.append(task)
        }
    }

    /// The plan is in the log, by this process or by an earlier one.
    mutating func begin(at now: Duration) {
        guard phase == .ready else { return }
        if case .paused(let reason) = recordedPhase {
            phase = .paused(reason.map { .decision($0) } ?? .asked)
        } else {
            phase = .running
        }
        tally.began(at: now)
        emit(.showMany)
    }

    mutating func resume(at now: Duration) {
        guard case .paused = phase else { return }
        phase = .running
        passingFailures = 0
        sameRejections = 0
        quietUntil = nil
        heldUntil = now
    }

    /// Closes every call and drops what was never asked about; what is with the grid is awaited.
    mutating func end(_ end: RunEnd) {
        switch phase {
        case .ready, .running, .paused: break
        case .ending, .ended: return
        }
        phase = .ending(end)
        for call in calls { emit(.stop(call.id)) }
        calls.removeAll()
        waits.removeAll()
        preferred.removeAll()
        released.removeAll()
        parked.removeAll()
        corrections.removeAll()
        plain.removeAll()
        unaffordable.removeAll()
        var dropped = 0
        for task in tasks.indices {
            switch tasks[task].state {
            case .queued, .waiting, .calling:
                tally.move(from: tasks[task].state, to: .cancelled)
                tasks[task].state = .cancelled
                dropped += 1
            case .submitting, .held, .marking, .booking, .committed, .suggested, .failed, .skipped, .cancelled: continue
            }
        }
        // Held answers were paid for: they get one more try, now.
        heldUntil = .zero
        if dropped > 0 { emit(.showMany) }
    }

    mutating func prefer(_ rows: [RowID]) {
        let places = rows.prefix(1_000).compactMap { self.places[$0] }.filter { tasks[$0].state == .queued }
        preferred = places.reversed()
    }

    /// When nothing is left to do, the end is written down, and then the run is over.
    mutating func finish(at now: Duration) {
        guard submissions.isEmpty else { return }
        switch phase {
        case .running where tally.unfinished == 0, .paused where tally.unfinished == 0: phase = .ending(.finished)
        case .ready, .running, .paused, .ended, .ending: return
        }
    }

    // MARK: Writing phases down

    /// What the log should say of the phase by now.
    private var phaseToRecord: RunPhase {
        switch phase {
        case .ready, .ended: recordedPhase
        case .running, .paused(.noRoom): .running
        case .paused(let cause): .paused(reason: cause.reason)
        case .ending(let end):
            if !submissions.isEmpty {
                recordedPhase
            } else {
                switch end {
                case .finished: .finished
                case .cancelled: .cancelled
                case .refused(let reason): .refused(reason: reason)
                }
            }
        }
    }

    /// One phase at a time is on its way into the log, so that they arrive in order.
    mutating func record(at now: Duration) {
        guard !isRecording, recordAgain.map({ $0 <= now }) ?? true, phaseToRecord != recordedPhase else { return }
        isRecording = true
        recordAgain = nil
        emit(.record(phaseToRecord))
    }

    mutating func recorded(_ phase: RunPhase, at now: Duration) {
        guard isRecording else { return }
        isRecording = false
        recordedPhase = phase
        if phase.isEnded { over(at: now) }
    }

    mutating func notRecorded(_ failure: SubmissionFailure, at now: Duration) {
        guard isRecording else { return }
        isRecording = false
        switch failure {
        case .overloaded: recordAgain = now + limits.firstWait
        case .noRoom: recordAgain = now + limits.longestWait
        case .refused(let reason), .closed(let reason):
            // The log cannot have it: what it says so far is what a restart goes by.
            end(.refused(reason: reason))
            over(at: now)
        }
    }

    private mutating func over(at now: Duration) {
        guard case .ending(let end) = phase else { return }
        phase = .ended(end)
        tally.stopped(at: now)
        emit(.ended(end))
    }
}
