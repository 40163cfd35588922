package import Trace

/// What a trace says: findings, where it first diverged, which guard prevents it, and what cannot be known. A pure function of the
/// log: the same log gives the same diagnosis, byte by byte. The specification is `Docs/specifications/diagnosis.md`.
package struct Diagnosis: Sendable {
    /// Findings in causal order of their first occurrence.
    package private(set) var findings: [Finding] = []
    /// First divergence points, the earliest first.
    package private(set) var divergences: [Divergence] = []
    /// Which guard prevents each finding, and how far that is proved: for the first of each rule.
    package private(set) var advice: [GuardAdvice] = []
    package private(set) var notChecked: [NotChecked] = []
    /// Failed expectations and errors that somebody saw, as events.
    package private(set) var symptoms: [Int] = []
    /// Processes that wrote and of which no frame was recorded: what a person saw of their state is not known.
    package private(set) var unseenProcesses: Set<UInt16> = []
    /// What is not known, in sentences.
    package private(set) var unknown: [String] = []

    /// Episodes replayed; beyond that they are counted as findings only.
    package static let maximumDivergences = 1_000
    /// Episodes whose guards are tried.
    package static let maximumGuarded = 20

    /// Linear in the events, apart from the replay of the first episodes. Without advice no guard is tried but those of episodes.
    package init(_ log: TraceLog, withAdvice: Bool = true) {
        let causal = CausalOrder(log)
        var engine = RuleEngine(log, causal)
        engine.run()
        findings = engine.findings.filter { !Self.isHarmless($0) }
        symptoms = engine.symptoms.map { Int($0) }
        diverge(engine)
        sortFindings(causal)
        if withAdvice, !findings.isEmpty { advice = AdviceFinder(engine, divergences).advise(findings) }
        notChecked = Self.notChecked(log)
        note(log, causal, engine)
    }

    /// The worst severity among the findings.
    package var worst: Severity? { findings.map(\.severity).max() }

    /// Order does not matter where writes commute, and a slot that takes the first answer says so itself.
    static func isHarmless(_ finding: Finding) -> Bool {
        finding.rule == .staleResponseOverwrite && (finding.policy?.policy == .merge || finding.policy?.policy == .first)
    }

    private mutating func diverge(_ engine: RuleEngine) {
        var slots: [Int32] = []
        var seen: Set<Int32> = []
        for write in engine.inversions {
            let slot = engine.writes[write].slot
            guard seen.insert(slot).inserted else { continue }
            let policy = engine.policy(of: Int(slot)).policy
            if policy != .merge, policy != .first { slots.append(slot) }
        }
        guard !slots.isEmpty else { return }
        let inversions = Set(engine.inversions)
        let replays = SlotReplay.build(slots, engine)
        var episodes: [Episode] = []
        for (index, replay) in replays.enumerated() {
            episodes += Episode.find(in: replay, at: index, engine, inversions)
        }
        episodes.sort { engine.writes[$0.firstWrite].position < engine.writes[$1.firstWrite].position }
        if episodes.count > Self.maximumDivergences {
            unknown.append(
                "\(episodes.count - Self.maximumDivergences) later episodes of responses out of order were counted, not replayed."
            )
        }
        for (index, episode) in episodes.prefix(Self.maximumDivergences).enumerated() {
            var finder = DivergenceFinder(engine, replays[episode.replay], episode)
            divergences.append(finder.find(withGuards: index < Self.maximumGuarded))
        }
    }

    private mutating func sortFindings(_ causal: CausalOrder) {
        guard !causal.order.isEmpty else {
            findings.sort { ($0.event, $0.rule) < ($1.event, $1.rule) }
            return
        }
        var positions = [UInt32](repeating: 0, count: causal.order.count)
        for (position, event) in causal.order.enumerated() { positions[Int(event)] = UInt32(position) }
        findings.sort { (positions[$0.event], $0.rule) < (positions[$1.event], $1.rule) }
    }

    private mutating func note(_ log: TraceLog, _ causal: CausalOrder, _ engine: RuleEngine) {
        if causal.contradictions > 0 {
            unknown.append(
                "\(causal.contradictions) message edges contradict the program order of their processes and were not used.")
        }
        if engine.droppedGroups > 0 {
            unknown.append(
                "\(engine.droppedGroups) further findings, beyond \(RuleEngine.maximumGroups), were counted, not listed.")
        }
        for (index, process) in engine.processes.enumerated() where process.renders == 0 && process.writes > 0 {
            unseenProcesses.insert(UInt16(index))
            unknown.append(
                "Process \(log.text(log.processes[index].name)) has no `render` events: whether a person saw its wrong values is not known."
            )
        }
        if engine.inversions.count >= RuleEngine.maximumOccurrences {
            unknown.append("Replay looks at the first \(RuleEngine.maximumOccurrences) writes out of order only.")
        }
    }
}
