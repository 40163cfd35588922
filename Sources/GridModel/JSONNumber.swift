/// A number as JSON writes it, taken apart: compared by value, without losing a digit. 1, 1.0 and 1e0 are equal.
package struct JSONNumber: Hashable, Comparable, Sendable {
    /// -1, 0 or 1.
    private var sign = 1
    /// Without zeros around them.
    private var digits: [UInt8] = []
    /// The power of ten of the first digit, plus one.
    private var exponent = 0

    /// Takes a number's JSON, already checked.
    package init(_ json: UnsafeRawBufferPointer) {
        var position = 0
        if json.first == UInt8(ascii: "-") {
            sign = -1
            position = 1
        }
        var inFraction = false
        while position < json.count {
            let byte = json[position]
            position += 1
            switch byte {
            case UInt8(ascii: "."): inFraction = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if digits.isEmpty, byte == UInt8(ascii: "0") {
                    if inFraction { exponent -= 1 }
                } else {
                    digits.append(byte)
                    if !inFraction { exponent += 1 }
                }
            default:
                let written = String(decoding: json[position...], as: UTF8.self)
                // An exponent beyond the range of Int is beyond any other one too.
                let shift = Int(written) ?? (written.hasPrefix("-") ? Int.min / 4 : Int.max / 4)
                exponent += min(max(shift, Int.min / 4), Int.max / 4)
                position = json.count
            }
        }
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        if digits.isEmpty { (sign, exponent) = (0, 0) }
    }

    package init(_ json: String) {
        var json = json
        self = json.withUTF8 { JSONNumber(UnsafeRawBufferPointer($0)) }
    }

    package var isWhole: Bool { exponent >= digits.count }

    /// The digits before the point; only for numbers that are not large.
    var wholeText: String {
        let whole = String(decoding: digits, as: UTF8.self) + String(repeating: "0", count: max(0, exponent - digits.count))
        return sign == 0 ? "0" : sign < 0 ? "-" + whole : whole
    }

    /// Below 0 when this is the smaller one, 0 when they are equal.
    package func compare(_ other: JSONNumber) -> Int {
        if sign != other.sign { return sign < other.sign ? -1 : 1 }
        return sign < 0 ? -compareMagnitude(other) : compareMagnitude(other)
    }

    package static func < (a: JSONNumber, b: JSONNumber) -> Bool { a.compare(b) < 0 }

    private func compareMagnitude(_ other: JSONNumber) -> Int {
        if sign == 0 { return 0 }
        if exponent != other.exponent { return exponent < other.exponent ? -1 : 1 }
        if digits == other.digits { return 0 }
        return digits.lexicographicallyPrecedes(other.digits) ? -1 : 1
    }
}
