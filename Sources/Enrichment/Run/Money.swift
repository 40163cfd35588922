/// Amounts in billionths of the price table's currency.
package enum Money {
    /// "0.25", "0.000015": without trailing zeros.
    package static func text(_ amount: UInt64) -> String {
        let (whole, rest) = amount.quotientAndRemainder(dividingBy: 1_000_000_000)
        guard rest > 0 else { return "\(whole)" }
        var digits = String(rest)
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}
