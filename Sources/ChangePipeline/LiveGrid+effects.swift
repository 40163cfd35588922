import GridImage
import GridModel
import GridStore
import Logging
import Ordering
import Synchronization

extension LiveGrid {
    /// What is left to do of the core's effects, outside the lock and in order.
    enum Action {
        case answer(Completion, Result<CommandOutcome, PipelineError>)
        case commit([(id: PipelineSubmission.ID, command: Command)])
        case tell([SignalBuffer], SignalEvent)
        case schedule(Duration)
        case fold
        case checkpoint
        case log(String)
        case answerReaders([WaitingReader], Result<GridImage, PipelineError>)
        case stop([SignalBuffer], [CheckedContinuation<Void, Never>], StoreError?)
    }

    /// Feeds the core and does what its effects ask for.
    func handle(_ event: PipelineEvent) {
        let now = environment.now()
        perform(state.withLock { $0.handle(event, at: now) })
    }

    /// Never called with the lock held.
    func perform(_ actions: [Action]) {
        for action in actions {
            switch action {
            case .answer(let completion, let result): completion(result)
            case .commit(let group): writer.run { [self] in commit(group) }
            case .tell(let buffers, let event): for buffer in buffers { buffer.push(event) }
            case .schedule(let moment): environment.schedule(moment) { [weak self] in self?.handle(.timerFired) }
            case .fold: writer.run { [self] in foldSlice() }
            case .checkpoint: writer.run { [self] in checkpoint() }
            case .log(let message): environment.logger.warning("\(message)", metadata: ["grid": "\(id)"])
            case .answerReaders(let readers, let result):
                for reader in readers { reader.continuation.resume(returning: result) }
            case .stop(let buffers, let closers, let fatal): stop(buffers, closers, fatal)
            }
        }
    }

    /// The grid has stopped: ends what depends on it. The store is closed on the writer, after the writer's last work.
    private func stop(_ buffers: [SignalBuffer], _ closers: [CheckedContinuation<Void, Never>], _ fatal: StoreError?) {
        for buffer in buffers { buffer.finish() }
        writer.run { [self] in
            store.close()
            for closer in closers { closer.resume() }
            if let fatal {
                environment.logger.critical("\(fatal.message)", metadata: ["grid": "\(id)"])
                environment.onFatal(fatal)
            }
        }
    }
}

extension LiveGrid.State {
    /// Feeds the core and turns its effects into what is to be done outside the lock.
    mutating func handle(_ event: PipelineEvent, at now: Duration) -> [LiveGrid.Action] {
        core.handle(event, at: now)
        var actions: [LiveGrid.Action] = []
        while let effect = core.nextEffect() { take(effect, &actions) }
        answers = [:]
        return actions
    }

    private mutating func take(_ effect: PipelineEffect, _ actions: inout [LiveGrid.Action]) {
        switch effect {
        case .commit(let ids):
            actions.append(.commit(ids.compactMap { id in pending[id].map { (id, $0.command) } }))
        case .acknowledge(let id), .refuse(let id, _):
            guard let waiting = pending.removeValue(forKey: id) else { return }
            actions.append(.answer(waiting.completion, answer(to: waiting.command, effect)))
        case .emit(let revision):
            guard let signal, signal.revision == revision else { return }
            self.signal = nil
            let buffers = hub.emit(signal)
            if !buffers.isEmpty { actions.append(.tell(buffers, .commit(signal))) }
            let ready = takeReaders(upTo: revision)
            if !ready.isEmpty { actions.append(.answerReaders(ready, .success(image))) }
        case .setTimer(let moment): actions.append(.schedule(moment))
        case .suspendWriter(let writer): actions.append(.log("writer \(writer) has too much pending and waits"))
        case .resumeWriter(let writer): actions.append(.log("writer \(writer) goes on"))
        case .fold: actions.append(.fold)
        case .checkpoint: actions.append(.checkpoint)
        case .stop(let how):
            isStopped = true
            let waiting = takeReaders(upTo: nil)
            if !waiting.isEmpty { actions.append(.answerReaders(waiting, .failure(stopError))) }
            actions.append(.stop(hub.takeAll(), closers, how == .failed ? failure : nil))
            closers = []
        }
    }

    private func answer(to command: Command, _ effect: PipelineEffect) -> Result<CommandOutcome, PipelineError> {
        switch effect {
        case .refuse(_, .overloaded(let limit, let most)): return .failure(.overloaded(limit: limit, most: most))
        case .refuse(_, .full): return .failure(.full(failure?.message ?? "the disk is full"))
        case .refuse(_, .failed): return .failure(stopError)
        case .refuse(_, .closed): return .failure(.closed)
        default: break
        }
        switch answers[command.intent] {
        case .success(let outcome): return .success(outcome)
        case .failure(let refusal): return .failure(.refused(refusal))
        case nil: return .failure(.failed("the commit of intent \(command.intent) has no answer; send it again"))
        }
    }

    /// What a caller is told once the grid has stopped.
    var stopError: PipelineError {
        core.state == .failed ? .failed(failure?.message ?? "the grid's store failed") : .closed
    }
}
