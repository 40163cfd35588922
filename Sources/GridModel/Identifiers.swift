// Identifiers are opaque to everyone outside. Their text is a letter and a decimal number; numbers are handed out by the
// commit that creates the thing and are never used again within a grid.

/// An identifier whose text is one prefix and a decimal number.
public protocol NumberedIdentifier: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible
where RawValue == UInt32 {
    /// What the text begins with: "r" in "r9".
    static var prefix: String { get }
    init(rawValue: UInt32)
}

extension NumberedIdentifier {
    public init(_ number: UInt32) {
        self.init(rawValue: number)
    }

    /// Reads "r9". `nil` unless the text is exactly what `description` writes: no sign, no leading zero, no spaces.
    public init?(text: some StringProtocol) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let digits = text.utf8.dropFirst(Self.prefix.utf8.count)
        guard let first = digits.first, digits.count <= 10, first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
        var number: UInt64 = 0
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + UInt64(byte - UInt8(ascii: "0"))
        }
        guard number <= UInt64(UInt32.max) else { return nil }
        self.init(rawValue: UInt32(number))
    }

    public var description: String { Self.prefix + String(rawValue) }

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// A row of a grid: "r9". Unique within its grid, never used again; at most 4,294,967,295 rows in a grid's life.
public struct RowID: NumberedIdentifier {
    public static let prefix = "r"
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A column of a grid: "c3". Unique within its grid.
public struct ColumnID: NumberedIdentifier {
    public static let prefix = "c"
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A sheet of a grid: "s1".
public struct SheetID: NumberedIdentifier {
    public static let prefix = "s"
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A saved view of a sheet: "v2".
public struct ViewID: NumberedIdentifier {
    public static let prefix = "v"
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// One turn of an agent: "run4".
public struct RunID: NumberedIdentifier {
    public static let prefix = "run"
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// No run: what turns of plain words ask a model. Runs are numbered from 1.
    public static let words = RunID(0)
}

/// A grid: a short text of lower-case letters and digits, safe in a path and in a file name.
public struct GridID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let text: String

    /// `nil` unless the text is 1 to 40 of `a-z`, `0-9` and `-`, and begins with a letter or a digit.
    public init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard (1...40).contains(bytes.count), bytes.first != UInt8(ascii: "-") else { return nil }
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): continue
            default: return nil
            }
        }
        self.text = String(text)
    }

    public var description: String { text }
    public static func < (a: GridID, b: GridID) -> Bool { a.text < b.text }
}

/// What identifies one thing a person or an agent asked for, chosen by the asker: a UUID (RFC 9562), any version.
public struct IntentID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads 8-4-4-4-12 hexadecimal digits of either case.
    public init?(text: some StringProtocol) {
        var digits = 0
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (index, byte) in text.utf8.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard digits < 32, let value = Self.value(ofHexDigit: byte) else { return nil }
            if digits < 16 { high = high << 4 | value } else { low = low << 4 | value }
            digits += 1
        }
        guard digits == 32 else { return nil }
        self.init(high: high, low: low)
    }

    private static func value(ofHexDigit byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    public var description: String {
        var text = ""
        text.reserveCapacity(36)
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append("-") }
            let word = index < 16 ? high : low
            let digit = Int(word >> UInt64((15 - index % 16) * 4) & 15)
            text.unicodeScalars.append(Unicode.Scalar(digit < 10 ? UInt8(48 + digit) : UInt8(87 + digit)))
        }
        return text
    }

    public static func < (a: IntentID, b: IntentID) -> Bool {
        a.high == b.high ? a.low < b.low : a.high < b.high
    }
}
