import Foundation
import GridModel

/// Cells of six kinds and random changes of them, the same in every run.
struct Workload {
    let rows: Int
    let columns: Int
    private var state: UInt64 = 42
    private var intents: UInt64 = 1

    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
    }

    mutating func below(_ bound: Int) -> Int { next(bound) }

    private mutating func next(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
    }

    mutating func cell(_ column: Int) -> String {
        switch column % 6 {
        case 0: "\"name \(next(1_000_000))\""
        case 1: "\(next(1_000_000))"
        case 2: "\(next(10_000)).\(next(100))1"
        case 3: next(2) == 0 ? "true" : "false"
        case 4: "\"2026-\(10 + next(3))-\(10 + next(18))\""
        default: "{\"a\":\(next(1_000)),\"b\":\(next(1_000))}"
        }
    }

    /// Commands of random cell changes; rows are numbered from 1, as a new grid numbers them.
    mutating func commands(_ count: Int, changes: Int) -> [Command] {
        (0..<count).map { _ in
            intents += 1
            let changes = (0..<changes).map { _ -> Change in
                let column = next(columns)
                return .setCell(
                    row: RowID(UInt32(next(rows) + 1)), column: ColumnID(UInt32(column + 1)),
                    value: CellValue(checkedJSON: cell(column)), ifRevision: nil)
            }
            return Command(intent: IntentID(high: 9, low: intents), cause: Cause(kind: .program), changes: changes)
        }
    }
}

/// Durations in milliseconds, and their percentiles.
struct Timings {
    private var milliseconds: [Double] = []

    mutating func add(_ duration: Duration) { milliseconds.append(duration / .milliseconds(1)) }

    var count: Int { milliseconds.count }

    /// In milliseconds; 100 is the longest.
    func value(_ percentile: Int) -> Double {
        let sorted = milliseconds.sorted()
        guard let last = sorted.indices.last else { return 0 }
        return sorted[min(last, sorted.count * percentile / 100)]
    }

    subscript(percentile: Int) -> String { String(format: "%.2f", value(percentile)) }

    subscript(percentile: Int, unit: Duration) -> String {
        String(format: "%.1f", value(percentile) * (.milliseconds(1) / unit))
    }

    static func += (a: inout Timings, b: Timings) { a.milliseconds += b.milliseconds }
}

/// What the disk gives: 4 KB appended and synced, one after the other.
func fdatasyncs(path: String, count: Int) throws -> Timings {
    let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o644)
    guard descriptor >= 0 else { throw CocoaError(.fileNoSuchFile) }
    defer { close(descriptor) }
    var timings = Timings()
    let page = [UInt8](repeating: 7, count: 4_096)
    let clock = ContinuousClock()
    for _ in 0..<count {
        timings.add(
            clock.measure { if write(descriptor, page, page.count) != page.count || fdatasync(descriptor) != 0 { exit(1) } })
    }
    return timings
}
