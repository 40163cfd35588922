/// A number as EDN writes it: `12`, `12N`, `-1.5e3`, `1.5M`, `1/3` (Clojure's).
enum EDNNumber {
    case integer(Int64)
    /// Any other number, as a text that equal spellings share.
    case other([UInt8])

    /// - Returns: `nil` when the token is no number.
    init?(_ token: ArraySlice<UInt8>) {
        var digits = token
        if digits.last == UInt8(ascii: "N") { digits.removeLast() }
        var unsigned = digits
        if let sign = unsigned.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { unsigned.removeFirst() }
        if Self.areDigits(unsigned), unsigned.first != UInt8(ascii: "0") || unsigned.count == 1 {
            if digits.first == UInt8(ascii: "+") { digits.removeFirst() }
            if let value = Int64(String(decoding: digits, as: UTF8.self)).flatMap(HistoryValue.init(integer:))?.integer {
                self = .integer(value)
            } else {
                self = .other(Array(digits))
            }
            return
        }
        guard Self.isRatio(unsigned) || Self.isFraction(token) else { return nil }
        self = .other(Array(token))
    }

    private static func areDigits(_ text: ArraySlice<UInt8>) -> Bool {
        !text.isEmpty && text.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    }

    private static func isRatio(_ text: ArraySlice<UInt8>) -> Bool {
        guard let slash = text.firstIndex(of: UInt8(ascii: "/")) else { return false }
        return areDigits(text[..<slash]) && areDigits(text[(slash + 1)...])
    }

    private static func isFraction(_ token: ArraySlice<UInt8>) -> Bool {
        var rest = token
        if rest.last == UInt8(ascii: "M") { rest.removeLast() }
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest.removeFirst() }
        if let exponent = rest.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
            var power = rest[(exponent + 1)...]
            if let sign = power.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { power.removeFirst() }
            guard areDigits(power) else { return false }
            rest = rest[..<exponent]
        }
        guard let point = rest.firstIndex(of: UInt8(ascii: ".")) else { return areDigits(rest) }
        return areDigits(rest[..<point]) && (point + 1 == rest.endIndex || areDigits(rest[(point + 1)...]))
    }
}

enum UTF8Check {
    /// The first byte that is not UTF-8 (RFC 3629).
    static func firstInvalid(_ bytes: [UInt8], _ range: Range<Int>) -> Int? {
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            if byte < 0x80 {
                index += 1
                continue
            }
            let length: Int
            let second: ClosedRange<UInt8>
            switch byte {
            case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
            case 0xE0: (length, second) = (3, 0xA0...0xBF)
            case 0xED: (length, second) = (3, 0x80...0x9F)
            case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
            case 0xF0: (length, second) = (4, 0x90...0xBF)
            case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
            case 0xF4: (length, second) = (4, 0x80...0x8F)
            default: return index
            }
            guard index + length <= range.upperBound, second.contains(bytes[index + 1]) else { return index }
            for next in index + 2..<index + length where !(0x80...0xBF).contains(bytes[next]) { return index }
            index += length
        }
        return nil
    }
}
