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
        case .breakStreams: [(.breakStream, 3), (.connect, 4)]
        case .gaps: []
        case .replica: [(.follow, 6)]
        case .lid: [(.lid, 2), (.tab, 2)]
        case .power: [(.cut, 1), (.tear, 1), (.connect, 3), (.resend, 3)]
        case .syncError: [(.failSync, 1), (.connect, 2), (.resend, 2)]
        case .diskFull: [(.full, 2), (.resend, 3)]
        case .agents: [(.run, 4), (.prepare, 20), (.reply, 12), (.control, 2)]
        case .wrongAnswers: [(.wrongReply, 4)]
        case .failedCalls: [(.failCall, 4)]
        case .refusals: [(.refuseCall, 1)]
        case .sameQuestions: [(.copy, 7)]
        case .budgets: []
        case .undoneRuns: [(.undoRun, 2)]
        case .columns:
            [(.addColumn, 2), (.renameColumn, 1), (.retypeColumn, 1), (.moveColumn, 1), (.deleteColumn, 1)]
        case .sheets: [(.addSheet, 1), (.renameSheet, 1), (.deleteSheet, 1)]
        case .views: [(.view, 4)]
        case .imports: [(.importRows, 3)]
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
        self.init(seed, faults, weights, length, &chance)
        // A steady stream: time passes in small steps only, so that news hardly ever stops.
        guard taste == 1 else { return }
        for index in steps.indices where steps[index].kind == .wait { steps[index].a %= 3 }
        if chance.below(2) == 0 { insertStream(&chance) }
    }

    /// Commits without a pause for half a second, each told at once, while nothing is being read: what a maximum wait is for.
    private mutating func insertStream(_ chance: inout Chance) {
        var stream: [Step] = []
        let screen = chance.below(6)
        for _ in 0..<6 { stream += [Step(.serve), Step(.deliver), Step(.event, a: screen, b: 2)] }
        for _ in 0..<9 {
            stream += [
                Step(.move, b: chance.below(1 << 16)), Step(.submit), Step(.write), Step(.event, a: screen),
                Step(.event, a: screen),
                Step(.wait, a: 2),
            ]
        }
        steps.insert(contentsOf: stream, at: Int(chance.below(UInt32(steps.count / 2))))
    }

    /// Writing while power fails, and little else: the crash form, where half of all writes meet a power cut.
    package init(crashing seed: UInt64) {
        var chance = Chance(seed: seed)
        let weights: [Weight] = [
            (.program, 6), (.insert, 3), (.delete, 1), (.move, 1), (.submit, 14), (.write, 24), (.answer, 6), (.edit, 6),
            (.wait, 2), (.cut, 2), (.tear, 4),
            (.failSync, 1), (.full, 1),
        ]
        self.init(seed, Faults([.power, .syncError, .diskFull]), weights, Self.crashLength, &chance)
    }

    private init(_ seed: UInt64, _ faults: Faults, _ weights: [Weight], _ length: Int, _ chance: inout Chance) {
        let table = weights.flatMap { Array(repeating: $0.kind, count: Int($0.weight)) }
        shape = chance.next()
        var steps: [Step] = []
        steps.reserveCapacity(length)
        for _ in 0..<length {
            let kind = table[Int(chance.below(UInt32(table.count)))]
            let bits = chance.next()
            steps.append(Step(kind, a: UInt32(truncatingIfNeeded: bits >> 40), b: UInt32(truncatingIfNeeded: bits & 0xFFFF)))
        }
        self.seed = seed
        self.faults = faults
        self.steps = steps
    }

    /// Steps of a schedule of the crash form.
    private static let crashLength = 90

    /// Steps of one schedule: long enough that a burst, a power cut and the way back fit in.
    package static let length = 120
}
