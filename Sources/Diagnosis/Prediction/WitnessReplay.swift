package import Trace

/// Replays the order of a witness, with or without a guard: the whole process, not only the component that the witness is about (T1).
package struct WitnessReplay: Sendable {
    /// Why a witness cannot be replayed on this trace.
    package enum Failure: Error, Sendable, Hashable {
        /// No process of that name, or an event that is no step of it.
        case unknownProcess(String)
        case unknownEvent(String)
        /// The order contradicts what must come before what.
        case impossible
        /// The guard decides about something that a replay of an order does not hold.
        case guardNotReplayed(Guard)
    }

    /// What the replay came to.
    package struct Result: Sendable {
        /// As `Replay`'s.
        package var replay = Replay.Result()
        /// The first event from which on the replay is not exact.
        package var inexactBeyond: Int?
    }

    private let program: PredictionProgram
    private let log: TraceLog

    /// One walk over the log. With a guard: as if every response went through it that names none.
    package init(_ log: TraceLog, guard option: Guard? = nil) throws(Failure) {
        switch option {
        case .cancelInFlight, .identityBinding, .versionCheck, nil: break
        case .queue, .ignoreWhilePending, .idempotencyKey, .atomicReadModifyWrite, .snapshotToken, .waitForDependency:
            throw .guardNotReplayed(option ?? .queue)
        }
        var engine = RuleEngine(log, CausalOrder(log))
        engine.run()
        self.log = log
        program = ProgramBuilder.build(engine, assuming: option)
    }

    /// Runs a process with some of its steps in the order given, by the names of their first events.
    package func run(process name: String, events names: [String]) throws(Failure) -> Result {
        guard let process = log.processes.firstIndex(where: { log.text($0.name) == name }) else { throw .unknownProcess(name) }
        let all = program.steps.indices.filter { Int(program.steps[$0].process) == process }
        var stepOfName: [String: Int] = [:]
        let wanted = Set(names)
        for step in all {
            let name = log.name(of: Int(program.steps[step].event))
            if wanted.contains(name) { stepOfName[name] = step }
        }
        var sequence: [Int] = []
        for name in names {
            guard let step = stepOfName[name] else { throw .unknownEvent(name) }
            sequence.append(step)
        }
        guard let order = StepArrangement.arrange(program, all, sequence: sequence) else { throw .impossible }
        return compare(process, all, order)
    }

    private func compare(_ process: Int, _ all: [Int], _ order: [Int]) -> Result {
        let graph = ConflictGraph(accessorsOf: program)
        var builder = OrderProblemBuilder(program, graph.accessors)
        let made = builder.everything(of: all)
        var table = DerivedValues()
        var numbers: [Int: Int] = [:]
        for (number, step) in all.enumerated() { numbers[step] = number }
        var recorded = Run(made.places.count)
        var reads: [[Int32]] = []
        for step in made.steps {
            reads.append(step.reads.map { recorded.state.values[$0.place] })
            recorded.perform(step, &table, expected: nil)
        }
        var replayed = Run(made.places.count)
        for step in order {
            guard let number = numbers[step] else { continue }
            replayed.perform(made.steps[number], &table, expected: reads[number])
        }
        var result = Result()
        let words = StateWords(log, made.values, table)
        for (place, number) in made.places.enumerated() {
            let one = program.engine.places[Int(number)]
            result.replay.rows.append(
                Replay.Row(
                    process: log.processes[process].name,
                    slot: one.lastSlot < 0 ? .none : program.engine.slots[Int(one.lastSlot)].name, key: one.key,
                    recorded: words.text(recorded.state.values[place]), replayed: words.text(replayed.state.values[place])))
        }
        result.replay.recordedInversions = recorded.inversions
        result.replay.replayedInversions = replayed.inversions
        result.replay.blocked = replayed.blocked
        result.inexactBeyond = replayed.state.inexact < 0 ? nil : Int(replayed.state.inexact)
        return result
    }

    /// One run, with its writes out of order counted.
    private struct Run {
        var state: OrderState
        var inversions = 0
        var blocked = 0

        init(_ places: Int) {
            state = OrderState(places)
        }

        mutating func perform(_ step: OrderProblem.Step, _ table: inout DerivedValues, expected: [Int32]?) {
            for write in step.writes {
                guard state.lets(write, of: step) else {
                    blocked += 1
                    continue
                }
                if case .plain = write.kind, step.action == .delivered, state.slots[write.place] == write.slot,
                    state.ranks[write.place] > write.rank, state.values[write.place] != write.value
                {
                    inversions += 1
                }
            }
            state.perform(step, &table, expected: expected)
        }
    }
}
