/// A set of up to 256 steps of one component, in four words.
struct StepSet: Sendable, Hashable {
    private var words = SIMD4<UInt64>(repeating: 0)

    static let capacity = 256

    init() {}

    /// The first `count` steps.
    init(count: Int) {
        for step in 0..<count { insert(step) }
    }

    func contains(_ step: Int) -> Bool { words[step >> 6] & (1 << UInt64(step & 63)) != 0 }
    mutating func insert(_ step: Int) { words[step >> 6] |= 1 << UInt64(step & 63) }

    mutating func remove(_ step: Int) { words[step >> 6] &= ~(1 << UInt64(step & 63)) }

    /// For tables: all bits count.
    var mixed: UInt64 {
        var mixed: UInt64 = 0
        for index in 0..<4 { mixed = (mixed ^ words[index]) &* 0x9E37_79B9_7F4A_7C15 ^ mixed >> 29 }
        return mixed
    }

    var isEmpty: Bool { words == SIMD4(repeating: 0) }
    var count: Int { (0..<4).reduce(0) { $0 + words[$1].nonzeroBitCount } }

    /// The lowest step; `nil` when empty.
    var first: Int? {
        for index in 0..<4 where words[index] != 0 { return index << 6 + words[index].trailingZeroBitCount }
        return nil
    }

    func union(_ other: StepSet) -> StepSet { combined { $0 | other.words } }
    func intersection(_ other: StepSet) -> StepSet { combined { $0 & other.words } }
    func subtracting(_ other: StepSet) -> StepSet { combined { $0 & ~other.words } }
    func isSubset(of other: StepSet) -> Bool { subtracting(other).isEmpty }

    private func combined(_ change: (SIMD4<UInt64>) -> SIMD4<UInt64>) -> StepSet {
        var result = StepSet()
        result.words = change(words)
        return result
    }

    /// Calls for each step, the lowest first.
    func forEach(_ body: (Int) -> Void) {
        for index in 0..<4 {
            var word = words[index]
            while word != 0 {
                body(index << 6 + word.trailingZeroBitCount)
                word &= word - 1
            }
        }
    }
}
