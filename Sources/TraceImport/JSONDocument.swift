import Trace

/// A whole JSON document in memory.
enum JSONDocument {
    /// Hands a cursor over the bytes to `body`, past a BOM, with the padding that it needs. It is valid within `body` only.
    static func with<Result>(_ bytes: ArraySlice<UInt8>, _ body: (JSONCursor) -> Result) -> Result {
        var padded: [UInt8] = []
        padded.reserveCapacity(bytes.count + JSONCursor.padding)
        padded.append(contentsOf: bytes)
        return with(&padded, body)
    }

    /// The same over a document that nobody needs afterwards: the padding is appended to it, without a copy where there is room.
    static func with<Result>(_ bytes: inout [UInt8], _ body: (JSONCursor) -> Result) -> Result {
        let count = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: JSONCursor.padding))
        return bytes.withUnsafeBytes { padded in
            var cursor = JSONCursor(UnsafeRawBufferPointer(rebasing: padded[..<count]))
            cursor.skipByteOrderMark()
            return body(cursor)
        }
    }

    /// The same over a document within a document, given as a JSON string.
    static func with<Result>(_ text: JSONString, _ body: (JSONCursor) -> Result) -> Result {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count + JSONCursor.padding)
        text.decode(into: &bytes)
        return with(&bytes, body)
    }
}

extension JSONCursor {
    /// Reads a number that is not a whole one as a whole number of smaller units: 1.5 with `scale` 6 is 1,500,000. Digits beyond are cut.
    mutating func scaled(by scale: Int, _ reason: StaticString) throws(JSONFailure) -> Int64 {
        let byte = peek()
        guard byte == UInt8(ascii: "-") || byte &- UInt8(ascii: "0") < 10 else { throw failure(reason) }
        let bytes = try skipValue().bytes
        var value: Int64 = 0
        var decimals: Int?
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "-"): continue
            case UInt8(ascii: "."): decimals = 0
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if let digits = decimals {
                    guard digits < scale else { continue }
                    decimals = digits + 1
                }
                guard value < Self.maximumTime / 10 else { throw failure("the number is too large") }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            default: return try scaledWithExponent(bytes, scale)
            }
        }
        for _ in (decimals ?? 0)..<scale {
            guard value < Self.maximumTime / 10 else { throw failure("the number is too large") }
            value *= 10
        }
        return byte == UInt8(ascii: "-") ? -value : value
    }

    /// Half of what fits in 64 bits, so that the difference of two times always fits.
    static var maximumTime: Int64 { Int64.max / 2 }

    private func scaledWithExponent(_ bytes: UnsafeRawBufferPointer, _ scale: Int) throws(JSONFailure) -> Int64 {
        var value = Double(String(decoding: bytes, as: UTF8.self)) ?? .infinity
        for _ in 0..<scale { value *= 10 }
        guard abs(value) < Double(Self.maximumTime) else { throw failure("the number is too large") }
        return Int64(value)
    }
}

/// Instants as texts.
enum ISOTime {
    /// Nanoseconds since 1970 of a date and time as in RFC 3339; `nil` when it is none. Without a zone it counts as UTC.
    static func nanoseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
        func number(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= text.count else { return nil }
            var value: Int64 = 0
            for byte in text[range] {
                guard byte &- UInt8(ascii: "0") < 10 else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), 1...12 ~= month, 1...31 ~= day, 1900...2100 ~= year,
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var at = 19
        var fraction: Int64 = 0
        if at < text.count, text[at] == UInt8(ascii: ".") || text[at] == UInt8(ascii: ",") {
            var unit: Int64 = 100_000_000
            at += 1
            while at < text.count, text[at] &- UInt8(ascii: "0") < 10 {
                fraction += Int64(text[at] - UInt8(ascii: "0")) * unit
                unit /= 10
                at += 1
            }
        }
        var offset: Int64 = 0
        if at < text.count, text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-") {
            let minutesAt = at + 3 < text.count && text[at + 3] == UInt8(ascii: ":") ? at + 4 : at + 3
            guard let hours = number(at + 1..<at + 3), let minutes = number(minutesAt..<minutesAt + 2) else { return nil }
            offset = (hours * 60 + minutes) * (text[at] == UInt8(ascii: "-") ? -1 : 1)
        }
        let seconds = days(year, month, day) * 86_400 + hour * 3_600 + (minute - offset) * 60 + second
        return seconds * 1_000_000_000 + fraction
    }

    /// Days since 1970 of a day of the Gregorian calendar (the era arithmetic of Howard Hinnant's "chrono-Compatible Low-Level Date
    /// Algorithms").
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
