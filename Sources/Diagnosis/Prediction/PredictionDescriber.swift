import Trace

/// Says what an order that ends otherwise means: which keys, who sees it, which rule it breaks, which guard removes it.
struct PredictionDescriber {
    private let program: PredictionProgram
    private let engine: RuleEngine
    private let log: TraceLog
    private let witnesses: WitnessLog
    /// Keys that frames show, and processes whose frames do not say what they show.
    private var shown: Set<UInt64> = []
    private var showsAll: Set<UInt16> = []
    private var hasFrames: Set<UInt16> = []
    /// What judges orders of the component at hand.
    private var judge: WitnessJudge?

    init(_ program: PredictionProgram) {
        self.program = program
        engine = program.engine
        log = program.engine.log
        witnesses = WitnessLog(program)
        for event in log.kinds.indices where log.kinds[event] == .render {
            let process = log.processIndices[event]
            hasFrames.insert(process)
            let keys = log.shown(by: event)
            if keys.isEmpty { showsAll.insert(process) }
            for key in keys { shown.insert(PairTable.key(UInt32(process), key.key.raw)) }
        }
    }

    func isShown(_ place: Int32) -> Bool {
        let one = engine.places[Int(place)]
        return showsAll.contains(one.process) || shown.contains(PairTable.key(UInt32(one.process), one.key.raw))
    }

    mutating func describe(
        _ outcome: OrderExplorer.Outcome, _ explorer: OrderExplorer, _ component: Int, isJudged: Bool
    ) -> Prediction? {
        let problem = explorer.problem
        guard let first = problem.steps.first else { return nil }
        let process = program.steps[first.id].process
        let ends = self.ends(outcome.state, explorer)
        guard !ends.isEmpty else { return nil }
        let reversals = problem.reversals(outcome.order).map {
            reversal(problem.steps[$0.first].id, problem.steps[$0.second].id)
        }
        var prediction = Prediction(
            process: log.processes[Int(process)].name, ends: ends, reversals: reversals,
            order: outcome.order.map { Int(program.steps[problem.steps[$0].id].event) },
            steps: outcome.order.map { "\(problem.steps[$0].action)" }, severity: .transient,
            severityKnown: hasFrames.contains(process), slot: ends.first?.slot ?? .none, component: component)
        prediction.inexactBeyond = outcome.state.inexact < 0 ? nil : Int(outcome.state.inexact)
        prediction.delay = delay(problem, outcome.order)
        if ends.contains(where: \.isShown) { prediction.severity = .visible }
        if let event = prediction.inexactBeyond, feedsRequest(event) { prediction.severity = .durable }
        prediction.isJudged = isJudged
        if isJudged { judge(&prediction, outcome, explorer) }
        return prediction
    }

    /// What a component is about, for people: its slot, and its keys in the order of their numbers.
    func keys(_ problem: OrderProblem) -> (slot: Symbol, keys: [Symbol]) {
        let slot = problem.places.first.map { engine.places[Int($0)].lastSlot } ?? -1
        return (slot < 0 ? .none : engine.slots[Int(slot)].name, problem.places.map { engine.places[Int($0)].key })
    }

    private func reversal(_ first: Int, _ second: Int) -> Prediction.Reversal {
        func name(_ step: Int) -> Symbol {
            let request = program.steps[step].request
            return request < 0 ? .none : engine.requests[Int(request)].name
        }
        return Prediction.Reversal(
            first: Int(program.steps[first].event), firstRequest: name(first), second: Int(program.steps[second].event),
            secondRequest: name(second))
    }

    // MARK: Ends

    private func ends(_ state: OrderState, _ explorer: OrderExplorer) -> [Prediction.End] {
        let words = StateWords(log, explorer.problem.values, explorer.table)
        return explorer.problem.places.indices.compactMap { place in
            guard state.values[place] != explorer.recorded.values[place] else { return nil }
            let number = explorer.problem.places[place]
            let slot = engine.places[Int(number)].lastSlot
            return Prediction.End(
                key: engine.places[Int(number)].key, slot: slot < 0 ? .none : engine.slots[Int(slot)].name,
                recorded: words.text(explorer.recorded.values[place]), predicted: words.text(state.values[place]),
                isShown: isShown(number))
        }
    }

    /// How much later than recorded something has to come, at least.
    private func delay(_ problem: OrderProblem, _ order: [Int]) -> Int64? {
        var most: Int64?
        for pair in problem.reversals(order) {
            let early = log.times[Int(program.steps[problem.steps[pair.second].id].event)]
            let late = log.times[Int(program.steps[problem.steps[pair.first].id].event)]
            guard early != 0, late != 0 else { return nil }
            most = max(most ?? 0, Wait.between(early, late))
        }
        return most
    }

    /// Events looked at for the request that was made with what was read.
    private static let nearbyEvents = 200

    private func feedsRequest(_ read: Int) -> Bool {
        let task = log.tasks[read]
        guard !task.isNone else { return true }
        return (read..<min(log.count, read + Self.nearbyEvents)).contains { event in
            log.tasks[event] == task && log.processIndices[event] == log.processIndices[read]
                && (log.kinds[event] == .start || log.kinds[event] == .commit)
        }
    }

    // MARK: Anomaly and guard

    private mutating func judge(
        _ prediction: inout Prediction, _ outcome: OrderExplorer.Outcome, _ explorer: OrderExplorer
    ) {
        let problem = explorer.problem
        if judge?.component != prediction.component {
            judge = WitnessJudge(program, witnesses, problem.steps.map(\.id), component: prediction.component)
        }
        let judgement = judge?.judge(
            outcome.order.map { problem.steps[$0].id }, blocked: blocked(outcome.order, explorer),
            keys: Set(prediction.ends.map { log.text($0.key) }))
        switch judgement {
        case .breaks(let verdict):
            prediction.rule = verdict.finding.rule
            prediction.isViolation = verdict.finding.isViolation
            prediction.confidence = verdict.finding.confidence
            prediction.sentence = verdict.sentence
            prediction.advice = verdict.advice
        case .repairs(let rule): prediction.repairs = rule
        case nil: return
        }
    }

    /// Writes that the guards named in the trace would have kept out in this order.
    private func blocked(_ order: [Int], _ explorer: OrderExplorer) -> Set<UInt32> {
        var table = explorer.table
        var state = OrderState(explorer.problem.places.count)
        var blocked: Set<UInt32> = []
        for step in order {
            for write in explorer.problem.steps[step].writes where !state.lets(write, of: explorer.problem.steps[step]) {
                blocked.insert(write.event)
            }
            state.perform(explorer.problem.steps[step], &table, expected: nil)
        }
        return blocked
    }
}

/// Value numbers in words.
struct StateWords {
    private let log: TraceLog
    private let values: ValueTable
    private let derived: DerivedValues

    init(_ log: TraceLog, _ values: ValueTable, _ derived: DerivedValues) {
        self.log = log
        self.values = values
        self.derived = derived
    }

    /// Derived values of derived values are followed this far.
    private static let maximumDepth = 4

    func text(_ number: Int32) -> String { text(number, depth: 0) }

    private func text(_ number: Int32, depth: Int) -> String {
        if number == OrderState.gone { return "(nothing: its view is gone)" }
        if number < 0 { return "(as before)" }
        if number >= DerivedValues.first {
            guard depth < Self.maximumDepth else { return "(derived)" }
            let sources = derived.sources[Int(number - DerivedValues.first)]
            return "derived from " + sources.map { text($0, depth: depth + 1) }.joined(separator: ", ")
        }
        let event = Int(values.examples[Int(number)])
        if log.kinds[event] == .delete { return "(deleted)" }
        let value = log.value(of: event)
        return value.isEmpty ? "(what \(log.name(of: event)) wrote)" : String(decoding: value, as: UTF8.self)
    }
}
