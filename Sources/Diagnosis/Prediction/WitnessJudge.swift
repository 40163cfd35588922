import Trace

/// Asks the rules and the guards of `diagnose` about orders of one component: what is broken in an order and not in the recorded order of the
/// same events, and which guard prevents it.
struct WitnessJudge {
    /// What is said of an order.
    enum Judgement {
        case breaks(Verdict)
        /// What the recorded order breaks, and left standing at these keys, it does not.
        case repairs(Rule)
    }

    /// What an order breaks.
    struct Verdict {
        var finding: Finding
        var sentence: String
        /// The guards tried; `nil` when the rule has none.
        var advice: GuardAdvice?
    }

    /// Which component it is of, from 0.
    let component: Int
    private let program: PredictionProgram
    private let witnesses: WitnessLog
    /// The component's steps with what they need or are judged by.
    private let around: [Int]
    /// What the recorded order breaks itself: the rule and the event, and with the other side of the race.
    private var known: Set<String> = []
    /// By key: the violation that stands there in the end of the recorded order.
    private var standing: [String: (rule: Rule, occurrence: String)] = [:]

    init(_ program: PredictionProgram, _ witnesses: WitnessLog, _ members: [Int], component: Int) {
        self.program = program
        self.witnesses = witnesses
        self.component = component
        around = witnesses.surroundings(of: members)
        guard around.count <= WitnessLog.maximumSteps else { return }
        let before = witnesses.make(around, blocked: [])
        let last = Self.lastWrites(before)
        for finding in engine(before).findings {
            known.insert(Self.occurrence(finding, before))
            known.insert(Self.race(finding, before))
            guard !Diagnosis.isHarmless(finding), finding.rule != .completionBoundWrite, last[finding.key] == finding.event
            else { continue }
            standing[before.text(finding.key)] = (finding.rule, Self.occurrence(finding, before))
        }
    }

    /// What an order of the component's steps breaks, at the keys that end otherwise; `nil` when that is nothing that the recorded order keeps,
    /// and nothing is repaired.
    func judge(_ order: [Int], blocked: Set<UInt32>, keys: Set<String>) -> Judgement? {
        guard around.count <= WitnessLog.maximumSteps, let whole = StepArrangement.arrange(program, around, sequence: order)
        else { return nil }
        let made = witnesses.make(whole, blocked: blocked)
        let engine = engine(made)
        let candidates = engine.findings.indices.filter { index in
            let finding = engine.findings[index]
            return !Diagnosis.isHarmless(finding) && (finding.key.isNone || keys.contains(made.text(finding.key)))
        }
        var new = candidates.filter { !known.contains(Self.occurrence(engine.findings[$0], made)) }
        if new.isEmpty { new = candidates.filter { !known.contains(Self.race(engine.findings[$0], made)) } }
        let last = Self.lastWrites(made)
        guard let index = new.min(by: { Self.rank(engine.findings[$0], last) < Self.rank(engine.findings[$1], last) })
        else { return repaired(by: engine, made, keys) }
        let finding = engine.findings[index]
        // A hazard that went well says less than a fault that is gone.
        if !finding.isViolation, let repaired = repaired(by: engine, made, keys) { return repaired }
        return .breaks(
            Verdict(
                finding: finding, sentence: Sentences(made).sentence(finding),
                advice: AdviceFinder(engine, divergence(finding, engine)).advise([finding]).first))
    }

    private func repaired(by engine: RuleEngine, _ made: TraceLog, _ keys: Set<String>) -> Judgement? {
        let broken = Set(engine.findings.map { Self.occurrence($0, made) })
        let repaired = keys.sorted().compactMap { standing[$0] }.first { !broken.contains($0.occurrence) }
        return repaired.map { .repairs($0.rule) }
    }

    /// The rules' walk over an order, with the policies that the recording tells.
    private func engine(_ log: TraceLog) -> RuleEngine {
        var engine = RuleEngine(log, CausalOrder(log))
        engine.keepsOccurrences = true
        let recorded = program.engine
        for slot in recorded.slots.indices where !recorded.slots[slot].name.isNone {
            guard let name = log.symbols.find(recorded.log.text(recorded.slots[slot].name)) else { continue }
            engine.knownPolicies[name] = recorded.policy(of: slot)
        }
        engine.run()
        return engine
    }

    /// The replay of the episode that begins with a write, for A1.
    private func divergence(_ finding: Finding, _ engine: RuleEngine) -> [Divergence] {
        guard finding.rule == .staleResponseOverwrite,
            let write = engine.inversions.first(where: { Int(engine.writes[$0].event) == finding.event })
        else { return [] }
        let inversions = Set(engine.inversions)
        for (index, replay) in SlotReplay.build([engine.writes[write].slot], engine).enumerated() {
            for episode in Episode.find(in: replay, at: index, engine, inversions) where episode.firstWrite == write {
                var finder = DivergenceFinder(engine, replay, episode)
                return [finder.find(withGuards: true, exhaustive: Self.exhaustiveDeliveries)]
            }
        }
        return []
    }

    /// 6! orders: hundreds of predictions are judged where a diagnosis has one episode.
    private static let exhaustiveDeliveries = 6

    // MARK: Which finding says it

    private static func occurrence(_ finding: Finding, _ log: TraceLog) -> String {
        "\(finding.rule.code) \(log.name(of: finding.event))"
    }

    private static func race(_ finding: Finding, _ log: TraceLog) -> String {
        "\(occurrence(finding, log)) \(finding.other.map { log.name(of: $0) } ?? "")"
    }

    /// By key: the write that stands in the end.
    private static func lastWrites(_ log: TraceLog) -> [Symbol: Int] {
        var last: [Symbol: Int] = [:]
        for event in log.kinds.indices where log.kinds[event] == .write || log.kinds[event] == .delete {
            last[log.keys[event]] = event
        }
        return last
    }

    /// Violations first, of these what still stands in the end; a hazard says least.
    private static func rank(_ finding: Finding, _ standing: [Symbol: Int]) -> (Int, Int, Int, Int, Int) {
        (
            finding.isViolation ? 0 : 1, finding.rule == .completionBoundWrite ? 1 : 0,
            standing[finding.key] == finding.event ? 0 : 1, Int(finding.rule.rawValue), finding.event
        )
    }
}
