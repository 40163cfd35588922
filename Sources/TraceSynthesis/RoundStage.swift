import Trace

/// Turns a planned round into events: intents, requests, responses, writes, frames.
struct RoundStage {
    var slot: SlotPlan
    var shape: TraceShape
    /// Indices of the server and the store among the processes, when they take part.
    var server: Int?
    var store: Int?

    private func event(_ kind: EventKind) -> TraceEvent {
        TraceEvent(kind)
    }

    private func intentName(_ intent: Int) -> String {
        slot.isAnonymous ? "" : "\(slot.process).\(slot.index).i\(intent + 1)"
    }

    private func arguments(_ intent: Int) -> String {
        if case .byArguments = slot.policy { return "{\"q\":\"\(intent + 1)\"}" }
        return ""
    }

    /// The round's blocks, in no order.
    func blocks(_ round: RoundPlan, _ dice: inout Dice) -> [Block] {
        var blocks: [Block] = []
        for (place, time) in round.intents.enumerated() {
            blocks += asking(round, intent: round.firstIntent + place, at: time, &dice)
        }
        for (place, request) in round.requests.enumerated() {
            if let failed = request.failed { blocks += failure(failed, request, &dice) }
            let next = place + 1 < round.requests.count ? round.requests[place + 1].deliver : request.deliver + 2_000
            blocks += response(round, request, next: next, &dice)
            if let cancel = request.cancel, !round.intents.contains(cancel) {
                blocks.append(Block(process: slot.process, time: cancel, events: [Staged(cancelled(request))]))
            }
        }
        return blocks
    }

    /// The person's intent, what it gives up, what it starts, what was typed.
    private func asking(_ round: RoundPlan, intent: Int, at time: Int64, _ dice: inout Dice) -> [Block] {
        var events: [TraceEvent] = []
        if !slot.isAnonymous {
            var asked = event(.intent)
            asked.intent = intentName(intent)
            asked.slot = slot.name
            asked.phase = .stack
            asked.arguments = arguments(intent)
            asked.label = "\(slot.name) \(intent + 1)"
            if let step = slot.rankStep { asked.number = Int64(10 + intent * step) }
            events.append(asked)
        }
        if let input = slot.input, dice.chance(70) {
            var typed = event(.write)
            typed.key = input
            typed.slot = "\(slot.name) input"
            typed.flags = .user
            typed.value = "\"text \(intent + 1)\""
            typed.phase = .stack
            events.append(typed)
        }
        for request in round.requests where request.cancel == time { events.append(cancelled(request)) }
        var blocks: [Block] = []
        for request in round.requests where request.intent == intent {
            let first = request.failed
            let begins = started(
                request, name: first?.name ?? request.name, attempt: first == nil ? request.attempt : 1, at: intent)
            let at = first?.start ?? request.start
            if at == time {
                events.append(begins)
            } else {
                blocks.append(Block(process: slot.process, time: at, events: [Staged(begins)]))
            }
        }
        guard !events.isEmpty else { return blocks }
        return blocks + [Block(process: slot.process, time: time, events: events.map(Staged.init))]
    }

    private func started(_ request: RequestPlan, name: String, attempt: Int, at intent: Int) -> TraceEvent {
        var start = event(.start)
        start.request = name
        start.intent = intentName(request.intent)
        if slot.isAnonymous || slot.namesSlot { start.slot = slot.name }
        start.attribute("method", "GET")
        start.attribute("url", "/\(slot.index)/\(request.keys.first ?? "")")
        if attempt > 1 { start.attributes.append(TraceEvent.Attribute(name: "attempt", value: "\(attempt)")) }
        start.arguments = arguments(intent)
        start.phase = .stack
        return start
    }

    private func cancelled(_ request: RequestPlan) -> TraceEvent {
        var cancel = event(.cancel)
        cancel.request = request.name
        return cancel
    }

    private func arrived(_ request: String, at time: Int64, status: Int64?) -> Block {
        var arrive = event(.arrive)
        arrive.request = request
        arrive.number = status
        if status == nil { arrive.attribute("error", "aborted") }
        return Block(process: slot.process, time: time, isTask: false, events: [Staged(arrive)])
    }

    /// The attempt that failed, and the start of the next one.
    private func failure(_ failed: (name: String, start: Int64, end: Int64), _ request: RequestPlan, _ dice: inout Dice)
        -> [Block]
    {
        let status: Int64 = dice.pick(500, 502, 503, 429)
        let again = started(request, name: request.name, attempt: request.attempt, at: request.intent)
        return [
            arrived(failed.name, at: failed.end, status: status),
            Block(process: slot.process, time: request.start, events: [Staged(again)]),
        ]
    }

    private func response(_ round: RoundPlan, _ request: RequestPlan, next: Int64, _ dice: inout Dice) -> [Block] {
        if case .givenUp = request.ending {
            let gone = request.cancel ?? request.start
            return dice.chance(50) ? [arrived(request.name, at: gone + 300, status: nil)] : []
        }
        let wait = request.deliver - request.start
        var blocks = [
            arrived(request.name, at: request.deliver - 1 - Int64(dice.below(Int(min(wait - 1, 3_000)))), status: 200)
        ]
        blocks += handled(request, &dice)
        var deliver = event(.deliver)
        deliver.request = request.name
        deliver.phase = .macrotask
        if case .dropped = request.ending {
            deliver.flags.insert(.dropped)
            deliver.attribute("dropped", "G2")
            return blocks + [Block(process: slot.process, time: request.deliver, events: [Staged(deliver)])]
        }
        let writes = self.writes(round, request)
        if shape.hasSplitDeliveries, slot.namesRequest, dice.chance(40) {
            // The handler awaits once more: a late one may have begun long before it writes.
            let asked = max(request.start, round.intents.last ?? 0) + 5
            let early =
                request.isLate && dice.chance(50)
                ? min(max(asked, request.deliver - 20_000), request.deliver - 1) : request.deliver - 1
            let arrival = max(request.start + 2, min(blocks[0].time, early - 1))
            blocks[0].time = arrival
            blocks.append(Block(process: slot.process, time: max(early, arrival + 1), events: [Staged(deliver)]))
            blocks.append(Block(process: slot.process, time: request.deliver, events: writes))
        } else {
            blocks.append(Block(process: slot.process, time: request.deliver, events: [Staged(deliver)] + writes))
        }
        if dice.chance(45) { blocks.append(frame(after: request, before: next, &dice)) }
        return blocks
    }

    private func writes(_ round: RoundPlan, _ request: RequestPlan) -> [Staged] {
        var staged: [Staged] = []
        for key in request.keys {
            var write = event(.write)
            write.key = key
            write.value = "\(round.value(request, key))"
            write.phase = .microtask
            if slot.namesSlot { write.slot = slot.name }
            if slot.namesRequest { write.request = request.name }
            if case .applied(let name?) = request.ending {
                write.flags.insert(.guarded)
                write.attribute("guard", name)
            }
            if case .byMergeFlags = slot.policy { write.flags.insert(.merge) }
            if shape.hasVersions { write.version = .number(Int64(request.intent + 1)) }
            var one = Staged(write)
            one.writer = (slot.index, request.intent, request.name, request.isLate)
            staged.append(one)
        }
        if let derived = slot.derived {
            var sum = event(.write)
            sum.key = derived
            sum.from = slot.keys
            if slot.namesSlot { sum.slot = slot.name }
            if slot.namesRequest { sum.request = request.name }
            sum.phase = .microtask
            staged.append(Staged(sum))
        }
        return staged
    }

    private func frame(after request: RequestPlan, before next: Int64, _ dice: inout Dice) -> Block {
        var render = event(.render)
        render.attribute("view", slot.name)
        let room = max(1, next - request.deliver - 1)
        let time = request.deliver + 1 + Int64(dice.below(Int(min(room, 900))))
        return Block(process: slot.process, time: time, isTask: false, events: [Staged(render)])
    }

    /// What the server and the store saw of the request.
    private func handled(_ request: RequestPlan, _ dice: inout Dice) -> [Block] {
        guard let server, dice.chance(60) else { return [] }
        let middle = request.start + max(1, (request.deliver - request.start) / 3)
        var seen = event(.note)
        seen.request = request.name
        seen.label = "handle \(request.name)"
        var blocks = [Block(process: server, time: request.start + 1, isTask: false, events: [Staged(seen)])]
        var read = event(.read)
        read.request = request.name
        read.key = "table \(slot.index)"
        blocks.append(Block(process: store ?? server, time: middle, isTask: false, events: [Staged(read)]))
        return blocks
    }
}
