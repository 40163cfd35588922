import Reordering
import Testing

/// A scheduler with its effects, driven by hand. Requests are named by their paths.
struct Driven {
    var scheduler: Scheduler
    var now: UInt64 = 0
    var released: [String] = []
    var reports: [Scheduler.Report] = []
    private var ids: [String: ExchangeID] = [:]

    init(_ plan: ReorderingPlan, limits: ReorderingLimits = ReorderingLimits(patience: 1_000)) {
        scheduler = Scheduler(plan, limits: limits)
    }

    mutating func handle(_ event: Scheduler.Event) {
        scheduler.handle(event, at: now)
        while let effect = scheduler.nextEffect() {
            switch effect {
            case .release(let hold, let confirm): released.append(name(hold) + (confirm ? "!" : ""))
            case .report(let report): reports.append(report)
            }
        }
    }

    private func name(_ hold: HoldID) -> String {
        let path = ids.first { $0.value == hold.exchange }?.key ?? "?"
        return hold.message == 0 ? path : "\(path).\(hold.message)"
    }

    mutating func ask(_ names: String..., isCandidate: Bool = true) {
        for name in names {
            ids[name] = ExchangeID(UInt64(ids.count + 1))
            let target = "/" + name.prefix { $0 != "'" }
            handle(.requested(id(name), RequestIdentity(method: "GET", target: target), isCandidate: isCandidate))
        }
    }

    func id(_ name: String) -> ExchangeID { ids[name] ?? ExchangeID(0) }
    func hold(_ name: String, _ message: Int = 0) -> HoldID { HoldID(id(name), message: message) }

    mutating func answer(_ names: String..., message: Int = 0) {
        for name in names { handle(.answered(hold(name, message))) }
    }

    /// The client takes what was released to be confirmed, until nothing more is.
    mutating func takeAll() {
        while let hold = scheduler.unconfirmed { handle(.taken(hold)) }
    }

    mutating func wait(_ time: UInt64) {
        now += time
        handle(.timePassed)
    }
}

func step(_ name: String, nth: Int? = nil, message: Int = 0, after: [PlanStep.Condition] = []) -> PlanStep {
    PlanStep(RequestMatcher(path: "/" + name), nth: nth, message: message, after: after)
}

struct SchedulerTests {
    @Test func `P1 a plan releases in its order, each after the client has taken the one before`() {
        var run = Driven(.steps([step("b"), step("a")]))
        run.ask("a", "b")
        run.answer("a")
        #expect(run.released == [])
        run.answer("b")
        #expect(run.released == ["b!"])
        run.handle(.taken(run.hold("b")))
        #expect(run.released == ["b!", "a!"])
        run.handle(.taken(run.hold("a")))
        #expect(run.reports == [.planDone])
        #expect(run.scheduler.delivered.map(\.identity.path) == ["/b", "/a"])
        #expect(!run.scheduler.isInexact)
    }

    @Test func `P2 what no plan names is not held`() {
        var run = Driven(.steps([step("b")]))
        run.ask("a")
        run.answer("a")
        #expect(run.released == ["a"])
        var pass = Driven(.pass)
        pass.ask("a")
        pass.answer("a")
        #expect(pass.released == ["a"])
    }

    @Test func `P3 when nothing else can come, the step that was not asked for is set aside and the rest goes on in order`() {
        var run = Driven(.steps([step("c"), step("b"), step("a")]))
        run.ask("a", "b")
        run.answer("a", "b")
        run.wait(999)
        #expect(run.released == [])
        run.wait(1)
        #expect(run.reports == [.setAside(step: 0)])
        run.takeAll()
        #expect(run.released == ["b!", "a!"])
        #expect(run.scheduler.isInexact)
    }

    @Test func `P3 a request that is unanswered is waited for longer, and then no more`() {
        var run = Driven(.steps([step("b"), step("a")]))
        run.ask("a", "b")
        run.answer("a")
        run.wait(1_000)
        #expect(run.released == [])
        run.wait(4_000)
        #expect(run.released == ["a!"])
        run.answer("b")
        #expect(run.released == ["a!", "b"], "a step that was set aside holds nothing")
    }

    @Test func `P3 a program that says it is quiet spares the waiting`() {
        var run = Driven(.steps([step("b"), step("a")]))
        run.ask("a")
        run.answer("a")
        run.handle(.quietDeclared)
        #expect(run.released == ["a!"])
        #expect(run.scheduler.precedences == [.init(before: 1, after: 0)], "b was not asked for while only a was held")
    }

    @Test func `P4 what the client gives up is no step to wait for`() {
        var run = Driven(.steps([step("b"), step("a")]))
        run.ask("a", "b")
        run.answer("a")
        run.handle(.ended(run.id("b")))
        #expect(run.released == ["a!"])
        #expect(run.reports == [.givenUp(step: 0)])
        run.handle(.ended(run.id("a")))
        #expect(run.scheduler.unconfirmed == nil)
        #expect(!run.scheduler.isInexact)
    }

    @Test func `equal requests are told apart by their number`() {
        var run = Driven(.steps([step("a", nth: 2), step("a", nth: 1)]))
        run.ask("a'1", "a'2", "a'3")
        run.answer("a'1", "a'3", "a'2")
        run.takeAll()
        #expect(run.released == ["a'3", "a'2!", "a'1!"])
    }

    @Test func `without a number the steps take equal requests in their order`() {
        var run = Driven(.steps([step("a"), step("a")]))
        run.ask("a'1", "a'2")
        run.answer("a'2")
        #expect(run.released == [])
        run.answer("a'1")
        run.takeAll()
        #expect(run.released == ["a'1!", "a'2!"])
    }

    @Test func `a step waits for its barrier and for the request it names`() {
        var run = Driven(.steps([step("a", after: [.barrier("paid"), .requested(RequestMatcher(path: "/b"))])]))
        run.ask("a")
        run.answer("a")
        run.handle(.barrier("paid"))
        #expect(run.released == [])
        run.ask("b")
        #expect(run.released == ["a!"])
    }

    @Test func `conditions that never come true are given up with the step's name`() {
        var run = Driven(.steps([step("a", after: [.barrier("paid")])]))
        run.ask("a")
        run.answer("a")
        run.wait(1_000)
        #expect(run.released == ["a!"])
        #expect(run.reports == [.setAside(step: 0)])
    }

    @Test func `P5 messages of a stream are steps of their own`() {
        var run = Driven(.steps([step("a"), step("s", message: 2)]))
        run.ask("s", "a")
        run.answer("s")
        run.answer("s", message: 1)
        run.answer("s", message: 2)
        #expect(run.released == ["s", "s.1"])
        run.answer("a")
        run.takeAll()
        #expect(run.released == ["s", "s.1", "a!", "s.2!"])
    }

    @Test func `the order of intent waits for what was asked for before`() {
        var run = Driven(.intent)
        run.ask("a", "b", "c")
        run.ask("style", isCandidate: false)
        run.answer("style", "c", "b")
        #expect(run.released == ["style"])
        run.answer("a")
        run.takeAll()
        #expect(run.released == ["style", "a!", "b!", "c!"])
    }

    @Test func `P3 in the order of intent what is never answered is passed over at last`() {
        var run = Driven(.intent)
        run.ask("poll", "b")
        run.answer("b")
        run.wait(5_000)
        #expect(run.released == ["b!"])
        #expect(run.reports == [.passedOver(run.id("poll"))])
        #expect(run.scheduler.isInexact)
    }

    @Test func `the other way round begins when nothing more comes`() {
        var run = Driven(.reverse)
        run.ask("a", "b", "c")
        run.answer("b", "a", "c")
        #expect(run.released == [])
        run.wait(1_000)
        run.ask("d")
        run.answer("d")
        run.takeAll()
        #expect(run.released == ["c!", "b!", "a!"], "what comes meanwhile is another batch")
        run.wait(1_000)
        #expect(run.released.last == "d!")
    }

    @Test func `P5 the other way round keeps the messages of a stream in their order`() {
        var run = Driven(.reverse)
        run.ask("s", "a")
        run.answer("s")
        run.answer("s", message: 1)
        run.answer("a")
        run.answer("s", message: 2)
        run.wait(1_000)
        run.takeAll()
        #expect(run.released == ["a!", "s!", "s.1!", "s.2!"])
    }

    @Test func `a seed tries each order of the same requests once`() {
        var run = Driven(.drawn(seed: 7))
        var orders: Set<[String]> = []
        for round in 0..<6 {
            run.released = []
            run.ask("a'\(round)", "b'\(round)", "c'\(round)")
            run.answer("a'\(round)", "b'\(round)", "c'\(round)")
            run.wait(1_000)
            run.takeAll()
            orders.insert(run.released.map { String($0.prefix(1)) })
            for name in ["a", "b", "c"] { run.handle(.ended(run.id("\(name)'\(round)"))) }
        }
        #expect(orders.count == 6)
    }

    @Test func `by hand everything waits for a person`() {
        var run = Driven(.hand)
        run.ask("a", "b")
        run.answer("a", "b")
        run.wait(1_000_000)
        #expect(run.released == [])
        run.handle(.releaseAsked(run.hold("b")))
        #expect(run.released == ["b"])
        run.handle(.releaseAllAsked)
        #expect(run.released == ["b", "a"])
        run.handle(.releaseAsked(run.hold("a")))
        #expect(run.released.count == 2)
    }

    @Test func `a person may release what a plan holds, and the plan goes on`() {
        var run = Driven(.steps([step("b"), step("a"), step("c")]))
        run.ask("a", "c")
        run.answer("a", "c")
        run.handle(.releaseAsked(run.hold("a")))
        run.ask("b")
        run.answer("b")
        run.takeAll()
        #expect(run.released == ["a", "b!", "c!"])
    }

    @Test func `P6 more than may be held passes, and the run says so`() {
        var run = Driven(.hand, limits: ReorderingLimits(holds: 1, patience: 1))
        run.ask("a", "b")
        run.answer("a", "b")
        #expect(run.released == ["b"])
        #expect(run.reports == [.tooMany(run.hold("b"))])
        #expect(run.scheduler.isInexact)
    }

    @Test func `what a driver repeats or makes up changes nothing`() {
        var run = Driven(.steps([step("a")]))
        run.handle(.answered(HoldID(ExchangeID(9))))
        run.handle(.taken(HoldID(ExchangeID(9))))
        run.handle(.ended(ExchangeID(9)))
        run.ask("a")
        run.answer("a", "a")
        #expect(run.released == ["a!"])
        run.answer("a")
        #expect(run.released == ["a!"])
    }
}
