import Testing

@testable import Trace

struct ColumnTests {
    /// Values with runs of none, some longer than a block.
    static let samples: [[Int64]] = [
        [], [0], [7], Array(repeating: 0, count: 64), Array(repeating: 3, count: 65),
        (0..<200).map { $0 % 7 == 0 ? Int64($0) : 0 }, Array(repeating: 0, count: 130) + [9], (0..<63).map { Int64($0) },
        (0..<321).map { $0 / 40 % 2 == 0 ? 0 : Int64($0) },
    ]

    static func column(_ values: [Int64]) -> SparseColumn<Int64> {
        var column = SparseColumn<Int64>(missing: 0)
        for value in values { column.append(value) }
        return column
    }

    static func ends(_ counts: [Int64]) -> PoolEnds {
        var ends = PoolEnds()
        for count in counts { ends.append(ends.last + UInt32(count)) }
        return ends
    }

    @Test func `a column gives back what was appended, one by one or as another column`() {
        for first in Self.samples {
            for second in Self.samples {
                var column = Self.column(first)
                column.append(Self.column(second)) { -$0 }
                let whole = first + second.map { -$0 }
                #expect(whole.indices.map { column[$0] } == whole && column.count == whole.count)
                #expect(column == Self.column(whole))
                column.append(5)
                #expect(column[whole.count] == 5)
            }
        }
    }

    @Test func `parts of a pool are where they were put, one by one or as another pool's`() {
        for first in Self.samples {
            for second in Self.samples {
                var ends = Self.ends(first)
                ends.append(Self.ends(second), from: ends.last)
                ends.append(ends.last + 1)
                var start = 0
                for (event, count) in (first + second + [1]).enumerated() {
                    #expect(ends[event].count == Int(count) && (count == 0 || ends[event].lowerBound == start))
                    start += Int(count)
                }
            }
        }
    }
}
