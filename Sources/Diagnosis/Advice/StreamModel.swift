import Trace

/// A17: the recorded positions of a stream, received in every order.
struct StreamModel {
    private struct Entry {
        var position: Int64
        var isMerge: Bool
        var event: Int
        /// Its place among the recorded positions, from 0: no arithmetic on what a trace says.
        var place = 0
    }

    private var isCut = false
    private var missingPosition: Int64?

    private let engine: RuleEngine
    private let log: TraceLog
    private let finding: Finding
    private var entries: [Entry] = []

    init(_ engine: RuleEngine, _ finding: Finding) throws(RaceBuilder.Missing) {
        self.engine = engine
        self.finding = finding
        log = engine.log
        guard let other = finding.other, finding.event - other <= RaceBuilder.maximumBefore else {
            throw RaceBuilder.Missing(what: "the position before, at most \(RaceBuilder.maximumBefore) events away")
        }
        let last = min(log.count, finding.event + RaceBuilder.maximumAfter)
        for event in min(other, finding.event)..<last where isOfStream(event) {
            let entry = Entry(
                position: log.numbers[event], isMerge: log.flags[event].contains(.merge), event: event)
            entries.append(entry)
            // What comes later says more only while positions are missing.
            if event >= finding.event, gap == nil { break }
        }
        if entries.count > Permutations.limit, let end = entries.firstIndex(where: { $0.event == finding.event }) {
            missingPosition = gap
            entries = Array(entries[max(0, end - 2)...min(entries.count - 1, end + 2)])
            isCut = true
        } else {
            missingPosition = gap
        }
        let positions = Set(entries.map(\.position)).sorted()
        for index in entries.indices { entries[index].place = positions.firstIndex(of: entries[index].position) ?? 0 }
    }

    private func isOfStream(_ event: Int) -> Bool {
        log.kinds[event] == log.kinds[finding.event] && log.processIndices[event] == finding.process
            && log.slotNames[event] == log.slotNames[finding.event] && log.flags[event].contains(.numbered)
    }

    /// The lowest position that no event carries.
    private var gap: Int64? {
        let sorted = entries.sorted { $0.position < $1.position }
        for (one, next) in zip(sorted, sorted.dropFirst()) {
            let (after, overflow) = one.position.addingReportingOverflow(1)
            if !overflow, next.position > after, !next.isMerge { return after }
        }
        return nil
    }

    func advice() throws(RaceBuilder.Missing) -> GuardAdvice {
        if let gap = missingPosition {
            throw RaceBuilder.Missing(
                what:
                    "the event at position \(gap) of the stream: no order of what is recorded has it; after a gap the state has to be read anew"
            )
        }
        let orders = Permutations(entries.count)
        let isExhaustive = orders.isExhaustive && !isCut
        let trials = finding.rule.guardsToTry.map { option in
            var trial = GuardTrial(
                guard: option, orders: orders.orders.count, isExhaustive: isExhaustive, residual: 0, wronglyBlocked: 0,
                latency: option == .queue ? latency : 0)
            for order in orders.orders {
                let (isBroken, lost) = option == .queue ? runQueue(order) : runVersionCheck(order)
                if isBroken { trial.residual += 1 }
                trial.wronglyBlocked += lost
            }
            return trial
        }
        var advice = GuardAdvice(
            finding, proof: .recordedEvents(orders: orders.orders.count, isExhaustive: isExhaustive), trials: trials)
        advice.advise()
        return advice
    }

    /// G4: an event waits for the one before it.
    private func runQueue(_ order: [Int]) -> (isBroken: Bool, lost: Int) {
        var last = -1
        var waiting: [Entry] = []
        var handed: [Entry] = []
        for next in order {
            waiting.append(entries[next])
            while let ready = waiting.indices.first(where: { waiting[$0].place <= last + 1 || waiting[$0].isMerge }) {
                let entry = waiting.remove(at: ready)
                guard entry.place > last else { continue }
                last = entry.place
                handed.append(entry)
            }
        }
        return (isBroken(handed), waiting.count { $0.place > last })
    }

    /// G3: an event that is not above the last one is dropped.
    private func runVersionCheck(_ order: [Int]) -> (isBroken: Bool, lost: Int) {
        var handed: [Entry] = []
        var lost = 0
        for next in order {
            let entry = entries[next]
            if let last = handed.last, entry.place <= last.place {
                // What a later event stood for as well is not lost.
                let isCovered = handed.contains { $0.place == entry.place || ($0.isMerge && $0.place > entry.place) }
                if !isCovered { lost += 1 }
            } else {
                handed.append(entry)
            }
        }
        return (isBroken(handed), lost)
    }

    private func isBroken(_ handed: [Entry]) -> Bool {
        zip(handed, handed.dropFirst()).contains { one, next in
            next.place < one.place || (next.place > one.place + 1 && !next.isMerge)
        }
    }

    /// In the recorded order each event waits for those below it.
    private var latency: Int64? {
        var wait = Wait()
        for (index, entry) in entries.enumerated() {
            let later = entries[index...].filter { $0.position < entry.position }.map { log.times[$0.event] }.max()
            guard let later else { continue }
            if later == 0 || log.times[entry.event] == 0 { return nil }
            wait.add(from: log.times[entry.event], until: later)
        }
        return wait.total
    }
}
