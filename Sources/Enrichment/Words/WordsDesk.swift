package import GridModel
import Synchronization

/// Takes turns of plain words: calls the model as `WordsTurn` says, within bounds of time, bytes and turns at once, and tells how far it is.
/// Nothing in a grid changes here.
package final class WordsDesk: Sendable {
    /// Turns at once, over all grids: people wait for them, and a model on this machine answers few at a time.
    package static let turnsAtOnce = 8
    /// Time for one turn, both of its calls included. A small model on a busy machine reads the language of plans, once, for minutes; a
    /// person sees the time and can stop.
    package static let turnTime = Duration.seconds(240)
    /// Between two reports of progress.
    package static let reportTime = Duration.seconds(1)

    /// How far a turn is. Never what the model wrote.
    package struct Progress: Hashable, Sendable {
        /// Calls so far, counted from 1.
        package var calls = 0
        /// Pieces of answers that arrived: about as many as tokens.
        package var pieces = 0
        package var elapsed = Duration.zero
    }

    /// How a turn ended.
    package struct Result: Hashable, Sendable {
        package var outcome: WordsOutcome
        package var calls: Int
        package var usage: RunUsage
        package var elapsed: Duration
    }

    /// Why a turn did not end with an outcome.
    package enum Failure: Error, Hashable, Sendable {
        /// Too many turns at once.
        case busy(most: Int)
        case model(ModelFailure)
    }

    private enum Report: Sendable {
        case progress(Progress)
        case ended(Swift.Result<Result, Failure>)
    }

    package let provider: any ModelProvider
    private let clock: any RunClock
    private let prices: PriceTable
    private let book: WordsBook
    private let busy = Mutex(0)

    /// Asks the provider that runs ask, by their clock and prices.
    package convenience init(beside runs: RunCoordinator) {
        self.init(
            provider: runs.provider, clock: runs.environment.clock, prices: runs.environment.prices,
            newIntent: runs.environment.newIntent)
    }

    package init(
        provider: any ModelProvider, clock: any RunClock, prices: PriceTable = PriceTable(),
        newIntent: @escaping @Sendable () -> IntentID
    ) {
        self.provider = provider
        self.clock = clock
        self.prices = prices
        book = WordsBook(clock: clock, newIntent: newIntent)
    }

    /// The currency of a result's cost, where the model's price is known.
    package var currency: String? { prices.knows(provider.description.model) ? prices.currency : nil }

    /// Takes a turn, whose calls the grid's log has. Cancelling the surrounding task, or throwing from `report`, closes the call.
    package func turn(
        _ question: WordsQuestion, in grid: any RunGrid, report: (Progress) async throws -> Void
    ) async throws -> Result {
        let isFree = busy.withLock { busy in
            guard busy < Self.turnsAtOnce else { return false }
            busy += 1
            return true
        }
        guard isFree else { throw Failure.busy(most: Self.turnsAtOnce) }
        defer { busy.withLock { $0 -= 1 } }
        // Unbounded, but a turn reports once a second for four minutes at most.
        let (reports, sink) = AsyncStream<Report>.makeStream()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            let state = TurnProgress()
            group.addTask { sink.yield(.ended(await self.ask(question, grid, state))) }
            group.addTask { await self.watch(state, sink) }
            defer { group.cancelAll() }
            for await item in reports {
                switch item {
                case .progress(let progress): try await report(progress)
                case .ended(let result): return try result.get()
                }
            }
            throw CancellationError()
        }
    }

    /// Reports every second, and ends the turn when its time is over.
    private func watch(_ state: TurnProgress, _ sink: AsyncStream<Report>.Continuation) async {
        let began = clock.now
        while !Task.isCancelled {
            await clock.wait(until: clock.now + Self.reportTime)
            if Task.isCancelled { break }
            let elapsed = clock.now - began
            guard elapsed < Self.turnTime else {
                let seconds = Self.turnTime.components.seconds
                sink.yield(
                    .ended(
                        .failure(
                            .model(ModelFailure(.timedOut, "the model made no plan within \(seconds) s", usage: state.usage)))))
                break
            }
            sink.yield(.progress(state.progress(elapsed)))
        }
        sink.finish()
    }

    private func ask(_ question: WordsQuestion, _ grid: any RunGrid, _ state: TurnProgress) async
        -> Swift.Result<Result, Failure>
    {
        let began = clock.now
        func ended(_ outcome: WordsOutcome) -> Result {
            Result(outcome: outcome, calls: state.calls, usage: priced(state.usage), elapsed: clock.now - began)
        }
        guard let provider = provider as? any ChatProvider else {
            return .success(ended(Self.byRules(question)))
        }
        var turn = WordsTurn(question)
        var effect = turn.begin()
        while true {
            switch effect {
            case .end(let outcome): return .success(ended(outcome))
            case .fail(var failure):
                failure.usage = priced(state.usage)
                return .failure(.model(failure))
            case .ask(let request):
                do throws(ModelFailure) {
                    effect = turn.answered(try await answer(request, provider, grid, state))
                } catch {
                    effect = turn.failed(error)
                }
            }
        }
    }

    private func answer(
        _ request: ChatRequest, _ provider: any ChatProvider, _ grid: any RunGrid, _ state: TurnProgress
    ) async throws(ModelFailure) -> String {
        let reserved = RunUsage(input: UInt64(request.bytes / 3 + 16), output: UInt64(request.answerTokens))
        let number = try await book.begin(priced(reserved), in: grid)
        var request = request
        request.requestID = "words-\(number)"
        state.callBegan()
        var collector = AnswerCollector(most: PlanLimits.answerBytes)
        let failure: ModelFailure
        do throws(ModelFailure) {
            try await provider.stream(request) { (event) throws(ModelFailure) in
                if case .text = event { state.pieceArrived() }
                try collector.receive(event)
            }
            let answer = try collector.answer().text
            await book.end(number, priced(collector.usageSoFar), in: grid)
            state.callEnded(collector.usageSoFar)
            return answer
        } catch {
            failure = error
        }
        state.callEnded(collector.usageSoFar)
        await book.end(number, failure.isCostKnown ? priced(collector.usageSoFar) : nil, in: grid)
        throw failure
    }

    private func priced(_ usage: RunUsage) -> RunUsage { prices.priced(usage, model: provider.description.model) }

    /// Without a model: rules, which say what they understand.
    private static func byRules(_ question: WordsQuestion) -> WordsOutcome {
        guard let sketch = DemoWords.sketch(question.sentence) else { return .question(DemoWords.help(question.columns)) }
        do throws(PlanProblem) {
            switch try question.check.result(of: sketch) {
            case .question(let question): return .question(question)
            case .plan(let plan, let notes):
                let units = PlanUnits.notes(on: plan, question.sentence, question.columns)
                return .plan(WordsTurn.proposal(plan, notes + units, for: question))
            }
        } catch {
            return .question(error.question)
        }
    }
}

/// Counts of a turn, between its call and its reports.
private final class TurnProgress: Sendable {
    private struct State {
        var calls = 0
        var pieces = 0
        var usage = RunUsage()
    }

    private let state = Mutex(State())

    var calls: Int { state.withLock { $0.calls } }
    var usage: RunUsage { state.withLock { $0.usage } }

    func callBegan() { state.withLock { $0.calls += 1 } }
    func pieceArrived() { state.withLock { $0.pieces += 1 } }

    func callEnded(_ usage: RunUsage) {
        state.withLock { state in
            state.usage.input = state.usage.input.addingClamped(usage.input)
            state.usage.output = state.usage.output.addingClamped(usage.output)
        }
    }

    func progress(_ elapsed: Duration) -> WordsDesk.Progress {
        state.withLock { WordsDesk.Progress(calls: $0.calls, pieces: $0.pieces, elapsed: elapsed) }
    }
}
