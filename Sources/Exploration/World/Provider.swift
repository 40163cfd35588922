import Enrichment
import GridModel

// The simulated provider: what it answers, and what that costs, is decided by a step's numbers.
extension World {
    /// Something comes back of a call.
    mutating func reply(_ step: Step) throws(Violation) {
        guard let count = agent?.calls.count, let place = pick(count, step), let call = agent?.calls.remove(at: place) else {
            return
        }
        let number = step.b / 16
        switch step.kind {
        case .reply: try answer(call, "\(newToken(step.b))", "stop", number)
        case .wrongReply:
            switch step.b % 6 {
            case 0, 1: try answer(call, "no number", "stop", number)
            case 2: try answer(call, "", "stop", number)
            // Parts of an answer, each of which would be a value.
            case 3: try answer(call, "\(newToken(step.b))", nil, number)
            case 4: try answer(call, "\(newToken(step.b))", "length", number)
            default: try answer(call, "\(newToken(step.b))", number % 2 == 0 ? "content_filter" : "tool_calls", number)
            }
        case .refuseCall: try fail(call, Self.refusal(number, step.b))
        default: try fail(call, Self.failure(number, step.b))
        }
    }

    /// What may be wrong with a call and pass.
    private static func failure(_ number: UInt32, _ b: UInt32) -> ModelFailure {
        var failure: ModelFailure
        switch b % 8 {
        case 0: failure = ModelFailure(.serverFailed, "500")
        case 1: failure = ModelFailure(.timedOut, "no answer")
        case 2 where number % 2 == 0: failure = ModelFailure(.unreachable, "no connection")
        case 2: failure = ModelFailure(.lost, "the connection ended")
        case 3: failure = ModelFailure(.schemaRefused, "no schemas")
        case 4: failure = ModelFailure(.rateLimited, "429")
        default:
            failure = ModelFailure(.rateLimited, "429 with a wait")
            // One time in 32 longer than anybody waits.
            failure.retryAfter = number % 32 == 0 ? .seconds(900) : .milliseconds(Int64(300 + number % 4_000))
        }
        failure.usage = RunUsage(input: UInt64(number % 5))
        return failure
    }

    /// What another row would not fare better with, or not for long.
    private static func refusal(_ number: UInt32, _ b: UInt32) -> ModelFailure {
        switch b % 8 {
        case 0: ModelFailure(.refused, "401: no such key")
        case 1...5: ModelFailure(.rejected, "400: not this")
        default: ModelFailure(.rejected, "400: not that either, \(number % 7)")
        }
    }

    private mutating func answer(
        _ call: SteppedRun.Question, _ text: String, _ reason: String?, _ number: UInt32
    ) throws(Violation) {
        // Now and then more than was set aside for it.
        let usage = RunUsage(input: UInt64(20 + number % 60), output: UInt64(number % 64 == 0 ? 700 : number % 9))
        let half = text.index(text.startIndex, offsetBy: text.count / 2)
        var parts: [ModelEvent] = [.text(String(text[..<half])), .text(String(text[half...])), .usage(usage)]
        if let reason { parts.append(.finished(reason: reason)) }
        oracles.replied(call.values, text, isWhole: reason == "stop")
        try advanceRun(call.ended(after: parts))
    }

    private mutating func fail(_ call: SteppedRun.Question, _ failure: ModelFailure) throws(Violation) {
        oracles.tally.failedCalls &+= 1
        try advanceRun(call.failed(failure))
    }

    /// While everything heals the provider is what the schedule's faults say, for so many more calls. What is wrong with it is sometimes wrong for
    /// a while: then the same comes of call after call.
    mutating func replyWhileSettling() throws(Violation) {
        guard badReplies < Self.badRepliesMost, agent?.calls.isEmpty == false else {
            return try enriching(Step(.reply, b: written))
        }
        let bits = chance.next()
        if bits >> 50 % 24 == 0, schedule.faults.contains(.power), !isCutInRun { return try cutInRun(bits) }
        if spell.left > 0 {
            spell.left -= 1
        } else {
            spell.step = drawReply(bits)
            spell.left = bits >> 56 % 3 == 0 && spell.step.kind != .reply ? Int(bits >> 60) : 0
        }
        if spell.step.kind != .reply { badReplies += 1 }
        // Nothing comes back, and time passes.
        if spell.step.kind == .failCall, bits >> 24 % 6 == 0 { return isHanging = true }
        try enriching(spell.step)
    }

    private func drawReply(_ bits: UInt64) -> Step {
        let faults = schedule.faults
        let kind: Step.Kind =
            switch bits >> 20 % 16 {
            case 0...2 where faults.contains(.failedCalls): .failCall
            case 3...5 where faults.contains(.wrongAnswers): .wrongReply
            case 6...7 where faults.contains(.refusals): .refuseCall
            default: .reply
            }
        return Step(kind, a: UInt32(truncatingIfNeeded: bits >> 40), b: UInt32(truncatingIfNeeded: bits & 0xFFFF))
    }

    /// The power fails while a run is at work, sometimes one that a person has paused.
    private mutating func cutInRun(_ bits: UInt64) throws(Violation) {
        isCutInRun = true
        if bits % 2 == 0 {
            try advanceRun(.pauseAsked)
            while agent?.work.isEmpty == false {
                try enriching(Step(.prepare))
                while server.writer.step() { try hear() }
                try hear()
            }
        }
        try losePower()
        try heal()
    }

    /// Enough for a run to be paused and resumed a few times, and not so many that a schedule takes long.
    private static let badRepliesMost = 30
}
