package import GridModel

/// A strict reader of one JSON document that knows where it is, so that an error names the place.
///
/// It adds to `JSONScanner` the path, and the words for what a message may hold. A member that is not known is refused by name:
/// a misspelt member must not be a silent no-op.
package struct WireReader {
    private var scanner: JSONScanner
    private var path: [String] = []

    package init(_ bytes: ArraySlice<UInt8>) {
        scanner = JSONScanner(bytes)
    }

    package init(_ bytes: [UInt8]) {
        self.init(bytes[...])
    }

    /// Reads a whole document: one value made by `body`, then nothing but white space.
    package static func read<Value>(
        _ bytes: [UInt8], _ body: (inout WireReader) throws(WireError) -> Value
    ) throws(WireError) -> Value {
        var reader = WireReader(bytes)
        let value = try body(&reader)
        try reader.scan { (scanner) throws(JSONScanner.Failure) in try scanner.end() }
        return value
    }

    /// Reads an object, calling `member` with each name before its value. A name that comes twice is refused.
    package mutating func object(_ member: (String, inout WireReader) throws(WireError) -> Void) throws(WireError) {
        guard scanner.take(UInt8(ascii: "{")) else { throw failure("expected an object") }
        if scanner.take(UInt8(ascii: "}")) { return }
        guard path.count < JSONScanner.depthLimit else { throw failure("nested deeper than \(JSONScanner.depthLimit)") }
        var seen: Set<String> = []
        repeat {
            let before = self
            let name = try scan { (scanner) throws(JSONScanner.Failure) in try scanner.string() }
            path.append(name)
            guard seen.insert(name).inserted else { throw before.failure("the name \"\(name)\" comes twice") }
            guard scanner.take(UInt8(ascii: ":")) else { throw failure("expected \":\"") }
            try member(name, &self)
            path.removeLast()
        } while scanner.take(UInt8(ascii: ","))
        guard scanner.take(UInt8(ascii: "}")) else { throw failure("expected \"}\"") }
    }

    /// Reads an array, calling `element` before each value.
    package mutating func array(_ element: (inout WireReader) throws(WireError) -> Void) throws(WireError) {
        guard scanner.take(UInt8(ascii: "[")) else { throw failure("expected an array") }
        if scanner.take(UInt8(ascii: "]")) { return }
        guard path.count < JSONScanner.depthLimit else { throw failure("nested deeper than \(JSONScanner.depthLimit)") }
        var index = 0
        repeat {
            path.append(String(index))
            try element(&self)
            path.removeLast()
            index += 1
        } while scanner.take(UInt8(ascii: ","))
        guard scanner.take(UInt8(ascii: "]")) else { throw failure("expected \"]\"") }
    }

    /// Reads the elements of an array into a list.
    package mutating func list<Value>(_ element: (inout WireReader) throws(WireError) -> Value) throws(WireError) -> [Value] {
        var values: [Value] = []
        try array { (reader) throws(WireError) in values.append(try element(&reader)) }
        return values
    }

    package mutating func string() throws(WireError) -> String {
        try scan { (scanner) throws(JSONScanner.Failure) in try scanner.string() }
    }

    package mutating func integer() throws(WireError) -> Int64 {
        try scan { (scanner) throws(JSONScanner.Failure) in try scanner.integer() }
    }

    /// Reads a whole number within `range`.
    package mutating func integer(in range: ClosedRange<Int64>) throws(WireError) -> Int {
        let number = try integer()
        guard range.contains(number) else {
            throw failure("expected a whole number from \(range.lowerBound) to \(range.upperBound), found \(number)")
        }
        return Int(number)
    }

    package mutating func boolean() throws(WireError) -> Bool {
        try scan { (scanner) throws(JSONScanner.Failure) in try scanner.boolean() }
    }

    /// Takes `null` if it comes next.
    package mutating func takeNull() throws(WireError) -> Bool {
        try scan { (scanner) throws(JSONScanner.Failure) in try scanner.takeNull() }
    }

    /// True when a value of that first byte comes next.
    package mutating func comes(_ byte: Character) -> Bool {
        scanner.peek() == byte.asciiValue
    }

    /// Reads a cell's value; `nil` for the empty cell. A value over the limit is refused.
    package mutating func cellValue() throws(WireError) -> CellValue? {
        try scan { (scanner) throws(JSONScanner.Failure) in try scanner.cellValue() }
    }

    /// Checks one value and steps over it.
    package mutating func skipValue() throws(WireError) -> ArraySlice<UInt8> {
        try scan { (scanner) throws(JSONScanner.Failure) in try scanner.skipValue() }
    }

    /// Reads an identifier such as "r9".
    package mutating func identifier<ID: NumberedIdentifier>(_: ID.Type) throws(WireError) -> ID {
        let text = try string()
        guard let id = ID(text: text) else {
            throw failure("expected an id such as \"\(ID.prefix)1\", found \"\(text.prefix(40))\"")
        }
        return id
    }

    /// Reads one of an enum's raw values.
    package mutating func choice<Value: RawRepresentable & CaseIterable>(_: Value.Type) throws(WireError) -> Value
    where Value.RawValue == String {
        let text = try string()
        guard let value = Value(rawValue: text) else {
            let names = Value.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw failure("expected one of \(names), found \"\(text.prefix(40))\"")
        }
        return value
    }

    /// The refusal of the member just named.
    package func unknownMember() -> WireError {
        failure("\"\(path.last ?? "")\" is not a known member")
    }

    /// The refusal of an object that lacks a member.
    package func missing(_ name: String) -> WireError {
        failure("the member \"\(name)\" is missing")
    }

    package func failure(_ reason: String) -> WireError { failure(reason, at: "") }

    /// A refusal of something within the value just read: `place` is a JSON pointer into it.
    package func failure(_ reason: String, at place: String) -> WireError {
        WireError(path: pointer + place, position: scanner.failure("").position, reason: reason)
    }

    private var pointer: String {
        path.map {
            "/"
                + $0.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
                .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
        }.joined()
    }

    private mutating func scan<Value>(
        _ body: (inout JSONScanner) throws(JSONScanner.Failure) -> Value
    ) throws(WireError) -> Value {
        do {
            return try body(&scanner)
        } catch {
            throw WireError(path: pointer, position: error.position, reason: error.reason)
        }
    }
}
