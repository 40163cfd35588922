/// Decides one round of a slot: who asks when, which requests there are, in which order and when their responses are applied.
struct RoundPlanner {
    var slot: SlotPlan
    var nextIntent: Int
    var nextRequest: Int
    /// Values are unique unless they are equal on purpose.
    var nextValue: Int

    private static let millisecond: Int64 = 1_000

    init(slot: SlotPlan) {
        self.slot = slot
        nextIntent = 0
        nextRequest = 0
        nextValue = 100 * (slot.index + 1)
    }

    mutating func plan(_ kind: RoundKind, at time: Int64, _ dice: inout Dice) -> RoundPlan {
        for _ in 0..<40 {
            var copy = self
            if let round = copy.attempt(kind, at: time, &dice) {
                self = copy
                return round
            }
        }
        return plainPair(inverted: kind == .inverted, at: time)
    }

    private mutating func attempt(_ kind: RoundKind, at time: Int64, _ dice: inout Dice) -> RoundPlan? {
        var round = draft(kind, at: time, &dice)
        order(&round, &dice)
        switch kind {
        case .inverted:
            guard invert(&round, &dice) else { return nil }
        case .equal, .dropped:
            guard invert(&round, &dice), let late = round.requests.firstIndex(where: \.isLate) else { return nil }
            round.requests[late].isLate = false
            if kind == .dropped { drop(late, &round) } else { makeEqual(&round) }
        case .cancelled:
            giveUp(&round)
        case .merged:
            dice.shuffle(&round.requests)
        case .ordered, .recovery, .queued, .first:
            break
        }
        setTimes(&round, &dice)
        guard round.kind == .inverted || kind == .merged || round.inversions().isEmpty else { return nil }
        nextIntent += round.intents.count
        return round
    }

    /// Intents and their requests, without an order of responses yet.
    private mutating func draft(_ kind: RoundKind, at time: Int64, _ dice: inout Dice) -> RoundPlan {
        let count = kind == .recovery ? 1 : kind == .ordered ? dice.among(1...4) : dice.among(2...4)
        var round = RoundPlan(kind: kind, firstIntent: nextIntent, intents: [], requests: [])
        var now = time
        for place in 0..<count {
            now += Int64(dice.among(4...45)) * Self.millisecond
            round.intents.append(now)
            let intent = nextIntent + place
            if kind == .first, place > 0 {
                round.ignored.insert(intent)
                continue
            }
            for lane in slot.lanes {
                let keys = kind == .recovery || dice.chance(65) ? lane : dice.part(of: lane)
                round.requests.append(request(intent: intent, keys: keys, start: now))
                for key in keys { round.values[intent, default: [:]][key] = value() }
            }
        }
        return round
    }

    private mutating func request(intent: Int, keys: [String], start: Int64) -> RequestPlan {
        nextRequest += 1
        return RequestPlan(name: "\(slot.process).\(slot.index).r\(nextRequest)", intent: intent, keys: keys, start: start)
    }

    private mutating func value() -> Int {
        nextValue += 1
        return nextValue * 7
    }

    /// Intent order; within an intent any; requests that have no key in common may pass each other.
    private mutating func order(_ round: inout RoundPlan, _ dice: inout Dice) {
        dice.shuffle(&round.requests)
        let shuffled = Array(round.requests.enumerated())
        round.requests = shuffled.sorted { ($0.element.intent, $0.offset) < ($1.element.intent, $1.offset) }.map(\.element)
        addRetries(&round, &dice)
        guard round.requests.count > 1, round.kind != .queued else { return }
        for _ in 0..<dice.below(4) {
            let place = dice.below(round.requests.count - 1)
            if Set(round.requests[place].keys).isDisjoint(with: round.requests[place + 1].keys) {
                round.requests.swapAt(place, place + 1)
            }
        }
    }

    /// The first attempt fails, the second is the one that is applied.
    private mutating func addRetries(_ round: inout RoundPlan, _ dice: inout Dice) {
        guard !slot.isAnonymous else { return }
        for place in round.requests.indices where dice.chance(12) {
            let start = round.requests[place].start
            let end = start + Int64(dice.among(3...15)) * Self.millisecond
            round.requests[place].failed = (round.requests[place].name, start, end)
            nextRequest += 1
            round.requests[place].name = "\(slot.process).\(slot.index).r\(nextRequest)"
            round.requests[place].attempt = 2
            round.requests[place].start = end + Int64(dice.among(1...8)) * Self.millisecond
        }
    }

    /// Moves one response behind one of a higher rank that shares a key, so that by the definition exactly one pair is inverted.
    private mutating func invert(_ round: inout RoundPlan, _ dice: inout Dice) -> Bool {
        let from = dice.below(round.requests.count)
        var late = round.requests[from]
        let higher = round.requests.indices.filter { round.requests[$0].intent > late.intent }
        guard !higher.isEmpty else { return false }
        late.isLate = true
        let target = higher[dice.below(higher.count)]
        if !slot.isAnonymous, late.attempt == 1, dice.chance(15) {
            // The application lost patience and asked again; both answers come, the first one too late.
            var again = late
            again.isLate = false
            nextRequest += 1
            again.name = "\(slot.process).\(slot.index).r\(nextRequest)"
            again.attempt = 2
            again.start += Int64(dice.among(8...20)) * Self.millisecond
            round.requests[from] = again
            round.requests.insert(late, at: target + 1)
        } else {
            round.requests.remove(at: from)
            round.requests.insert(late, at: target)
        }
        let inversions = round.inversions()
        guard let first = inversions.first, inversions.allSatisfy({ $0.late == first.late && $0.overtaken == first.overtaken }),
            round.requests[first.late].isLate
        else { return false }
        if case .byCancel = slot.policy { return cancelTooLate(first.late, &round) }
        return dice.chance(30) ? cancelTooLate(first.late, &round) : true
    }

    /// The next intent gives the late request up, which does not stop its response.
    private func cancelTooLate(_ late: Int, _ round: inout RoundPlan) -> Bool {
        let next = round.requests[late].intent + 1 - round.firstIntent
        guard next < round.intents.count else { return false }
        round.requests[late].cancel = max(round.intents[next], round.requests[late].start + 1)
        return true
    }

    private func drop(_ late: Int, _ round: inout RoundPlan) {
        for place in round.requests.indices { round.requests[place].ending = .applied(guard: "G2") }
        round.requests[late].ending = .dropped
    }

    /// Every intent of the round answers with the same values.
    private func makeEqual(_ round: inout RoundPlan) {
        var first: [String: Int] = [:]
        for intent in round.values.keys.sorted() {
            for (key, value) in (round.values[intent] ?? [:]).sorted(by: { $0.key < $1.key }) {
                round.values[intent]?[key] = first[key] ?? value
                if first[key] == nil { first[key] = value }
            }
        }
    }

    /// Each intent gives up what the one before asked for.
    private func giveUp(_ round: inout RoundPlan) {
        for place in round.requests.indices {
            let next = round.requests[place].intent + 1 - round.firstIntent
            guard next < round.intents.count else { continue }
            round.requests[place].ending = .givenUp
            round.requests[place].failed = nil
            round.requests[place].attempt = 1
            round.requests[place].start = min(round.requests[place].start, round.intents[next - 1])
            round.requests[place].cancel = round.intents[next]
        }
    }

    /// When each response is applied: in the order decided, never before its request, and a late one's request has begun before
    /// any response that overtakes it.
    private func setTimes(_ round: inout RoundPlan, _ dice: inout Dice) {
        let late = round.requests.first { $0.isLate }
        var previous: Int64 = 0
        for place in round.requests.indices {
            if round.kind == .queued {
                round.requests[place].start = max(round.requests[place].start, previous + Self.millisecond)
                round.requests[place].failed = nil
                round.requests[place].attempt = 1
            }
            let request = round.requests[place]
            var time = request.start + Int64(dice.among(8...90)) * Self.millisecond
            if let late, request.intent > late.intent { time = max(time, late.start + Self.millisecond) }
            if let cancel = request.cancel { time = max(time, cancel + Self.millisecond) }
            time = max(time, previous + Int64(dice.among(1...12)) * Self.millisecond)
            round.requests[place].deliver = time
            previous = time
        }
        if round.kind == .first {
            let last = round.requests.first?.start ?? round.intents[0]
            for place in round.intents.indices.dropFirst() { round.intents[place] = last + Int64(place) * 100 }
        }
        round.end = max(previous, round.intents.last ?? 0) + 3 * Self.millisecond
    }

    /// Two intents, one request each, on the slot's first key: what is left when chance found no round of the kind.
    private mutating func plainPair(inverted: Bool, at time: Int64) -> RoundPlan {
        let keys = Array(slot.keys.prefix(1))
        var round = RoundPlan(kind: inverted ? .inverted : .ordered, firstIntent: nextIntent, intents: [], requests: [])
        for place in 0..<2 {
            let asked = time + Int64(5 + place * 10) * Self.millisecond
            round.intents.append(asked)
            for key in keys { round.values[nextIntent + place, default: [:]][key] = value() }
            round.requests.append(request(intent: nextIntent + place, keys: keys, start: asked))
        }
        round.requests[0].deliver = time + 60 * Self.millisecond
        round.requests[1].deliver = time + (inverted ? 40 : 80) * Self.millisecond
        if inverted {
            round.requests.swapAt(0, 1)
            round.requests[1].isLate = true
            if case .byCancel = slot.policy { round.requests[1].cancel = round.intents[1] }
        }
        round.end = time + 90 * Self.millisecond
        nextIntent += 2
        return round
    }
}
