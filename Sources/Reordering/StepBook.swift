/// The steps of a plan, and what each is about.
struct StepBook: Hashable, Sendable {
    enum State: Hashable, Sendable {
        /// No such request came yet: -> `bound`, `over`.
        case waiting
        /// It is about this: -> `over`.
        case bound(HoldID)
        /// Delivered, given up, or set aside.
        case over
    }

    let list: [PlanStep]
    private var states: [State]
    /// Requests so far that match each step.
    private var counts: [Int]
    /// Steps with conditions of requests that have come true.
    private var requested: [Int: Set<Int>] = [:]
    /// The first step that is not over.
    private(set) var position = 0
    var isReported = false

    init(_ list: [PlanStep]) {
        self.list = list
        states = Array(repeating: .waiting, count: list.count)
        counts = Array(repeating: 0, count: list.count)
    }

    /// The step that waits, and what it is about if that is known.
    var next: (step: Int, hold: HoldID?)? {
        guard position < list.count else { return nil }
        switch states[position] {
        case .waiting: return (position, nil)
        case .bound(let hold): return (position, hold)
        case .over: return nil
        }
    }

    /// A request came: it may be what steps wait for.
    /// - Returns: the step that is about its response.
    mutating func requested(_ id: ExchangeID, _ identity: RequestIdentity, body: [UInt8]) -> Int? {
        var found: Int?
        for (index, step) in list.enumerated() {
            for (number, condition) in step.after.enumerated() {
                if case .requested(let matcher) = condition, matcher.matches(identity, body: body) {
                    requested[index, default: []].insert(number)
                }
            }
            guard step.matcher.matches(identity, body: body) else { continue }
            counts[index] += 1
            guard states[index] == .waiting, step.nth.map({ $0 == counts[index] }) ?? true else { continue }
            // Several steps may be about messages of one stream, but one only about its response.
            if step.message == 0 {
                guard found == nil else { continue }
                found = index
            }
            states[index] = .bound(HoldID(id, message: step.message))
        }
        return found
    }

    /// True when a step is about it that is not over.
    func waits(for hold: HoldID) -> Bool { states.contains(.bound(hold)) }

    /// The step that is about it.
    func step(of hold: HoldID) -> Int? { states.firstIndex(of: .bound(hold)) }

    /// True when the step's conditions are met.
    func isReady(_ step: Int, _ barriers: Set<String>) -> Bool {
        list[step].after.enumerated().allSatisfy { number, condition in
            switch condition {
            case .barrier(let name): barriers.contains(name)
            case .requested: requested[step]?.contains(number) ?? false
            }
        }
    }

    mutating func done(_ hold: HoldID) { setAside(hold) }

    /// The steps about it are over.
    mutating func setAside(_ hold: HoldID) {
        for (index, state) in states.enumerated() where state == .bound(hold) { states[index] = .over }
        move()
    }

    mutating func setAside(step: Int) {
        states[step] = .over
        move()
    }

    /// The exchange is over.
    /// - Returns: steps that were about it.
    mutating func ended(_ id: ExchangeID) -> [Int] {
        let ended = states.indices.filter {
            if case .bound(let hold) = states[$0] { hold.exchange == id } else { false }
        }
        for step in ended { states[step] = .over }
        move()
        return ended
    }

    private mutating func move() {
        while position < states.count, states[position] == .over { position += 1 }
    }
}
