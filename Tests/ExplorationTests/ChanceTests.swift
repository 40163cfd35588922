import Exploration
import Testing

@Suite("Chance")
struct ChanceTests {
    @Test("the same seed makes the same choices, on every machine")
    func pinned() {
        var chance = Chance(seed: 1)
        #expect((0..<6).map { _ in chance.below(1_000) } == [566, 745, 971, 444, 444, 762])
    }

    @Test("a number below a bound is below it, and below nothing it is zero")
    func bounded() {
        var chance = Chance(seed: 2)
        #expect((0..<1_000).allSatisfy { _ in chance.below(7) < 7 })
        #expect(chance.below(0) == 0)
    }
}
