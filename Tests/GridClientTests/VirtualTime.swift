import GridClient
import Ordering
import Synchronization

/// Time that passes only when a test moves it.
final class VirtualTime: Sendable {
    private struct Sleeper {
        var due: UInt64
        var wake: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: UInt64 = 0
        var sleepers: [UInt64: Sleeper] = [:]
        var cancelled: Set<UInt64> = []
        var next: UInt64 = 0
        var slept: [Duration] = []
    }

    private let state = Mutex(State())

    /// Every wait that was asked for.
    var slept: [Duration] { state.withLock { $0.slept } }

    /// Runs `body` while time flows.
    func whileFlowing<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                await self.flow()
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let finished = try await group.next() {
                if let finished { return finished }
            }
            throw CancellationError()
        }
    }

    func environment(seed: UInt64 = 1) -> ClientEnvironment {
        let random = Mutex(seed)
        return ClientEnvironment(
            clock: { Instant(milliseconds: self.state.withLock { $0.now }) }, sleep: { try await self.sleep($0) },
            chance: {
                random.withLock { seed in
                    seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return seed
                }
            })
    }

    /// Wakes everyone who is due by then.
    func advance(milliseconds: UInt64) {
        let due = state.withLock { state -> [Sleeper] in
            state.now += milliseconds
            let keys = state.sleepers.filter { $0.value.due <= state.now }.keys
            return keys.sorted().compactMap { state.sleepers.removeValue(forKey: $0) }
        }
        for sleeper in due { sleeper.wake.resume() }
    }

    /// Moves time on in small steps, letting everything that can run do so in between, until it is cancelled.
    ///
    /// A thread of another task may be the one that the machine has set aside. Yielding alone would let hours pass for it meanwhile, and what it was
    /// about to do would be late; a pause, however short, gives the processor away at every step, as often as that thread needs it.
    func flow() async {
        while !Task.isCancelled {
            for _ in 0..<20 { await Task.yield() }
            try? await Task.sleep(for: .microseconds(200))  // the pause told of above
            advance(milliseconds: 10)
        }
    }

    private func sleep(_ duration: Duration) async throws {
        let milliseconds = UInt64(
            max(0, duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000))
        let id = state.withLock { state in
            state.next += 1
            state.slept.append(duration)
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wake in
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    state.sleepers[id] = Sleeper(due: state.now + milliseconds, wake: wake)
                    return false
                }
                if isCancelled { wake.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                if let sleeper = state.sleepers.removeValue(forKey: id) { return sleeper }
                state.cancelled.insert(id)
                return nil
            }
            sleeper?.wake.resume(throwing: CancellationError())
        }
    }
}
