@testable import GridImage
import Testing

@Suite("The order of rows")
struct RowOrderTests {
    @Test("ranks, slices and membership equal an array's through random insertions, removals and moves", arguments: 1...6)
    func randomly(seed: UInt64) throws {
        var chance = Seeded(seed)
        var order = RowOrder()
        var array: [UInt32] = []
        var next: UInt32 = 1
        for step in 0..<250 {
            switch chance.below(10) {
            case 0..<5:
                let count = chance.chance(10) ? 1 + chance.below(4_000) : 1 + chance.below(20)
                let rows = (0..<count).map { next + UInt32($0) }
                next += UInt32(count)
                let rank = chance.chance(40) ? array.count : chance.below(array.count + 1)
                order.insert(rows, at: rank)
                array.insert(contentsOf: rows, at: rank)
            case 5, 6:
                let percent = chance.chance(20) ? 60 : 2
                let rows = array.filter { _ in chance.chance(percent) }
                order.remove(rows.reversed() + [next + 5])
                let gone = Set(rows)
                array.removeAll { gone.contains($0) }
            case 7: if step % 3 == 0 { order.beginEpoch() }
            default:
                guard !array.isEmpty else { continue }
                let row = array.remove(at: chance.below(array.count))
                order.remove([row])
                let rank = chance.below(array.count + 1)
                order.insert([row], at: rank)
                array.insert(row, at: rank)
            }
            try #require(order.count == array.count)
            for _ in 0..<8 where !array.isEmpty {
                let rank = chance.below(array.count)
                try #require(order.row(at: rank) == array[rank], "seed \(seed) step \(step)")
                try #require(order.rank(of: array[rank]) == rank, "seed \(seed) step \(step)")
            }
            let start = chance.below(array.count + 1)
            let range = start..<min(array.count, start + 150)
            try #require(order.slice(range) == Array(array[range]), "seed \(seed) step \(step)")
            try #require(!order.contains(next) && order.rank(of: next) == nil)
            try #require(order.chunks.allSatisfy { !$0.rows.isEmpty && $0.rows.count <= RowOrder.chunkLimit })
            try #require(Set(order.chunks.map { $0.id }).count == order.chunks.count)
        }
    }

    @Test("rows put back at the ranks they had give the order there was", arguments: 1...4)
    func putBack(seed: UInt64) {
        var chance = Seeded(seed)
        let rows = (1...3_000).map { UInt32($0) }
        for percent in [1, 30] {
            var order = RowOrder(rows)
            let removed = rows.enumerated().filter { _ in chance.chance(percent) }
            order.remove(removed.map { $0.element })
            order.insert(removed.map { ($0.element, $0.offset) })
            #expect(order.slice(0..<order.count) == rows)
        }
    }
}
