/// Seeded chance (SplitMix64, Steele, Lea and Flood 2014): the same seed gives the same trace on every machine.
struct Dice: Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// A number in `0..<bound`; 0 when the bound is not positive.
    mutating func below(_ bound: Int) -> Int {
        bound > 0 ? Int(next() % UInt64(bound)) : 0
    }

    mutating func among(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.count)
    }

    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    mutating func pick<Choice>(_ first: Choice, _ others: Choice...) -> Choice {
        let place = below(others.count + 1)
        return place == 0 ? first : others[place - 1]
    }

    /// Fisher and Yates.
    mutating func shuffle<Element>(_ elements: inout [Element]) {
        for last in stride(from: elements.count - 1, to: 0, by: -1) { elements.swapAt(last, below(last + 1)) }
    }

    /// A non-empty part of the elements, in their order.
    mutating func part<Element>(of elements: [Element]) -> [Element] {
        let kept = elements.filter { _ in chance(60) }
        return kept.isEmpty ? elements : kept
    }
}
