import Reordering
import Testing

/// A page, a server and a client that do what they can in any order: one choice after another, from a seed.
private struct World {
    var chance: UInt64
    var scheduler: Scheduler
    /// Requests that are made only after another's response was taken.
    let needs: [Int: Int]
    let count: Int
    var asked: [Int] = []
    var answered: Set<Int> = []
    var taken: [Int] = []
    var gone: Set<Int> = []
    var released: [HoldID: Int] = [:]
    var toTake: [(hold: HoldID, confirm: Bool)] = []
    var now: UInt64 = 0
    var broken: [String] = []

    init(seed: UInt64) {
        chance = seed
        var draw = seed &* 0x9E37_79B9_7F4A_7C15
        func next(_ bound: UInt64) -> UInt64 {
            draw = draw &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (draw >> 33) % bound
        }
        count = 1 + Int(next(7))
        var needs: [Int: Int] = [:]
        for request in 1..<max(count, 2) where next(3) == 0 { needs[request] = Int(next(UInt64(request))) }
        self.needs = needs
        var order = Array(0..<count)
        for index in order.indices { order.swapAt(index, Int(next(UInt64(count)))) }
        let steps = order.prefix(Int(next(UInt64(count + 1)))).map { step("r\($0)") }
        let plans: [ReorderingPlan] = [.pass, .intent, .reverse, .drawn(seed: seed), .steps(steps), .steps(steps)]
        scheduler = Scheduler(plans[Int(next(UInt64(plans.count)))], limits: ReorderingLimits(patience: 10))
    }

    mutating func below(_ bound: Int) -> Int {
        chance = chance &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((chance >> 33) % UInt64(bound))
    }

    mutating func handle(_ event: Scheduler.Event) {
        scheduler.handle(event, at: now)
        while let effect = scheduler.nextEffect() {
            guard case .release(let hold, let confirm) = effect else { continue }
            released[hold, default: 0] += 1
            if released[hold] != 1 { broken.append("P7 \(hold) was released twice") }
            if gone.contains(Int(hold.exchange.number)) { broken.append("P4 \(hold) was released after its end") }
            if confirm, toTake.contains(where: \.confirm) { broken.append("P1 two releases at once") }
            toTake.append((hold, confirm))
        }
    }

    /// One thing that can happen.
    mutating func move() -> Bool {
        var moves: [() -> (inout World) -> Void] = []
        let next = (0..<count).first {
            !asked.contains($0) && needs[$0].map { taken.contains($0) || gone.contains($0) } ?? true
        }
        if let next { moves.append { { $0.ask(next) } } }
        for request in asked where !answered.contains(request) && !gone.contains(request) {
            moves.append {
                {
                    $0.answered.insert(request); $0.handle(.answered(HoldID(ExchangeID(UInt64(request)))))
                }
            }
        }
        for (index, release) in toTake.enumerated() {
            moves.append {
                {
                    $0.toTake.remove(at: index); $0.take(release.hold)
                }
            }
        }
        if below(12) == 0, let request = asked.first(where: { !gone.contains($0) && !taken.contains($0) }) {
            moves.append { { $0.leave(request) } }
        }
        if moves.isEmpty {
            guard let deadline = scheduler.deadline else { return false }
            now = deadline
            handle(.timePassed)
            return true
        }
        now += 1
        let chosen = moves[below(moves.count)]()
        chosen(&self)
        return true
    }

    mutating func ask(_ request: Int) {
        asked.append(request)
        handle(
            .requested(ExchangeID(UInt64(request)), RequestIdentity(method: "GET", target: "/r\(request)"), isCandidate: true))
    }

    mutating func take(_ hold: HoldID) {
        guard !gone.contains(Int(hold.exchange.number)) else { return }
        taken.append(Int(hold.exchange.number))
        handle(.taken(hold))
        handle(.ended(hold.exchange))
    }

    mutating func leave(_ request: Int) {
        gone.insert(request)
        toTake.removeAll { Int($0.hold.exchange.number) == request }
        handle(.ended(ExchangeID(UInt64(request))))
    }
}

struct SchedulerExploration {
    @Test func `P1, P3, P4, P7 and P8 hold in any world, and everything that was answered is delivered at last`() {
        for seed in UInt64(1)...4_000 {
            var world = World(seed: seed)
            var moves = 0
            while world.move(), moves < 400 { moves += 1 }
            #expect(world.broken.isEmpty, "seed \(seed)")
            #expect(moves < 400, "seed \(seed) does not end")
            let lost = (0..<world.count).filter { !world.taken.contains($0) && !world.gone.contains($0) }
            #expect(lost.isEmpty, "seed \(seed): P3 \(lost) were never delivered")
            #expect(world.scheduler.holds.isEmpty, "seed \(seed): something is still held")
            if case .steps(let steps) = world.scheduler.plan, !world.scheduler.isInexact {
                let planned = steps.compactMap { step in step.matcher.path.flatMap { Int($0.dropFirst(2)) } }
                    .filter { world.taken.contains($0) }
                #expect(world.taken.filter(planned.contains) == planned, "seed \(seed): P1 not in the plan's order")
            }
        }
    }

    @Test func `P8 the same events have the same effects`() {
        for seed in UInt64(1)...200 {
            var first = World(seed: seed)
            var second = World(seed: seed)
            for _ in 0..<60 {
                let moved = (first.move(), second.move())
                #expect(moved.0 == moved.1)
                #expect(first.scheduler == second.scheduler)
                guard moved.0 else { break }
            }
        }
    }
}
