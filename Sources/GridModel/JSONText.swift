/// Escaping and unescaping of JSON strings (RFC 8259, section 7).
public enum JSONText {
    /// Appends the text with `"`, `\` and control characters escaped, without the quotes around it.
    public static func escape(_ text: some StringProtocol, into output: inout String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            default:
                if scalar.value < 0x20 {
                    let hex = String(scalar.value, radix: 16)
                    output += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                } else {
                    output.unicodeScalars.append(scalar)
                }
            }
        }
    }

    /// The characters of a string's content (without its quotes) that `JSONScanner` has found valid.
    public static func unescape(_ content: some StringProtocol) -> String {
        guard content.utf8.contains(UInt8(ascii: "\\")) else { return String(content) }
        var output: [UInt8] = []
        output.reserveCapacity(content.utf8.count)
        var bytes = content.utf8.makeIterator()
        while let byte = bytes.next() {
            guard byte == UInt8(ascii: "\\"), let escaped = bytes.next() else {
                output.append(byte)
                continue
            }
            switch escaped {
            case UInt8(ascii: "n"): output.append(0x0A)
            case UInt8(ascii: "r"): output.append(0x0D)
            case UInt8(ascii: "t"): output.append(0x09)
            case UInt8(ascii: "b"): output.append(0x08)
            case UInt8(ascii: "f"): output.append(0x0C)
            case UInt8(ascii: "u"):
                var code = takeUnit(&bytes)
                if (0xD800..<0xDC00).contains(code) {
                    _ = bytes.next()  // the backslash and the "u" of the low half
                    _ = bytes.next()
                    code = 0x10000 + (code & 0x3FF) << 10 + takeUnit(&bytes) & 0x3FF
                }
                output.append(contentsOf: String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)
            default: output.append(escaped)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Four hexadecimal digits.
    private static func takeUnit(_ bytes: inout some IteratorProtocol<UInt8>) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = bytes.next() else { break }
            unit = unit << 4 | UInt32(Character(Unicode.Scalar(byte)).hexDigitValue ?? 0)
        }
        return unit
    }
}
