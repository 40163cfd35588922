/// Says what is wrong with a life: with what its frames showed, measured by what was committed and asked for, and with what was
/// committed. It knows no client: the same facts get the same verdicts, whoever lived them.
package struct MuseumJudge {
    /// One durable value of a cell.
    struct Commit {
        var revision: Int64
        var value: String?
        var fact: Int
        var intent: Int64?
    }

    /// An edit of the person and what is known of it so far.
    struct Asked {
        var edit: MuseumStep.Edit
        var intent: Int64
        var savedAt: Int64?
        var isRefused = false
        var isPending: Bool { savedAt == nil && !isRefused }
    }

    /// The newest content of a cell that a view has shown as saved.
    struct Highest {
        var version: Int64
        var rank: Int64
    }

    var commits: [String: [Commit]] = [:]
    /// Revisions of a cell that were told of and are gone.
    var lost: [String: Set<Int64>] = [:]
    var edits: [Asked] = []
    var typed: [String: String] = [:]
    var signals: [(fact: Int, revision: Int64, cells: [String])] = []
    var view: MuseumPiece.View?
    var viewIntent: Int64 = 0
    var highest: [String: Highest] = [:]
    var isOnScreen = false
    /// The fact at which the screen was last left.
    var leftAt = -1
    var position: Int64 = 0
    var hasHole = false
    var hasRegressed = false
    var screen: [String: MuseumShown] = [:]
    private var verdicts: [MuseumVerdict] = []
    private var known: Set<String> = []
    private var fact = 0

    /// The verdicts on a life, each kind once, in the order in which they show.
    package static func judge(_ life: MuseumLife) -> [MuseumVerdict] {
        var judge = MuseumJudge()
        for (index, fact) in life.facts.enumerated() {
            judge.fact = index
            judge.look(at: fact)
        }
        return judge.verdicts
    }

    mutating func report(_ anomaly: String, _ sentence: String) {
        guard known.insert(anomaly).inserted else { return }
        verdicts.append(
            MuseumVerdict(
                anomaly: anomaly, invariants: MuseumVerdict.invariants(of: anomaly), sentence: sentence, fact: fact))
    }

    private mutating func look(at fact: MuseumFact) {
        switch fact {
        case .opened(let view, let intent):
            self.view = view
            viewIntent = intent
            highest = [:]
            isOnScreen = true
        case .edited(let edit, let intent, _): edits.append(Asked(edit: edit, intent: intent))
        case .typed(let place, let value): typed[place] = value
        case .left:
            isOnScreen = false
            leftAt = self.fact
        case .cameBack: isOnScreen = true
        case .committed(let revision, let cell, let value, let intent, let base):
            checkCommit(cell, revision, intent: intent, base: base)
            commits[cell, default: []].append(
                Commit(revision: revision, value: value, fact: self.fact, intent: intent))
        case .lost(let revision, let cell): lost[cell, default: []].insert(revision)
        case .acknowledged(let intent, let revision):
            for index in edits.indices where edits[index].intent == intent { edits[index].savedAt = revision }
        case .refused(let intent):
            for index in edits.indices where edits[index].intent == intent { edits[index].isRefused = true }
        case .connected(let position): self.position = max(self.position, position)
        case .signalled(let position, let revision, let cells): heard(position, revision, cells)
        case .painted(let screen):
            self.screen = screen
            if isOnScreen { checkFrame(self.fact) }
        case .quiet(let isPending): checkEnd(isPending)
        }
    }

    private mutating func heard(_ position: Int64, _ revision: Int64, _ cells: [String]) {
        signals.append((fact, revision, cells))
        if position > self.position + 1 { hasHole = true }
        if position <= self.position { hasRegressed = true }
        self.position = max(self.position, position)
    }

    /// A3, A7, A12: what may not become durable.
    private mutating func checkCommit(_ cell: String, _ revision: Int64, intent: Int64?, base: Int64?) {
        let before = commits[cell] ?? []
        if let base, let last = before.last, base < last.revision, last.intent != intent || intent == nil {
            report("A3", "\(cell) was computed from version \(base) and overwrote version \(last.revision)")
        }
        guard let intent else { return }
        if before.contains(where: { $0.intent == intent }) {
            report("A12", "intent i\(intent) was carried out a second time on \(cell)")
        } else if let later = before.first(where: { $0.intent ?? 0 > intent }), let number = later.intent {
            report("A7", "i\(intent) on \(cell) was committed after i\(number), which was asked for later")
        }
    }
}
