/// How much each writer has pending, and the commands of writers that have too much.
struct Admission: Sendable {
    enum Verdict: Hashable {
        case admitted
        /// Held back; `first` when the writer was not held back before.
        case parked(first: Bool)
        case refused
    }

    private let limits: PipelineLimits
    /// Changes waiting or being committed, of writers that have any.
    private(set) var pending: [WriterID: Int] = [:]
    private(set) var programChanges = 0
    /// Held back, oldest first, of writers that have any.
    private var parked: [WriterID: Queue<PipelineSubmission>] = [:]
    /// The held-back writers in the order of their turns.
    private var turns: [WriterID] = []
    private(set) var parkedCount = 0

    init(limits: PipelineLimits) {
        self.limits = limits
    }

    mutating func admit(_ submission: PipelineSubmission) -> Verdict {
        if parked[submission.writer] == nil, fits(submission) {
            take(submission)
            return .admitted
        }
        guard parkedCount < limits.parkedSubmissions else { return .refused }
        parkedCount += 1
        let first = parked[submission.writer] == nil
        if first { turns.append(submission.writer) }
        parked[submission.writer, default: Queue()].append(submission)
        return .parked(first: first)
    }

    mutating func finished(_ submission: PipelineSubmission) {
        guard let changes = pending[submission.writer] else { return }  // it was still held back
        let left = changes - submission.changes
        pending[submission.writer] = left > 0 ? left : nil
        if submission.priority == .program { programChanges -= submission.changes }
    }

    /// The held-back commands that fit by now, in order, and the writers that have none left.
    /// Whoever got something in goes behind the others for the next time.
    mutating func takeAdmissible() -> (admitted: [PipelineSubmission], resumed: [WriterID]) {
        guard parkedCount > 0 else { return ([], []) }
        var admitted: [PipelineSubmission] = []
        var resumed: [WriterID] = []
        var waiting: [WriterID] = []
        var served: [WriterID] = []
        for writer in turns {
            guard var queue = parked.removeValue(forKey: writer) else { continue }
            let before = admitted.count
            while let next = queue.first, fits(next) {
                _ = queue.popFirst()
                take(next)
                parkedCount -= 1
                admitted.append(next)
            }
            if queue.isEmpty {
                resumed.append(writer)
            } else {
                parked[writer] = queue
                if admitted.count > before { served.append(writer) } else { waiting.append(writer) }
            }
        }
        turns = waiting + served
        return (admitted, resumed)
    }

    /// All held-back commands, in the order of their writers' turns.
    mutating func takeAllParked() -> [PipelineSubmission] {
        var all: [PipelineSubmission] = []
        for writer in turns {
            while let next = parked[writer]?.popFirst() { all.append(next) }
        }
        turns = []
        parked = [:]
        parkedCount = 0
        return all
    }

    private mutating func take(_ submission: PipelineSubmission) {
        pending[submission.writer, default: 0] += submission.changes
        if submission.priority == .program { programChanges += submission.changes }
    }

    /// A command larger than a limit fits when nothing else of its writer is pending.
    private func fits(_ submission: PipelineSubmission) -> Bool {
        let own = pending[submission.writer] ?? 0
        guard own == 0 || own + submission.changes <= limits.pendingChangesPerWriter else { return false }
        guard submission.priority == .program else { return true }
        return programChanges == 0 || programChanges + submission.changes <= limits.pendingChanges
    }
}
