/// A JSON string within the text that is being read: its bytes between the quotes, escapes as they stand.
package struct JSONString {
    package let start: UnsafePointer<UInt8>
    package let count: Int
    /// No escapes: the bytes are the text.
    package let isPlain: Bool

    @inlinable
    package init(start: UnsafePointer<UInt8>, count: Int, isPlain: Bool) {
        self.start = start
        self.count = count
        self.isPlain = isPlain
    }

    @inlinable package var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }
    /// With the quotes.
    package var quoted: JSONSlice { JSONSlice(start: start - 1, count: count + 2) }

    package var string: String {
        if isPlain { return String(decoding: raw, as: UTF8.self) }
        var bytes: [UInt8] = []
        decode(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    package func equals(_ text: StaticString) -> Bool {
        isPlain && count == text.utf8CodeUnitCount && (0..<count).allSatisfy { start[$0] == text.utf8Start[$0] }
    }

    /// Appends the text, escapes resolved, as UTF-8. Half a surrogate pair becomes U+FFFD.
    package func decode(into bytes: inout [UInt8]) {
        var at = 0
        while at < count {
            let byte = start[at]
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                at += 1
                continue
            }
            let escape = start[at + 1]
            at += 2
            guard escape == UInt8(ascii: "u") else {
                bytes.append(Self.unescaped(escape))
                continue
            }
            let scalar = Self.scalar(start, &at, count)
            bytes.append(contentsOf: String(Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")).utf8)
        }
    }

    private static func unescaped(_ escape: UInt8) -> UInt8 {
        switch escape {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: escape
        }
    }

    /// The scalar of the four digits at `at`, with the second half of its pair if that follows; half a pair as it is.
    static func scalar(_ start: UnsafePointer<UInt8>, _ at: inout Int, _ count: Int) -> UInt32 {
        let first = hexadecimal(start + at)
        at += 4
        guard first & 0xFC00 == 0xD800, at + 6 <= count, start[at] == UInt8(ascii: "\\"), start[at + 1] == UInt8(ascii: "u")
        else { return first }
        let second = hexadecimal(start + at + 2)
        guard second & 0xFC00 == 0xDC00 else { return first }
        at += 6
        return 0x10000 + (first & 0x3FF) << 10 + second & 0x3FF
    }

    private static func hexadecimal(_ digits: UnsafePointer<UInt8>) -> UInt32 {
        (0..<4).reduce(0) { $0 << 4 | UInt32(JSONCursor.hexadecimalValue(digits[$1]) ?? 0) }
    }
}

extension JSONCursor {
    /// Reads a string.
    @inlinable @inline(__always)
    package mutating func string(_ reason: StaticString = "expected a text") throws(JSONFailure) -> JSONString {
        guard peek() == UInt8(ascii: "\"") else { throw failure(reason) }
        next += 1
        let first = next
        var isPlain = true
        while true {
            let stops = Self.stops(UnsafeRawPointer(next).loadUnaligned(as: UInt64.self).littleEndian)
            guard stops != 0 else {
                next += 8
                continue
            }
            next += stops.trailingZeroBitCount >> 3
            if next.pointee == UInt8(ascii: "\"") {
                next += 1
                return JSONString(start: first, count: next - first - 1, isPlain: isPlain)
            }
            if next.pointee == UInt8(ascii: "\\") { isPlain = false }
            try stepOverSpecial()
        }
    }

    /// The high bits of the bytes, the first such byte's at least, that end a plain run of a text: quotes, backslashes, control
    /// characters and what is not ASCII.
    @inlinable @inline(__always)
    static func stops(_ word: UInt64) -> UInt64 {
        let quotes = word ^ 0x2222_2222_2222_2222
        let escapes = word ^ 0x5C5C_5C5C_5C5C_5C5C
        let isQuote = (quotes &- 0x0101_0101_0101_0101) & ~quotes
        let isEscape = (escapes &- 0x0101_0101_0101_0101) & ~escapes
        return (isQuote | isEscape | (word &- 0x2020_2020_2020_2020) | word) & 0x8080_8080_8080_8080
    }

    /// Steps over an escape or over characters other than ASCII.
    @usableFromInline
    mutating func stepOverSpecial() throws(JSONFailure) {
        let byte = next.pointee
        if byte >= 0x80 {
            repeat {
                let length = Self.sequenceLength(next)
                guard length > 0 else { throw failure("not UTF-8") }
                next += length
            } while next.pointee >= 0x80
            return
        }
        guard byte == UInt8(ascii: "\\") else {
            throw failure(next < end ? "a control character in a text: it must be escaped" : "the text does not end")
        }
        switch next[1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            next += 2
        case UInt8(ascii: "u"):
            for digit in 2..<6 where Self.hexadecimalValue(next[digit]) == nil {
                throw failure("\\u must be followed by four hexadecimal digits")
            }
            next += 6
        default: throw failure("an escape that JSON does not have")
        }
    }

    static func hexadecimalValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The length of the well-formed UTF-8 sequence (RFC 3629) of 2 to 4 bytes that begins here; 0 when there is none.
    private static func sequenceLength(_ at: UnsafePointer<UInt8>) -> Int {
        func follows(_ index: Int) -> Bool { at[index] & 0xC0 == 0x80 }
        switch at[0] {
        case 0xC2...0xDF: return follows(1) ? 2 : 0
        case 0xE0: return at[1] >= 0xA0 && follows(1) && follows(2) ? 3 : 0
        case 0xED: return at[1] < 0xA0 && follows(1) && follows(2) ? 3 : 0
        case 0xE1...0xEF: return follows(1) && follows(2) ? 3 : 0
        case 0xF0: return at[1] >= 0x90 && follows(1) && follows(2) && follows(3) ? 4 : 0
        case 0xF4: return at[1] < 0x90 && follows(1) && follows(2) && follows(3) ? 4 : 0
        case 0xF1...0xF3: return follows(1) && follows(2) && follows(3) ? 4 : 0
        default: return 0
        }
    }

    /// Reads an integer written without fraction or exponent, within 64 bits.
    @inlinable
    package mutating func integer(_ reason: StaticString = "expected a whole number") throws(JSONFailure) -> Int64 {
        let first = peek()
        let start = next
        let isNegative = first == UInt8(ascii: "-")
        if isNegative { next += 1 }
        guard let magnitude = digits(), next[0] != UInt8(ascii: "."), next[0] | 0x20 != UInt8(ascii: "e") else {
            next = start
            throw failure(reason)
        }
        if isNegative, magnitude <= UInt64(Int64.max) + 1 { return Int64(truncatingIfNeeded: 0 &- magnitude) }
        guard let number = Int64(exactly: magnitude) else {
            next = start
            throw failure("the number does not fit in 64 bits")
        }
        return isNegative ? -number : number
    }

    /// The digits that come next as a number; `nil` when there are none, a leading zero, or more than 64 bits of them.
    @inlinable
    mutating func digits() -> UInt64? {
        var value: UInt64 = 0
        let first = next
        while true {
            let digit = next.pointee &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            if next - first >= 18 {
                let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
                let (sum, isOver) = product.addingReportingOverflow(UInt64(digit))
                if isTooLarge || isOver { return nil }
                value = sum
            } else {
                value = value &* 10 &+ UInt64(digit)
            }
            next += 1
        }
        let isPadded = first.pointee == UInt8(ascii: "0") && next - first > 1
        return next == first || isPadded ? nil : value
    }

    /// Reads `true` or `false`.
    package mutating func boolean(_ reason: StaticString = "expected true or false") throws(JSONFailure) -> Bool {
        let first = peek()
        guard first == UInt8(ascii: "t") || first == UInt8(ascii: "f") else { throw failure(reason) }
        try literal()
        return first == UInt8(ascii: "t")
    }
}
