import MessageFraming
import NIOCore
import Reordering

// Everything of a running proxy but its sockets' handlers. It lives on one event loop: decisions are taken in one order, the one in
// which things happened, without a lock. One loop carries some thousand connections, and a laptop's page has six.

/// The heart of a running proxy: the scheduler, what is under way, and who watches.
final class ProxyHub {
    let loop: any EventLoop
    let configuration: ProxyConfiguration
    let environment: ProxyEnvironment
    let guardian: ProxyGuard
    let tracer: ProxyTracer?
    let connector: UpstreamConnector
    private(set) var scheduler: Scheduler
    private var live: [ExchangeID: Exchange] = [:]
    private var serial: UInt64 = 0
    private var timer: Scheduled<Void>?
    private var isDraining = false
    /// Events that happened while effects were applied.
    private var waiting: [Scheduler.Event] = []
    /// Of open connections.
    var connections = 0
    /// Bytes that wait for their release.
    var heldBytes = 0
    /// Names the recorder as it is, so that a browser may keep it.
    let recorderVersion: String
    /// Some page has the recorder, which hears the messages of its streams.
    var hasInjected = false
    /// Grows with everything that the page of holds shows.
    private(set) var version: UInt64 = 1
    private var watchers: [Int: () -> Void] = [:]
    private var watcherSerial = 0
    private(set) var reports: [String] = []
    private(set) var finals: [(name: String, digest: String)] = []
    private(set) var traceParts = TracePartQueue()
    /// Where the proxy is, once it listens.
    var ownPort = 0
    /// What follows a stop.
    private var closers: [ObjectIdentifier: () -> Void] = [:]

    init(loop: any EventLoop, configuration: ProxyConfiguration, environment: ProxyEnvironment) throws {
        self.loop = loop
        self.configuration = configuration
        self.environment = environment
        guardian = ProxyGuard(allowed: configuration.allowedHosts, scheme: configuration.scheme)
        tracer = environment.record.map { ProxyTracer(environment, sink: $0) }
        connector = try UpstreamConnector(configuration.upstream, trusted: environment.trusted)
        recorderVersion = FinalDigest.of(configuration.files[HTMLInjection.recorder] ?? [])
        scheduler = Scheduler(configuration.plan, limits: configuration.limits)
    }

    // MARK: - Exchanges

    func newID() -> ExchangeID {
        serial += 1
        return ExchangeID(serial)
    }

    func began(_ exchange: Exchange) {
        live[exchange.id] = exchange
        tracer?.requested(exchange)
        if configuration.plan.readsBodies, exchange.request.framing != .none { return exchange.gatherBody() }
        requested(exchange, body: [])
    }

    /// It is known what a request asks for.
    func requested(_ exchange: Exchange, body: [UInt8]) {
        guard live[exchange.id] != nil else { return }
        handle(.requested(exchange.id, exchange.identity, isCandidate: exchange.isCandidate, body: body))
    }

    func ended(_ exchange: Exchange, _ how: String) {
        guard live.removeValue(forKey: exchange.id) != nil else { return }
        tracer?.ended(exchange, how)
        handle(.ended(exchange.id))
    }

    var exchanges: [Exchange] { live.values.sorted { $0.id < $1.id } }
    func exchange(_ id: ExchangeID) -> Exchange? { live[id] }

    /// The page has handled what was released to it.
    func pageSays(_ word: PageWord) {
        exchanges.first { $0.awaits(word) }?.pageConfirmed()
    }

    /// Calls back when nothing came of something for as long as the plan's patience.
    func afterPatience(_ body: @escaping () -> Void) {
        let bound = NIOLoopBound(body, eventLoop: loop)
        loop.scheduleTask(in: .nanoseconds(Int64(clamping: configuration.limits.patience))) { bound.value() }
    }

    // MARK: - The scheduler

    /// One event, then its effects. An effect may lead to further events: they wait until these effects are through.
    func handle(_ event: Scheduler.Event) {
        waiting.append(event)
        guard !isDraining else { return }
        isDraining = true
        while !waiting.isEmpty {
            scheduler.handle(waiting.removeFirst(), at: environment.now())
            while let effect = scheduler.nextEffect() { apply(effect) }
        }
        isDraining = false
        version += 1
        setTimer()
        for watcher in watchers.sorted(by: { $0.key < $1.key }) { watcher.value() }
    }

    private func apply(_ effect: Scheduler.Effect) {
        switch effect {
        case .release(let hold, let confirm): live[hold.exchange]?.release(hold.message, confirm: confirm)
        case .report(let report): say(report)
        }
    }

    private func say(_ report: Scheduler.Report) {
        if let sentence = words(report) { tell(sentence) }
    }

    /// Says something about the run to everybody who reads about it.
    func tell(_ sentence: String) {
        if reports.count < ReorderingLimits.deliveries { reports.append(sentence) }
        environment.say(sentence)
        tracer?.note(sentence)
    }

    private func words(_ report: Scheduler.Report) -> String? {
        switch report {
        case .setAside(let step):
            "inexact: step \(step + 1)\(stepText(step)) did not come though nothing else could; the plan goes on without it"
        case .givenUp(let step): "step \(step + 1)\(stepText(step)) was given up by the client"
        case .passedOver(let id):
            "inexact: \(scheduler.identity(of: id)?.0.text ?? "a request") is not answered and not waited for"
        case .tooMany(let hold):
            "inexact: \(scheduler.identity(of: hold.exchange)?.0.text ?? "a response") passed, as \(configuration.limits.holds) are held"
        case .planDone: "the plan is done"
        }
    }

    private func stepText(_ step: Int) -> String {
        guard case .steps(let list) = configuration.plan, list.indices.contains(step) else { return "" }
        return " (\(list[step].text))"
    }

    private func setTimer() {
        timer?.cancel()
        timer = nil
        guard let deadline = scheduler.deadline else { return }
        let now = environment.now()
        let wait = deadline > now ? Int64(clamping: deadline - now) : 0
        let hub = NIOLoopBound(self, eventLoop: loop)
        timer = loop.scheduleTask(in: .nanoseconds(wait)) { hub.value.handle(.timePassed) }
    }

    // MARK: - Watching

    /// Calls back after every change until it is taken away.
    func watch(_ body: @escaping () -> Void) -> Int {
        watcherSerial += 1
        watchers[watcherSerial] = body
        return watcherSerial
    }

    func unwatch(_ id: Int) { watchers[id] = nil }

    // MARK: - What is told

    func keepFinal(_ name: String, _ digest: String) {
        guard finals.count < ProxyLimits.finals else { return }
        finals.append((name, digest))
        tracer?.final(name, digest)
    }

    func keepPart(_ part: TracePartQueue.Part) {
        for lines in traceParts.add(part) { environment.record?(lines) }
    }

    // MARK: - The end

    func opened(_ key: ObjectIdentifier, close: @escaping () -> Void) {
        connections += 1
        closers[key] = close
    }

    func closed(_ key: ObjectIdentifier) {
        guard closers.removeValue(forKey: key) != nil else { return }
        connections -= 1
    }

    func stop() {
        timer?.cancel()
        for closer in closers.values { closer() }
        for lines in traceParts.rest() { environment.record?(lines) }
        tracer?.flush()
    }
}
