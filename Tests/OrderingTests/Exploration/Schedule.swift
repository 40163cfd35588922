/// One thing that happens. Its numbers choose among what there is at that moment, so a schedule keeps its meaning when
/// steps are taken out of it.
struct Step: Hashable, CustomStringConvertible {
    enum Kind: UInt8, CaseIterable {
        // The world.
        case commit, lag
        // The person.
        case scroll, open, refresh, edit, discard, hide, show
        // The network, towards the server and back.
        case process, deliver, duplicate, loseReply, failTemporary, failPermanent, lie, mangle
        // The stream.
        case signal, mergedSignal, repeatSignal, loseSignal, swapSignals, loseStream, reconnect, resume, gap, late, heartbeat,
            runEnded
        // Edits on their way.
        case commitEdit, acknowledge, refuse
        // Time.
        case advance
    }

    var kind: Kind
    var a: UInt32 = 0
    var b: UInt32 = 0

    var description: String { "\(kind)(\(a),\(b))" }
}

/// Which kinds of steps a seed uses and how often: some seeds only page through a flood, others lose everything.
struct Schedule {
    let seed: UInt64
    var steps: [Step]

    static let calm: [(Step.Kind, Int)] = [
        (.commit, 10), (.scroll, 10), (.process, 16), (.deliver, 16), (.signal, 14), (.advance, 14), (.edit, 3),
        (.commitEdit, 3),
        (.acknowledge, 3),
    ]
    static let flood: [(Step.Kind, Int)] = [
        (.commit, 20), (.signal, 20), (.advance, 20), (.process, 8), (.deliver, 8), (.scroll, 3),
    ]
    static let faults: [(Step.Kind, Int)] = [
        (.duplicate, 4), (.loseReply, 3), (.failTemporary, 3), (.failPermanent, 1), (.lie, 3), (.lag, 2), (.mergedSignal, 6),
        (.repeatSignal, 3), (.loseSignal, 2), (.swapSignals, 2), (.loseStream, 2), (.reconnect, 3), (.resume, 3), (.gap, 2),
        (.late, 2), (.heartbeat, 2), (.runEnded, 2), (.open, 2), (.refresh, 2), (.hide, 1), (.show, 2), (.discard, 1),
        (.refuse, 1), (.mangle, 1),
    ]

    init(seed: UInt64, length: Int = 110) {
        var generator = Generator(seed: seed)
        // A flood: time passes in small steps only, so that the stream is hardly ever quiet.
        let isFlood = generator.chance(25)
        // Swarm: leave out each fault with even odds, so that rare combinations are not drowned by all the others.
        let kinds = (isFlood ? Self.flood : Self.calm) + Self.faults.filter { _ in generator.chance(isFlood ? 10 : 50) }
        let total = kinds.reduce(0) { $0 + $1.1 }
        var steps: [Step] = []
        for _ in 0..<length {
            var pick = generator.below(total)
            for (kind, weight) in kinds {
                if pick < weight {
                    var step = Step(kind: kind)
                    step.a = UInt32(truncatingIfNeeded: generator.next() >> 40)
                    step.b = UInt32(generator.below(1 << 16))
                    if isFlood && kind == .advance { step.a %= 3 }
                    steps.append(step)
                    break
                }
                pick -= weight
            }
        }
        self.seed = seed
        self.steps = steps
    }
}

/// Takes steps out for as long as the schedule still fails the same way.
func shrink(_ schedule: Schedule, fails: (Schedule) -> Bool) -> Schedule {
    var best = schedule
    var size = best.steps.count / 2
    while size >= 1 {
        var at = 0
        while at < best.steps.count {
            var candidate = best
            candidate.steps.removeSubrange(at..<min(at + size, candidate.steps.count))
            if fails(candidate) { best = candidate } else { at += size }
        }
        size /= 2
    }
    return best
}
