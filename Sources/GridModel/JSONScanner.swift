// A strict reader of JSON (RFC 8259) over bytes. It checks and it finds where values lie; it never converts a value, so a
// number keeps every digit and a string its escapes. Foundation's reader accepts invalid documents and rounds numbers.

/// Walks one JSON document from the front, value by value.
public struct JSONScanner {
    /// How deep arrays and objects may nest: deeper documents are an attack, not a list.
    public static let depthLimit = 64

    private let bytes: ArraySlice<UInt8>
    /// The position of the next byte to read, an index into the slice given.
    public private(set) var position: Int

    /// What is wrong with a document, and the byte where.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        public var position: Int
        public var reason: String

        public init(position: Int, reason: String) {
            self.position = position
            self.reason = reason
        }

        public var description: String { "byte \(position): \(reason)" }
    }

    public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    public init(_ bytes: [UInt8]) {
        self.init(bytes[...])
    }

    /// Checks that the bytes are exactly one value with nothing but white space around it.
    /// - Returns: the value's bytes without the white space around it.
    public static func check(_ bytes: ArraySlice<UInt8>) throws(Failure) -> ArraySlice<UInt8> {
        var scanner = JSONScanner(bytes)
        let value = try scanner.skipValue()
        try scanner.end()
        return value
    }

    /// The next byte that is not white space; `nil` at the end.
    public mutating func peek() -> UInt8? {
        while position < bytes.endIndex {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return bytes[position]
            }
        }
        return nil
    }

    /// Succeeds when only white space is left.
    public mutating func end() throws(Failure) {
        if peek() != nil { throw failure("something follows the end of the value") }
    }

    public func failure(_ reason: String) -> Failure {
        Failure(position: position - bytes.startIndex, reason: reason)
    }

    /// Takes the byte if it comes next.
    public mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(Failure) {
        guard take(byte) else {
            throw failure("expected \"\(Character(Unicode.Scalar(byte)))\"" + (position == bytes.endIndex ? " at the end" : ""))
        }
    }

    /// Reads an object, calling `member` with each name when the scanner stands before its value. `member` must read exactly
    /// that value. A name that comes twice is refused.
    public mutating func object(_ member: (String, inout JSONScanner) throws(Failure) -> Void) throws(Failure) {
        try expect(UInt8(ascii: "{"))
        if take(UInt8(ascii: "}")) { return }
        var seen: Set<String> = []
        repeat {
            _ = peek()
            let nameAt = position
            let name = try string()
            guard seen.insert(name).inserted else {
                throw Failure(position: nameAt - bytes.startIndex, reason: "the name \"\(name)\" comes twice")
            }
            try expect(UInt8(ascii: ":"))
            try member(name, &self)
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
    }

    /// Reads an array, calling `element` when the scanner stands before each value.
    public mutating func array(_ element: (inout JSONScanner) throws(Failure) -> Void) throws(Failure) {
        try expect(UInt8(ascii: "["))
        if take(UInt8(ascii: "]")) { return }
        repeat { try element(&self) } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
    }

    /// Reads a string.
    public mutating func string() throws(Failure) -> String {
        guard peek() == UInt8(ascii: "\"") else { throw failure("expected a string") }
        let raw = try skipString()
        return JSONText.unescape(String(decoding: raw.dropFirst().dropLast(), as: UTF8.self))
    }

    /// Reads an integer written without fraction or exponent.
    public mutating func integer() throws(Failure) -> Int64 {
        guard peek() != nil else { throw failure("expected a whole number at the end") }
        let start = position
        let raw = try skipValue()
        guard let number = Int64(String(decoding: raw, as: UTF8.self)) else {
            throw Failure(position: start - bytes.startIndex, reason: "expected a whole number")
        }
        return number
    }

    /// Reads `true` or `false`.
    public mutating func boolean() throws(Failure) -> Bool {
        guard let first = peek(), first == UInt8(ascii: "t") || first == UInt8(ascii: "f") else {
            throw failure("expected true or false")
        }
        _ = try skipValue()
        return first == UInt8(ascii: "t")
    }

    /// Takes `null` if it comes next.
    public mutating func takeNull() throws(Failure) -> Bool {
        guard peek() == UInt8(ascii: "n") else { return false }
        _ = try skipValue()
        return true
    }

    /// Reads a cell's value; `nil` for `null` and `""`, which are the empty cell.
    public mutating func cellValue() throws(Failure) -> CellValue? {
        let raw = try skipValue()
        if raw.first == UInt8(ascii: "n") || raw.count == 2 && raw.first == UInt8(ascii: "\"") { return nil }
        return CellValue(checkedJSON: String(decoding: raw, as: UTF8.self))
    }

    /// Checks one value of any kind and steps over it.
    /// - Returns: the value's bytes.
    public mutating func skipValue() throws(Failure) -> ArraySlice<UInt8> {
        _ = peek()
        let start = position
        try skip(depth: 0)
        return bytes[start..<position]
    }

    private mutating func skip(depth: Int) throws(Failure) {
        guard depth <= Self.depthLimit else { throw failure("nested deeper than \(Self.depthLimit)") }
        guard let first = peek() else { throw failure("expected a value at the end") }
        switch first {
        case UInt8(ascii: "{"):
            position += 1
            if take(UInt8(ascii: "}")) { return }
            var seen: Set<ArraySlice<UInt8>> = []
            repeat {
                guard peek() == UInt8(ascii: "\"") else { throw failure("expected a name in quotes") }
                let nameAt = position
                guard seen.insert(try skipString()).inserted else {
                    throw Failure(position: nameAt - bytes.startIndex, reason: "a name comes twice in one object")
                }
                try expect(UInt8(ascii: ":"))
                try skip(depth: depth + 1)
            } while take(UInt8(ascii: ","))
            try expect(UInt8(ascii: "}"))
        case UInt8(ascii: "["):
            position += 1
            if take(UInt8(ascii: "]")) { return }
            repeat { try skip(depth: depth + 1) } while take(UInt8(ascii: ","))
            try expect(UInt8(ascii: "]"))
        case UInt8(ascii: "\""): _ = try skipString()
        case UInt8(ascii: "t"): try skipWord("true")
        case UInt8(ascii: "f"): try skipWord("false")
        case UInt8(ascii: "n"): try skipWord("null")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try skipNumber()
        default: throw failure("expected a value")
        }
    }

    private mutating func skipWord(_ word: StaticString) throws(Failure) {
        for offset in 0..<word.utf8CodeUnitCount {
            guard position < bytes.endIndex, bytes[position] == word.utf8Start[offset] else {
                throw failure("expected a value")
            }
            position += 1
        }
    }

    private mutating func skipNumber() throws(Failure) {
        if current == UInt8(ascii: "-") { position += 1 }
        if current == UInt8(ascii: "0") {
            position += 1
        } else if skipDigits() == 0 {
            throw failure("expected a digit")
        }
        if current == UInt8(ascii: ".") {
            position += 1
            if skipDigits() == 0 { throw failure("expected a digit after the point") }
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            if skipDigits() == 0 { throw failure("expected a digit in the exponent") }
        }
        if let next = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) {
            throw failure("a number has no leading zero")
        }
    }

    private var current: UInt8? {
        position < bytes.endIndex ? bytes[position] : nil
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        return position - start
    }

    /// Steps over a string, checking escapes, surrogate pairs and UTF-8.
    private mutating func skipString() throws(Failure) -> ArraySlice<UInt8> {
        let start = position
        position += 1
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return bytes[start..<position]
            case UInt8(ascii: "\\"): try skipEscape()
            case 0..<0x20: throw failure("a control character must be escaped")
            case 0x20..<0x80: position += 1
            default: try skipCharacter(first: byte)
            }
        }
        throw failure("the string does not end")
    }

    private mutating func skipEscape() throws(Failure) {
        position += 1
        switch current {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            let unit = try escapedUnit()
            if (0xDC00..<0xE000).contains(unit) { throw failure("a low surrogate stands alone") }
            guard (0xD800..<0xDC00).contains(unit) else { return }
            guard current == UInt8(ascii: "\\") else { throw failure("a high surrogate stands alone") }
            position += 1
            guard current == UInt8(ascii: "u"), (0xDC00..<0xE000).contains(try escapedUnit()) else {
                throw failure("a high surrogate stands alone")
            }
        default: throw failure("an unknown escape")
        }
    }

    /// Reads the "u" and its four digits.
    private mutating func escapedUnit() throws(Failure) -> UInt32 {
        position += 1
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("expected four hexadecimal digits")
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }

    /// One character outside ASCII: well-formed UTF-8 (Unicode 15, table 3-7).
    private mutating func skipCharacter(first: UInt8) throws(Failure) {
        let second: ClosedRange<UInt8>
        let more: Int
        switch first {
        case 0xC2...0xDF: (second, more) = (0x80...0xBF, 0)
        case 0xE0: (second, more) = (0xA0...0xBF, 1)
        case 0xE1...0xEC, 0xEE...0xEF: (second, more) = (0x80...0xBF, 1)
        case 0xED: (second, more) = (0x80...0x9F, 1)
        case 0xF0: (second, more) = (0x90...0xBF, 2)
        case 0xF1...0xF3: (second, more) = (0x80...0xBF, 2)
        case 0xF4: (second, more) = (0x80...0x8F, 2)
        default: throw failure("not UTF-8")
        }
        position += 1
        guard let byte = current, second.contains(byte) else { throw failure("not UTF-8") }
        position += 1
        for _ in 0..<more {
            guard let byte = current, (0x80...0xBF).contains(byte) else { throw failure("not UTF-8") }
            position += 1
        }
    }
}
