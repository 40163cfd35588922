import Guards
import Synchronization
import Testing

/// Requests whose answers a test gives, in an order of its choosing.
private final class Requests: Sendable {
    private struct State {
        var begun: [Int: CheckedContinuation<Int, any Error>] = [:]
        var early: [Int: Result<Int, any Error>] = [:]
        var watching: (count: Int, continuation: CheckedContinuation<Void, Never>)?
        var cancelled: Set<Int> = []
        var order: [Int] = []
    }

    struct Refused: Error {}

    private let state = Mutex(State())

    var cancelled: Set<Int> { state.withLock { $0.cancelled } }
    /// The requests that began, in that order.
    var order: [Int] { state.withLock { $0.order } }

    /// A request that takes no notice of being cancelled, as many do; it only notes it.
    func send(_ number: Int) async throws -> Int {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (early, watcher) = state.withLock { state in
                    state.order.append(number)
                    let watcher = state.watching.flatMap { state.order.count >= $0.count ? $0.continuation : nil }
                    if watcher != nil { state.watching = nil }
                    if let early = state.early.removeValue(forKey: number) { return (Optional(early), watcher) }
                    state.begun[number] = continuation
                    return (nil, watcher)
                }
                watcher?.resume()
                if let early { continuation.resume(with: early) }
            }
        } onCancel: {
            state.withLock { _ = $0.cancelled.insert(number) }
        }
    }

    func answer(_ number: Int, with result: Result<Int, any Error>? = nil) {
        let result = result ?? .success(number)
        let waiting = state.withLock { state in
            let waiting = state.begun.removeValue(forKey: number)
            if waiting == nil { state.early[number] = result }
            return waiting
        }
        waiting?.resume(with: result)
    }

    /// Returns once so many have begun.
    func untilBegun(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                guard state.order.count < count else { return true }
                state.watching = (count, continuation)
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}

@MainActor private final class Screen {
    var shown: [Int] = []
}

@MainActor struct GuardsTests {
    nonisolated static let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]

    @Test(arguments: orders) func `withLatest: in every order of three answers only the last intent is shown`(_ order: [Int])
        async throws
    {
        let (slot, requests, screen) = (LatestIntent(), Requests(), Screen())
        var asked: [Task<GuardOutcome, any Error>] = []
        for number in 0..<3 {
            asked.append(
                Task {
                    try await withLatest(slot) {
                        try await requests.send(number)
                    } apply: {
                        screen.shown.append($0)
                    }
                })
            await requests.untilBegun(number + 1)
        }
        for number in order {
            requests.answer(number)
            _ = try await asked[number].value
        }
        #expect(screen.shown == [2])
        #expect(requests.cancelled == [0, 1])
        var outcomes: [GuardOutcome] = []
        for task in asked { outcomes.append(try await task.value) }
        #expect(outcomes == [.superseded, .superseded, .applied])
    }

    @Test func `cancelling alone fails where a request takes no notice, and identity does not`() async throws {
        let (requests, screen) = (Requests(), Screen())
        var last: Task<Void, any Error>?
        var asked: [Task<Void, any Error>] = []
        for number in 0..<2 {
            last?.cancel()
            let task = Task { screen.shown.append(try await requests.send(number)) }
            (last, asked) = (task, asked + [task])
            await requests.untilBegun(number + 1)
        }
        requests.answer(1)
        try await asked[1].value
        requests.answer(0)
        try await asked[0].value
        // What withLatest's test above shows not to happen.
        #expect(screen.shown == [1, 0] && requests.cancelled == [0])
    }

    @Test func `withLatest: an older failure says nothing, the newest one is thrown, and leaving supersedes all`() async throws
    {
        let (slot, requests) = (LatestIntent(), Requests())
        let first = Task {
            try await withLatest(slot) {
                try await requests.send(0)
            } apply: { _ in
            }
        }
        await requests.untilBegun(1)
        let second = Task {
            try await withLatest(slot) {
                try await requests.send(1)
            } apply: { _ in
            }
        }
        await requests.untilBegun(2)
        requests.answer(0, with: .failure(Requests.Refused()))
        #expect(try await first.value == .superseded)
        requests.answer(1, with: .failure(Requests.Refused()))
        await #expect(throws: Requests.Refused.self) { try await second.value }
        let third = Task {
            try await withLatest(slot) {
                try await requests.send(2)
            } apply: { _ in
            }
        }
        await requests.untilBegun(3)
        slot.leave()
        requests.answer(2)
        #expect(try await third.value == .superseded)
    }

    @Test func `withLatest: a caller that is cancelled has its work cancelled`() async throws {
        let (slot, requests) = (LatestIntent(), Requests())
        let task = Task {
            try await withLatest(slot) {
                try await requests.send(0)
            } apply: { _ in
            }
        }
        await requests.untilBegun(1)
        task.cancel()
        requests.answer(0)
        _ = try await task.value
        #expect(requests.cancelled == [0])
    }

    @Test(arguments: orders) func `a queue that begins at once applies in the order of asking, whatever answers first`(
        _ order: [Int]
    ) async throws {
        let (queue, requests, screen) = (IntentQueue(start: .atOnce), Requests(), Screen())
        var asked: [Task<Void, any Error>] = []
        for number in 0..<3 {
            asked.append(
                Task {
                    try await queue.run {
                        try await requests.send(number)
                    } apply: {
                        screen.shown.append($0)
                    }
                })
            await requests.untilBegun(number + 1)
        }
        for number in order { requests.answer(number, with: number == 1 ? .failure(Requests.Refused()) : nil) }
        for task in asked { _ = await task.result }
        #expect(screen.shown == [0, 2])
    }

    @Test func `a queue that begins in turn has one request under way`() async throws {
        let (queue, requests, screen) = (IntentQueue(), Requests(), Screen())
        // The turn is taken by the call, which a task makes when it first runs: in the order of the main actor's queue.
        let asked = (0..<3).map { number in
            Task {
                try await queue.run {
                    try await requests.send(number)
                } apply: {
                    screen.shown.append($0)
                }
            }
        }
        for number in 0..<3 {
            await requests.untilBegun(number + 1)
            #expect(requests.order == Array(0...number))
            requests.answer(number)
        }
        for task in asked { try await task.value }
        #expect(screen.shown == [0, 1, 2])
    }

    @Test func `first wins: a second one is busy, and after a failure it is taken again`() async throws {
        let (pay, requests, screen) = (FirstWins(), Requests(), Screen())
        let first = Task {
            try await pay.run {
                try await requests.send(0)
            } apply: {
                screen.shown.append($0)
            }
        }
        await requests.untilBegun(1)
        #expect(
            try await pay.run {
                try await requests.send(9)
            } apply: {
                screen.shown.append($0)
            } == .busy)
        requests.answer(0, with: .failure(Requests.Refused()))
        await #expect(throws: Requests.Refused.self) { try await first.value }
        requests.answer(1)
        #expect(
            try await pay.run {
                try await requests.send(1)
            } apply: {
                screen.shown.append($0)
            } == .applied)
        #expect(screen.shown == [1] && requests.order == [0, 1])
    }

    @Test func `a version gate never goes back, takes the same again, and keeps keys apart`() throws {
        let gate = VersionGate<String, Int>()
        var shown: [Int] = []
        for version in [2, 1, 2, 3] { _ = gate.admit(version, of: "k") { shown.append(version) } }
        #expect(gate.admit(1, of: "other") { shown.append(-1) })
        gate.forget("k")
        #expect(gate.admit(1, of: "k") { shown.append(1) })
        #expect(shown == [2, 2, 3, -1, 1])
        // What fails to apply is not shown: the gate does not count it.
        #expect(throws: Requests.Refused.self) {
            try gate.admit(9, of: "k") { () throws(Requests.Refused) in throw Requests.Refused() }
        }
        #expect(gate.admit(2, of: "k") {})
    }
}
