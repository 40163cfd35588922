package import GridModel
package import Ordering

/// One attempt at one row: what an event is about. An event about an attempt that is not the row's current one is late, and
/// changes nothing.
package struct CallID: Hashable, Sendable {
    /// The row's place in the run, from 0.
    package var task: Int
    /// Counts this row's calls, from 1.
    package var serial: UInt32

    package init(task: Int, serial: UInt32) {
        self.task = task
        self.serial = serial
    }
}

/// A value computed from what was committed at `base`.
package struct ComputedAnswer: Hashable, Sendable {
    package var value: CellValue
    package var base: Revision
    /// What the column held when the model was asked: for another type it is asked again. `nil` for any.
    package var type: ColumnType?
    package var usage: RunUsage
    /// Its question and text, when an equal question may have the same answer.
    package var kept: KeptAnswer?
    /// True when the same question had been asked for another row, and no call was made for this one.
    package var isShared: Bool
    /// What "why this value?" tells beyond the run's own facts: members of a JSON object, already escaped.
    package var detail: String

    package init(
        value: CellValue, base: Revision, type: ColumnType? = nil, usage: RunUsage = RunUsage(), kept: KeptAnswer? = nil,
        isShared: Bool = false, detail: String = ""
    ) {
        self.value = value
        self.base = base
        self.type = type
        self.usage = usage
        self.kept = kept
        self.isShared = isShared
        self.detail = detail
    }
}

extension RunCore.Event {
    /// The call that it is about.
    package var call: CallID? {
        switch self {
        case .questionReady(let id, _), .notAsked(let id, _), .callBegan(let id), .answerArrived(let id, _),
            .callFailed(let id, _),
            .rowSkipped(let id, _, _), .questionShared(let id, _), .answerCommitted(let id, _), .markCommitted(let id),
            .costBooked(let id), .submissionFailed(let id, _):
            id
        case .begun, .phaseRecorded, .phaseNotRecorded, .budgetSet, .timerFired, .pauseAsked, .resumeAsked, .cancelAsked,
            .rowsPreferred:
            nil
        }
    }
}

extension RunCore {
    /// What happens to a run.
    package enum Event: Hashable, Sendable {
        /// The plan is in the log: begin, or go on as before a restart.
        case begun
        /// The row's question needs a call that may cost so much.
        case questionReady(CallID, reserved: RunUsage)
        /// The call was not made, because the grid could not write down that it begins.
        case notAsked(CallID, SubmissionFailure)
        /// The log has that the call begins: it is made now, and its time runs.
        case callBegan(CallID)
        /// A whole answer that fits the column.
        case answerArrived(CallID, ComputedAnswer)
        /// A call brought none.
        case callFailed(CallID, ModelFailure)
        /// The row was not asked about, and why; `isMarked` says that the cell shows it.
        case rowSkipped(CallID, reason: String, isMarked: Bool)
        /// No call was made: the same question is being asked for another row, whose answer will do for this one.
        case questionShared(CallID, with: CallID)
        /// The grid committed an answer, or decided against it.
        case answerCommitted(CallID, ChangeResult)
        /// The grid committed a mark or the end of a task, or has no use for the mark.
        case markCommitted(CallID)
        /// The grid committed what a failed call cost, or that it is not known.
        case costBooked(CallID)
        /// The grid committed the run's phase.
        case phaseRecorded(RunPhase)
        case phaseNotRecorded(SubmissionFailure)
        /// A person changed what the run may use.
        case budgetSet(RunBudget)
        /// The grid could not take an answer or a mark.
        case submissionFailed(CallID, SubmissionFailure)
        /// The time that `setTimer` named has come.
        case timerFired
        case pauseAsked
        case resumeAsked
        case cancelAsked
        /// Rows that somebody looks at now: those still queued come next.
        case rowsPreferred([RowID])
    }
}

/// Why the grid did not take a submission.
package enum SubmissionFailure: Error, Hashable, Sendable {
    /// No room on disk: the answer is kept and the run pauses.
    case noRoom(String)
    /// Too much at once: the same submission may be tried again soon.
    case overloaded
    /// The row or the column is gone.
    case refused(String)
    /// The grid is closed or broken.
    case closed(String)

    /// What to tell a person.
    package var reason: String {
        switch self {
        case .noRoom(let reason), .refused(let reason), .closed(let reason): reason
        case .overloaded: "the grid has too much to do; try again soon"
        }
    }
}

extension RunCore {
    /// What a run asks its driver to do.
    package enum Effect: Hashable, Sendable {
        /// Read the row's inputs. What is there decides: `questionReady`, an answer that is known, or `rowSkipped`.
        case call(CallID, RowID)
        /// Write down that the call begins, with what it may cost, and then ask.
        case ask(CallID, RowID, reserved: RunUsage)
        /// Close the call; what it still says is late.
        case stop(CallID)
        case submit(CallID, RowID, ComputedAnswer)
        case mark(CallID, RowID, CellMark, CallEnd?)
        /// Write down that the task is skipped.
        case close(CallID)
        /// Write down what a failed call cost.
        case book(CallID, CallEnd)
        /// Write down that a call ended, and that what it cost is not known.
        case doubt(CallID)
        /// Write down the run's phase.
        case record(RunPhase)
        /// Send `timerFired` at this time. Replaces the time set before.
        case setTimer(at: Duration)
        /// The state shown beside these cells changed.
        case show([RowID])
        /// The states shown beside many cells changed.
        case showMany
        /// Nothing follows.
        case ended(RunEnd)
    }
}

/// How a run ended.
package enum RunEnd: Hashable, Sendable {
    /// Every row was answered, skipped or failed.
    case finished
    case cancelled
    /// It ended itself: no other row would have fared better.
    case refused(reason: String)
}
