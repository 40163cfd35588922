/// What happens in one world, drawn from a seed: how the world is made, which faults it has, and the steps in their order.
package struct Schedule: Hashable, Sendable {
    package let seed: UInt64
    /// The faults of this schedule.
    package let faults: Faults
    /// Shapes the world: screens, sheets, page sizes, limits.
    package let shape: UInt64
    package var steps: [Step]

    private typealias Weight = (kind: Step.Kind, weight: UInt32)

    /// What happens without any fault.
    private static let calm: [Weight] = [
        (.scroll, 8), (.open, 1), (.refresh, 1), (.edit, 9), (.editMany, 3), (.undo, 2), (.discard, 1), (.insert, 2),
        (.delete, 1),
        (.move, 1), (.program, 5), (.empty, 1), (.serve, 16), (.deliver, 16), (.submit, 12), (.answer, 10), (.event, 16),
        (.beat, 2),
        (.write, 22), (.wait, 16),
    ]

    /// What each fault adds.
    private static func weights(of fault: Fault) -> [Weight] {
        switch fault {
        case .reorder: []
        case .duplicate: [(.duplicateReply, 4)]
        case .lose: [(.loseRead, 2), (.loseReply, 2), (.loseChange, 1), (.loseAnswer, 2), (.resend, 3)]
        case .refuse: [(.refuseRead, 3)]
        case .staleCache: [(.staleReply, 4)]
        case .buffering: [(.buffer, 3)]
        case .dropEvents: [(.loseEvent, 3)]
        case .doubleEvents: [(.doubleEvent, 3)]
        case .swapEvents: [(.swapEvents, 3)]
        case .breakStreams: [(.breakStream, 2), (.connect, 3)]
        case .gaps: []
        case .replica: [(.follow, 6)]
        case .lid: [(.lid, 2)]
        case .power: [(.cut, 1), (.tear, 1), (.connect, 3), (.resend, 3)]
        case .syncError: [(.failSync, 1), (.connect, 2), (.resend, 2)]
        case .diskFull: [(.full, 2), (.resend, 3)]
        case .agents: [(.run, 3), (.prepare, 20), (.reply, 14), (.control, 1)]
        case .wrongAnswers: [(.wrongReply, 4)]
        case .failedCalls: [(.failCall, 3)]
        }
    }

    /// - Parameter allowed: faults that may be drawn.
    package init(seed: UInt64, allowed: Faults = .all, length: Int = Schedule.length) {
        var chance = Chance(seed: seed)
        let faults = Faults.drawn(from: &chance, allowed: allowed)
        var weights = Self.calm
        for fault in faults.list { weights += Self.weights(of: fault) }
        // Floods and lulls: each seed has its own taste.
        let taste = chance.below(4)
        for index in weights.indices {
            switch (taste, weights[index].kind) {
            case (1, .program), (1, .editMany): weights[index].weight *= 4
            case (1, .wait), (2, .serve), (2, .deliver): weights[index].weight /= 2
            case (3, .scroll): weights[index].weight *= 3
            default: break
            }
        }
        let table = weights.flatMap { Array(repeating: $0.kind, count: Int($0.weight)) }
        shape = chance.next()
        steps = (0..<length).map { _ in
            let kind = table[Int(chance.below(UInt32(table.count)))]
            let bits = chance.next()
            return Step(kind, a: UInt32(truncatingIfNeeded: bits >> 40), b: UInt32(truncatingIfNeeded: bits & 0xFFFF))
        }
        self.seed = seed
        self.faults = faults
    }

    /// Steps of one schedule: long enough that a burst, a power cut and the way back fit in.
    package static let length = 120
}
