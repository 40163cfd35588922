/// Writing of JSON scalars in canonical form.
package enum JSONText {
    /// Appends a text with its quotes, escaping only what JSON demands.
    package static func append(quoting text: some Sequence<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        let isPlain = text.withContiguousStorageIfAvailable { text in
            // Most texts need no escapes and are copied whole.
            let isPlain = text.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
            if isPlain { bytes.append(contentsOf: text) }
            return isPlain
        }
        if isPlain != true {
            for byte in text { append(escaping: byte, to: &bytes) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A text as JSON, quotes included.
    package static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        append(quoting: text.utf8, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    static func append(escaping scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        for byte in String(Character(scalar)).utf8 { append(escaping: byte, to: &bytes) }
    }

    private static func append(escaping byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
        case 0x08: bytes.append(contentsOf: "\\b".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0C: bytes.append(contentsOf: "\\f".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0..<0x20: bytes.append(contentsOf: (byte < 0x10 ? "\\u000" : "\\u00").utf8 + Array(String(byte, radix: 16).utf8))
        default: bytes.append(byte)
        }
    }

    /// Appends a number as ECMAScript would write it (ECMA-262, Number::toString), were its numbers exact: 1.50 is 1.5, 1e2 is
    /// 100, -0 is 0, and no digit is lost.
    static func append(number: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        guard let decimal = Decimal(number) else {
            // An exponent of more than 18 digits: the text stands for itself.
            bytes.append(contentsOf: number)
            return
        }
        decimal.append(to: &bytes)
    }

    /// A decimal number: 0.DIGITS times ten to the power of `point`, its digits without zeros at either end.
    private struct Decimal {
        var isNegative = false
        var digits: [UInt8] = []
        var point = 0

        init?(_ number: UnsafeRawBufferPointer) {
            var exponent = 0
            var isFraction = false
            var index = 0
            for byte in number {
                index += 1
                switch byte {
                case UInt8(ascii: "-"): isNegative = true
                case UInt8(ascii: "."): isFraction = true
                case UInt8(ascii: "e"), UInt8(ascii: "E"):
                    let rest = number[index...].drop { $0 == UInt8(ascii: "+") }
                    guard rest.count <= 18, let value = Int(String(decoding: rest, as: UTF8.self)) else { return nil }
                    exponent = value
                default:
                    digits.append(byte)
                    if !isFraction { point += 1 }
                    continue
                }
                if byte | 0x20 == UInt8(ascii: "e") { break }
            }
            let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
            digits.removeFirst(leading)
            while digits.last == UInt8(ascii: "0") { digits.removeLast() }
            point += exponent - leading
        }

        func append(to bytes: inout [UInt8]) {
            guard !digits.isEmpty else {
                bytes.append(UInt8(ascii: "0"))
                return
            }
            if isNegative { bytes.append(UInt8(ascii: "-")) }
            if digits.count <= point, point <= 21 {
                bytes.append(contentsOf: digits)
                bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: point - digits.count))
            } else if 0 < point, point <= 21 {
                bytes.append(contentsOf: digits[..<point])
                bytes.append(UInt8(ascii: "."))
                bytes.append(contentsOf: digits[point...])
            } else if -6 < point, point <= 0 {
                bytes.append(contentsOf: "0.".utf8)
                bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: -point))
                bytes.append(contentsOf: digits)
            } else {
                bytes.append(digits[0])
                if digits.count > 1 { bytes.append(UInt8(ascii: ".")) }
                bytes.append(contentsOf: digits.dropFirst())
                bytes.append(contentsOf: (point > 0 ? "e+" : "e").utf8)
                bytes.append(contentsOf: String(point - 1).utf8)
            }
        }
    }
}
