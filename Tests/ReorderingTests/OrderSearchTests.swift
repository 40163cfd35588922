import Reordering
import Testing

struct OrderSearchTests {
    private func orders(_ search: OrderSearch) -> [[Int]] {
        var search = search
        var orders: [[Int]] = []
        while let order = search.nextOrder() { orders.append(order) }
        return orders
    }

    private func inversions(_ order: [Int]) -> Int {
        order.indices.reduce(0) { sum, index in sum + order[index...].filter { $0 < order[index] }.count }
    }

    @Test(arguments: 0...6) func `every order comes once, the nearest first`(count: Int) {
        let found = orders(OrderSearch(count: count, limit: 10_000, seed: 3))
        #expect(found.count == (1...max(count, 1)).reduce(1, *))
        #expect(Set(found).count == found.count)
        #expect(found.map(inversions) == found.map(inversions).sorted())
        #expect(found.first == Array(0..<count))
    }

    @Test func `the limit is kept and said`() {
        var search = OrderSearch(count: 20, limit: 30, seed: 1)
        var count = 0
        while search.nextOrder() != nil { count += 1 }
        #expect(count == 30)
        #expect(search.isBounded)
        var whole = OrderSearch(count: 3, limit: 6, seed: 1)
        while whole.nextOrder() != nil {}
        #expect(!whole.isBounded)
    }

    @Test func `what one response needs of another takes orders away, and no others`() {
        var search = OrderSearch(count: 4, limit: 1_000, seed: 5)
        search.learn(.init(before: 0, after: 2))
        search.learn(.init(before: 2, after: 0))
        let found = orders(search)
        #expect(found.count == 12)
        #expect(found.allSatisfy { order in (order.firstIndex(of: 0) ?? 9) < (order.firstIndex(of: 2) ?? 0) })
    }

    @Test func `the seed decides among orders equally near`() {
        let sequences = Set((UInt64(1)...20).map { orders(OrderSearch(count: 4, limit: 4, seed: $0)) })
        #expect(sequences.count > 1)
    }
}
