import Foundation
import GridClient
import GridModel
import Ordering
import Synchronization

/// What a flood writes: a function of its seed.
struct FloodPlan: Sendable {
    var grid: GridID
    var rows: [RowID]
    var columns: [Column]
    var changes: Int
    var batch: Int
    /// Changes a second; 0 for no limit.
    var rate: Int
    var seed: UInt64
    var cause: Cause.Kind

    var commands: Int { (changes + batch - 1) / batch }

    /// The changes of a command.
    func command(_ number: Int) -> [Change] {
        var random = SplitMix(state: seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
        return (0..<min(batch, changes - number * batch)).map { index in
            let row = rows[Int(random.next() % UInt64(rows.count))]
            let column = columns[Int(random.next() % UInt64(columns.count))]
            return .setCell(
                row: row, column: column.id, value: value(column, number * batch + index, random.next()), ifRevision: nil)
        }
    }

    /// When a command is due, in milliseconds after the start.
    func due(_ number: Int) -> UInt64 {
        rate == 0 ? 0 : UInt64(Double(number) * Double(batch) * 1_000 / Double(rate))
    }

    private func value(_ column: Column, _ change: Int, _ random: UInt64) -> CellValue? {
        switch column.type {
        case .number: CellValue(checkedJSON: String(random % 100_000))
        case .boolean: random % 2 == 0 ? .yes : .no
        case .text, .date, .json: CellValue(text: "flood \(change) \(String(random % 65_536, radix: 16))")
        }
    }
}

/// Sends a plan's commands, several at a time, each no earlier than it is due.
struct Flood: Sendable {
    var plan: FloodPlan
    var client: GridClient

    struct Result: Sendable {
        var changes = 0
        var failed = 0
        var milliseconds: UInt64 = 0
        var lastRevision = Revision.zero
        /// From sending to acknowledgement, in milliseconds.
        var latencies: [UInt64] = []
        /// The first failure.
        var failure: CommandFailure?

        /// - Parameter part: 0.5 for the median.
        func latency(_ part: Double) -> Int {
            let sorted = latencies.sorted()
            guard !sorted.isEmpty else { return 0 }
            return Int(sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))])
        }
    }

    func run(writers: Int, progress: @escaping @Sendable (_ done: Int, _ failed: Int) -> Void) async -> Result {
        let start = Console.milliseconds
        let tally = FloodTally(commands: plan.commands)
        await withDiscardingTaskGroup { group in
            for _ in 0..<min(writers, plan.commands) {
                group.addTask {
                    while let number = tally.next() {
                        await send(number, start: start, tally)
                        let (done, failed) = tally.result { ($0.changes, $0.failed) }
                        progress(done, failed)
                    }
                }
            }
        }
        var total = tally.result { $0 }
        total.milliseconds = Console.milliseconds - start
        return total
    }

    private func send(_ number: Int, start: UInt64, _ tally: FloodTally) async {
        let changes = plan.command(number)
        do {
            let elapsed = Console.milliseconds - start
            let due = plan.due(number)
            // The rate that was asked for: a flood is paced by the clock.
            if due > elapsed { try await Task.sleep(for: .milliseconds(Int64(due - elapsed))) }
            let sent = Console.milliseconds
            let outcome = try await client.submit(changes, to: plan.grid, intent: client.newIntent(), cause: plan.cause)
            let latency = Console.milliseconds - sent
            tally.result { result in
                result.changes += changes.count
                result.lastRevision = max(result.lastRevision, outcome.revision)
                result.latencies.append(latency)
            }
        } catch {
            tally.stop()
            tally.result { result in
                result.failed += changes.count
                result.failure = result.failure ?? CommandFailure(error)
            }
        }
    }
}

/// What the writers of a flood share: which command is next, and what came of those before.
private final class FloodTally: Sendable {
    private let commands: Int
    private let upcoming = Mutex(0)
    private let total = Mutex(Flood.Result())

    init(commands: Int) {
        self.commands = commands
    }

    /// The next command to send; `nil` when none is left.
    func next() -> Int? {
        upcoming.withLock { upcoming in
            guard upcoming < commands else { return nil }
            upcoming += 1
            return upcoming - 1
        }
    }

    /// No further command is sent.
    func stop() {
        upcoming.withLock { $0 = commands }
    }

    func result<Value: Sendable>(_ body: (inout Flood.Result) -> Value) -> Value {
        total.withLock { body(&$0) }
    }
}

/// A small generator of pseudo-random numbers (Steele, Lea, Flood 2014).
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
