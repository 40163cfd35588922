/// The parameters of a URL's query, decoded (application/x-www-form-urlencoded), in order.
package struct QueryParameters: Hashable, Sendable {
    package private(set) var pairs: [Pair]

    package struct Pair: Hashable, Sendable {
        package var name: String
        package var value: String
    }

    /// At most this many parameters: more is a mistake or an attack.
    package static let limit = 64

    package init(_ query: String) throws(WireError) {
        pairs = []
        for part in query.utf8.split(separator: UInt8(ascii: "&")) {
            guard pairs.count < Self.limit else {
                throw WireError(path: "query", reason: "at most \(Self.limit) parameters")
            }
            let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = try Self.decode(halves[0], of: "query")
            let value = halves.count > 1 ? try Self.decode(halves[1], of: name) : ""
            if pairs.contains(where: { $0.name == name }) {
                throw WireError(path: name, reason: "the parameter comes twice")
            }
            pairs.append(Pair(name: name, value: value))
        }
    }

    /// The value of a parameter.
    package subscript(_ name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }

    /// Refuses parameters that a route does not know: a misspelt one must not be a silent no-op.
    package func allow(only names: Set<String>) throws(WireError) {
        for pair in pairs where !names.contains(pair.name) {
            throw WireError(path: String(pair.name.prefix(60)), reason: "not a parameter of this route")
        }
    }

    /// A whole number within a range; `nil` when the parameter is absent.
    package func integer(_ name: String, in range: ClosedRange<Int>) throws(WireError) -> Int? {
        guard let text = self[name] else { return nil }
        guard let number = Int(text), range.contains(number), !text.hasPrefix("+") else {
            throw WireError(
                path: name,
                reason: "expected a whole number from \(range.lowerBound) to \(range.upperBound), found \"\(text.prefix(40))\"")
        }
        return number
    }

    private static func decode(_ text: Substring.UTF8View, of name: String) throws(WireError) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var input = text.makeIterator()
        while let byte = input.next() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = hex(input.next()), let low = hex(input.next()) else {
                    throw WireError(path: name, reason: "a % must be followed by two hexadecimal digits")
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw WireError(path: name, reason: "the value is not UTF-8")
        }
        return decoded
    }

    private static func hex(_ byte: UInt8?) -> UInt8? {
        byte.flatMap { Character(Unicode.Scalar($0)).hexDigitValue }.map { UInt8($0) }
    }

    /// Escapes a value for a query: everything but the unreserved characters of RFC 3986.
    package static func escape(_ text: String) -> String {
        var output = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                output.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                output += digits.count == 1 ? "%0" + digits : "%" + digits
            }
        }
        return output
    }
}
