import GridImage
import GridModel
import GridStore
import Logging
import Ordering
import Synchronization

// Everything here runs on the grid's serial writer.

extension LiveGrid {
    struct WritingState {
        /// The fold in progress, before the slice that comes next.
        var pass: FoldPass?
        /// The name in the store's document.
        var storedName: String?
        /// Whether the store's document says that runs go on.
        var storedRuns: Bool?
    }

    typealias Submitted = (id: PipelineSubmission.ID, command: Command)

    /// Plans a group, makes it durable, applies it, and lets the core answer and tell (S1, S2, S5).
    func commit(_ group: [Submitted]) {
        do throws(StoreError) {
            var answers: [IntentID: Result<CommandOutcome, CommandRefusal>] = [:]
            var fresh: [Submitted] = []
            let recorded = try store.outcomes(of: group.map(\.command.intent))
            for submitted in group {
                if let recorded = recorded[submitted.command.intent] {
                    answers[submitted.command.intent] = .success(try Self.outcome(recorded))
                } else {
                    fresh.append(submitted)
                }
            }
            guard !fresh.isEmpty else { return finish(answers, PipelineCommit(revision: nil)) }
            try commit(fresh, answers)
        } catch {
            commitFailed(error)
        }
    }

    private func commit(
        _ fresh: [Submitted], _ repeated: [IntentID: Result<CommandOutcome, CommandRefusal>]
    ) throws(StoreError) {
        // Taken first: nothing holds the image any more when it is changed.
        let ahead = takeAhead(for: fresh)
        let plan = ahead ?? plan(fresh.map(\.command))
        guard !plan.results.isEmpty else {
            throw StoreError(.other, "planning \(fresh.count) commands of grid \(id) came to nothing")
        }
        var answers = repeated
        var refused: Set<PipelineSubmission.ID> = []
        var outcomes: [RecordedOutcome] = []
        for (submitted, result) in zip(fresh, plan.results) {
            let intent = submitted.command.intent
            switch result {
            case .success(let results):
                answers[intent] = .success(CommandOutcome(revision: plan.revision, results: results))
                outcomes.append(
                    RecordedOutcome(intent: intent, revision: plan.revision, bytes: OutcomeCodec.encode(results)))
            case .failure(let refusal):
                answers[intent] = .failure(refusal)
                refused.insert(submitted.id)
            }
        }
        var commit = PipelineCommit(
            revision: nil, refused: refused, unplanned: Set(fresh.dropFirst(plan.results.count).map(\.id)))
        guard !plan.isEmpty else { return finish(answers, commit) }
        let record = LogRecord(revision: plan.revision, structural: plan.structural, bytes: plan.record)
        try store.append(LogEntry(record: record, outcomes: outcomes))
        commit.revision = plan.revision
        commit.changes = plan.changeCount
        commit.checkpointDue = store.isCheckpointDue
        finish(answers, commit, record: record)
        if plan.structural { storeName() }
        storeRuns()
    }

    /// A function of its own, so that its hold on the image ends before the image is changed: else `apply` would copy.
    private func plan(_ commands: [Command]) -> BatchPlan {
        let image = state.withLock { $0.image }
        return image.plan(commands, time: environment.wallClock()) { row, column, after in
            do throws(HistoryError) {
                return try image.valueChanges(row: row, column: column, after: after) { try self.store.record($0)?.bytes }
            } catch {
                self.environment.logger.warning(
                    "the history of \(row) \(column) cannot be told: \(error.words)", metadata: ["grid": "\(self.id)"])
                return nil
            }
        }
    }

    /// The record, if there is one, is durable: applies it and answers.
    private func finish(
        _ answers: [IntentID: Result<CommandOutcome, CommandRefusal>], _ commit: PipelineCommit, record: LogRecord? = nil
    ) {
        let now = environment.now()
        let actions = state.withLock { state in
            if let record {
                do throws(RecordError) {
                    let touched = try state.image.apply(record: record.bytes, revision: record.revision)
                    state.signal = Signal(revision: record.revision, touched: touched)
                } catch {
                    state.failure = StoreError(
                        .corrupt, "grid \(id): the image refused its own record \(record.revision): \(error)")
                    return state.handle(.commitFailed(.fatal), at: now)
                }
            }
            state.answers = answers
            return state.handle(.committed(commit), at: now)
        }
        perform(actions)
    }

    private func commitFailed(_ error: StoreError) {
        note(error)
        handle(.commitFailed(PipelineFailure(error)))
    }

    private func note(_ error: StoreError) {
        state.withLock { $0.failure = error }
        environment.logger.error("\(error.message)", metadata: ["grid": "\(id)", "code": "\(error.code)"])
    }

    private static func outcome(_ recorded: RecordedOutcome) throws(StoreError) -> CommandOutcome {
        do throws(OutcomeCodec.Failure) {
            return CommandOutcome(revision: recorded.revision, results: try OutcomeCodec.decode(recorded.bytes))
        } catch {
            throw StoreError(
                .corrupt, "the stored answer of intent \(recorded.intent) is damaged at byte \(error.offset)")
        }
    }

    /// Writes the next slice of the fold. A slice that found no room is made again from the same pass.
    func foldSlice() {
        let started = writing.withLock { $0.pass }
        guard let current = started ?? state.withLock({ $0.image.beginFold() }) else { return handle(.foldDone(.nothing)) }
        var pass = current
        let slice = next(of: &pass)
        do throws(StoreError) {
            if let slice {
                try store.fold(FoldSlice(rows: slice.rows, documents: slice.documents, completes: slice.completes))
            }
            let ended = slice == nil || slice?.completes != nil
            writing.withLock { $0.pass = ended ? nil : pass }
            handle(.foldDone(ended ? .completed : .slice, checkpointDue: store.isCheckpointDue))
        } catch {
            writing.withLock { $0.pass = current }
            note(error)
            handle(.foldDone(.failed(PipelineFailure(error))))
        }
    }

    /// A function of its own, as `plan`.
    private func next(of pass: inout FoldPass) -> FoldPass.Slice? {
        let image = state.withLock { $0.image }
        let limits = environment.limits
        return pass.next(from: image, maxRows: limits.rowsPerFoldSlice, maxBytes: limits.bytesPerFoldSlice)
    }

    func checkpoint() {
        do throws(StoreError) {
            try store.checkpoint()
            handle(.checkpointDone(nil))
        } catch {
            note(error)
            handle(.checkpointDone(PipelineFailure(error)))
        }
    }

    /// Keeps the grid's name where a list of grids finds it without opening the grid.
    func storeName() {
        let name = state.withLock { $0.image.name }
        guard writing.withLock({ $0.storedName != name }) else { return }
        do throws(StoreError) {
            try store.fold(FoldSlice(documents: [(name: GridDocuments.name, bytes: Array(name.utf8))]))
            writing.withLock { $0.storedName = name }
        } catch {
            // The log has the name; the document is written again at the next open.
            environment.logger.warning("the grid's name was not stored: \(error.message)", metadata: ["grid": "\(id)"])
        }
    }
}

extension LiveGrid {
    /// Keeps whether runs go on where a starting server finds it without opening the grid. The append that plans a run comes first:
    /// only power lost between the two leaves a run that goes on when somebody opens its grid.
    func storeRuns() {
        let hasRuns = state.withLock { !$0.image.ledger.unfinished.isEmpty }
        guard writing.withLock({ $0.storedRuns != hasRuns }) else { return }
        do throws(StoreError) {
            try store.fold(FoldSlice(documents: [(name: GridDocuments.runs, bytes: hasRuns ? [1] : nil)]))
            writing.withLock { $0.storedRuns = hasRuns }
        } catch {
            environment.logger.warning("that runs go on was not stored: \(error.message)", metadata: ["grid": "\(id)"])
        }
    }
}

/// Documents in a grid's store that are the pipeline's own, beside the image's.
enum GridDocuments {
    static let prefix = "pipeline."
    static let name = "pipeline.name"
    /// There when runs of the grid go on after a restart.
    static let runs = "pipeline.runs"
}

extension PipelineFailure {
    /// Only a full disk leaves the store as it was; after anything else nobody knows what is on disk.
    init(_ error: StoreError) {
        switch error.code {
        case .full: self = .full
        case .syncFailed, .corrupt, .locked, .notFound, .exists, .outOfOrder, .other: self = .fatal
        }
    }
}
