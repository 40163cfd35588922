import Diagnosis
import Guards
import Synchronization
import Testing
import Trace
import TraceRecording

/// The guards against what `predict` says of a run that went well: its orders are made to happen, without a guard and with each.
@MainActor struct PredictedOrderTests {
    enum Kind: String, CaseIterable, Sendable {
        case none
        case newestIntent = "G2"
        case versionGate = "G3"
        case queueAtOnce = "G9"
    }

    /// Three clicks, each of which asks for a total: 10, 20, 30.
    @MainActor private final class Shop {
        private(set) var total = 0
        private let kind: Kind
        private let answers = Answers()
        private let recorder: TraceRecorder
        private let lines: Lines
        private let (newest, gate, queue) = (LatestIntent(), VersionGate<String, Int>(), IntentQueue(start: .atOnce))
        private var clicks: [Task<Void, Never>] = []
        private var frame: Int64 = 0
        private(set) var requests: [String] = []

        init(_ kind: Kind) {
            let (lines, numbers) = (Lines(), Numbers())
            (self.kind, self.lines) = (kind, lines)
            recorder = TraceRecorder(
                process: "app", role: .browser, trace: "t", keepsValues: true, now: { numbers.next() * 1_000_000 },
                random: { numbers.next() &* 0x9E37_79B9_7F4A_7C15 }, sink: { lines.add($0) })
            recorder.slot("total", policy: "latest")
        }

        /// Asks, and returns once the request is under way.
        func click() async {
            let number = clicks.count
            let intent = recorder.intent("total", rank: Int64(number))
            let request = recorder.start(method: "GET", url: "/total?cart=\(number)", intent: intent)
            requests.append(request.id)
            clicks.append(Task { await self.ask(number, request) })
            await answers.untilAsked(number + 1)
        }

        /// Lets a click's answer come, and returns once it has been dealt with.
        func answer(_ number: Int) async {
            answers.give(number)
            // A queue may hold it until those before it are there.
            if kind != .queueAtOnce { await clicks[number].value }
        }

        func log() async -> TraceLog {
            for click in clicks { await click.value }
            recorder.flush()
            return TraceReader.read(lines.bytes).log
        }

        private func ask(_ number: Int, _ request: TracedRequest) async {
            let answers = answers
            switch kind {
            case .none: show(await answers.total(number), request)
            case .newestIntent:
                _ = try? await withLatest(newest) {
                    await answers.total(number)
                } apply: {
                    show($0, request)
                }
            case .versionGate:
                let total = await answers.total(number)
                _ = gate.admit(number, of: "total") { show(total, request) }
            case .queueAtOnce:
                try? await queue.run {
                    await answers.total(number)
                } apply: {
                    show($0, request)
                }
            }
        }

        private func show(_ value: Int, _ request: TracedRequest) {
            recorder.arrive(request, status: 200)
            let turn = recorder.deliver(request)
            total = value
            frame += 1
            recorder.write(
                "total", key: "total", value: .integer(Int64(value)), version: frame,
                guard: kind == .none ? nil : kind.rawValue,
                in: turn)
            recorder.render(frame, shows: [(key: "total", version: frame)])
        }
    }

    @Test func `predict names an order that goes wrong, it does go wrong so, and no guard lets it`() async throws {
        // Calm: each answer is there before the next click.
        let calm = Shop(.none)
        for number in 0..<3 {
            await calm.click()
            await calm.answer(number)
        }
        let log = await calm.log()
        #expect(calm.total == 30)
        let predictions = Predictions(log)
        #expect(predictions.recordedViolations == 0 && predictions.found.count == 2)
        for prediction in predictions.found {
            let order = Self.arrivals(prediction, log, calm.requests)
            #expect(order.sorted() == [0, 1, 2] && order != [0, 1, 2])
            for kind in Kind.allCases {
                let shop = Shop(kind)
                for _ in 0..<3 { await shop.click() }
                for number in order { await shop.answer(number) }
                let happened = await shop.log()
                #expect(
                    "\(shop.total)" == (kind == .none ? try #require(prediction.ends.first).predicted : "30"),
                    "\(kind), \(order)")
                let findings = Diagnosis(happened).findings.filter { $0.isViolation }
                #expect(findings.isEmpty == (kind != .none), "\(kind), \(order)")
            }
        }
    }

    @Test(arguments: Kind.allCases.filter { $0 != .none }) func `predict finds nothing in a calm run of the guarded shop`(
        _ kind: Kind
    )
        async throws
    {
        let shop = Shop(kind)
        for number in 0..<3 {
            await shop.click()
            await shop.answer(number)
        }
        let log = await shop.log()
        #expect(shop.total == 30)
        let predictions = Predictions(log)
        #expect(predictions.hasWrites && predictions.found.isEmpty)
    }

    /// The clicks in the order in which the prediction has their answers come.
    private static func arrivals(_ prediction: Prediction, _ log: TraceLog, _ requests: [String]) -> [Int] {
        var order: [Int] = []
        for event in prediction.order {
            guard let click = requests.firstIndex(of: log.text(log.requests[event])), !order.contains(click) else { continue }
            order.append(click)
        }
        return order
    }
}

/// Answers that a test gives when it likes.
private final class Answers: Sendable {
    private struct State {
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var asked = 0
        var watcher: (count: Int, continuation: CheckedContinuation<Void, Never>)?
    }

    private let state = Mutex(State())

    func total(_ number: Int) async -> Int {
        await withCheckedContinuation { continuation in
            let watcher = state.withLock { state in
                state.waiting[number] = continuation
                state.asked += 1
                guard let watcher = state.watcher, state.asked >= watcher.count else {
                    return CheckedContinuation<Void, Never>?.none
                }
                state.watcher = nil
                return watcher.continuation
            }
            watcher?.resume()
        }
        return (number + 1) * 10
    }

    func give(_ number: Int) {
        state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
    }

    func untilAsked(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.asked < count { state.watcher = (count, continuation) }
                return state.asked >= count
            }
            if isThere { continuation.resume() }
        }
    }
}

/// 1, 2, 3 ...
private final class Numbers: Sendable {
    private let last = Mutex<UInt64>(0)

    func next() -> UInt64 {
        last.withLock { last in
            last += 1
            return last
        }
    }
}

private final class Lines: Sendable {
    private let all = Mutex<[UInt8]>([])

    var bytes: [UInt8] { all.withLock { $0 } }

    func add(_ bytes: [UInt8]) { all.withLock { $0.append(contentsOf: bytes) } }
}
