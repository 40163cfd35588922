import GridImage
import GridModel
import Ordering
import Synchronization

/// Writes down in a grid's log which calls plain words make of a model, and what they cost: the same promise as a run's (E10). A call is made
/// once the log has that it begins.
final class WordsBook: Sendable {
    /// How often an end that the grid is too busy for is tried again. After that the call stays open, and is in doubt with the next turn.
    static let tries = 20

    private struct State {
        /// The highest number given so far, over all grids.
        var last: UInt32 = 0
        /// This process's calls that have begun and not ended.
        var own: [GridID: Set<UInt32>] = [:]
    }

    private let clock: any RunClock
    private let newIntent: @Sendable () -> IntentID
    private let state = Mutex(State())

    init(clock: any RunClock, newIntent: @escaping @Sendable () -> IntentID) {
        self.clock = clock
        self.newIntent = newIntent
    }

    /// Writes down that a call begins, after what a process before this one left open, which is in doubt.
    /// - Returns: the call's number.
    func begin(_ reserved: RunUsage, in grid: any RunGrid) async throws(ModelFailure) -> UInt32 {
        let ledger = grid.snapshotForRun().ledger.words
        let (number, left) = state.withLock { state -> (UInt32, [UInt32]) in
            let left = ledger.open.keys.filter { state.own[grid.id]?.contains($0) != true }.sorted()
            state.last = max(state.last, ledger.last) &+ 1
            state.own[grid.id, default: []].insert(state.last)
            return (state.last, left)
        }
        do throws(SubmissionFailure) {
            if !left.isEmpty {
                // Refused when a turn beside this one has done it.
                do throws(SubmissionFailure) {
                    try await note(.doubted(tasks: left), grid)
                } catch {
                    guard case .refused = error else { throw error }
                }
            }
            try await note(.asked(task: number, call: number, reserved: reserved), grid)
        } catch {
            forget(number, grid.id)
            throw ModelFailure(.stopped, "the model was not asked, because that could not be written down: \(error.reason)")
        }
        return number
    }

    /// Writes down what a call cost; `nil` when nobody knows.
    func end(_ number: UInt32, _ usage: RunUsage?, in grid: any RunGrid) async {
        defer { forget(number, grid.id) }
        let fact: RunFact =
            usage.map { .settled(task: number, call: CallEnd(call: number, usage: $0), .again) } ?? .doubted(tasks: [number])
        for _ in 0..<Self.tries {
            do throws(SubmissionFailure) {
                return try await note(fact, grid)
            } catch {
                guard case .overloaded = error else { return }
                await clock.wait(until: clock.now + .milliseconds(500))
            }
        }
    }

    private func forget(_ number: UInt32, _ grid: GridID) {
        state.withLock { _ = $0.own[grid]?.remove(number) }
    }

    private func note(_ fact: RunFact, _ grid: any RunGrid) async throws(SubmissionFailure) {
        let cause = Cause(kind: .agent, run: .words)
        _ = try await grid.submitForRun(Command(intent: newIntent(), cause: cause, changes: [.noteRun(.words, fact)]))
    }
}
