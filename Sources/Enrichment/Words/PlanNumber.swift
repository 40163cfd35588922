import GridModel

/// A number as people write one in a sentence: `500`, `1,200.5`, `500 m`.
struct PlanNumber {
    /// The number as JSON writes it, every digit kept.
    let json: String
    /// Letters after it, at most 12; empty when there are none.
    let unit: String

    /// `nil` when the text is no number.
    init?(_ text: String) {
        var digits = ""
        var rest = text[...]
        if rest.first == "-" || rest.first == "\u{2212}" {
            digits = "-"
            rest = rest.dropFirst()
        }
        while let next = rest.first, next.isASCII, next.isNumber || next == "." || next == "," {
            digits.append(next)
            rest = rest.dropFirst()
        }
        // A comma in front of three digits parts thousands; another one is a way to write a fraction, or a list: not guessed.
        let groups = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)[0]
            .split(separator: ",", omittingEmptySubsequences: false)
        guard groups.dropFirst().allSatisfy({ $0.count == 3 }) else { return nil }
        let plain = Array(digits.filter { $0 != "," }.utf8)
        let unit = String(rest).trimmingSpace()
        guard (try? JSONScanner.check(plain[...]))?.count == plain.count, unit.count <= 12,
            unit.allSatisfy({ $0.isLetter || "%\u{B0}\u{B2}\u{B3}/ ".contains($0) })
        else { return nil }
        json = String(decoding: plain, as: UTF8.self)
        self.unit = unit
    }
}
