import Trace

extension OTLPImporter {
    /// The attributes of a span event named `trueline.KIND`, in the order of `read(_:_:_:)`'s cases.
    static let eventAttributes = JSONNameTable([
        "trueline.id", "trueline.session", "trueline.task", "trueline.request", "trueline.intent", "trueline.slot",
        "trueline.key",
        "trueline.version", "trueline.base", "trueline.value", "trueline.arguments", "trueline.label", "trueline.rank",
        "trueline.position", "trueline.frame", "trueline.status", "trueline.optimistic", "trueline.rollback", "trueline.user",
        "trueline.merge", "trueline.refetch", "trueline.holds", "trueline.guard",
    ])
    private static let prefix = "trueline."

    /// Reads a span's events; those named `trueline.KIND` become events of that kind, with what their attributes say.
    mutating func addEvents(_ cursor: inout JSONCursor, _ start: TraceLog.Row) throws(JSONFailure) {
        var isFirst = true
        try cursor.beginArray()
        while try cursor.nextElement(&isFirst) {
            var time = start.time
            var kind: EventKind?
            var attributes: JSONSlice?
            var isFirst = true
            try cursor.beginObject()
            while let name = try cursor.nextMember(&isFirst) {
                switch names.event.index(of: name) {
                case 0, 3: time = try cursor.integerOrText("a time must be a whole number of nanoseconds")
                case 1 where cursor.peek() == UInt8(ascii: "\""): kind = Self.kind(try cursor.string())
                case 2 where cursor.peek() == UInt8(ascii: "["): attributes = try cursor.skipValue()
                default: try cursor.skipValue()
                }
            }
            guard let kind else { continue }
            guard 0...JSONCursor.maximumTime ~= time else { throw cursor.failure("a time that is not between 1970 and 2116") }
            var row = TraceLog.Row(kind)
            (row.process, row.session, row.request) = (start.process, start.session, start.request)
            (row.intent, row.slot, row.time) = (start.intent, start.slot, time)
            var value = Symbol.none
            if let attributes {
                var inner = JSONCursor(attributes, of: cursor)
                try self.attributes(&inner) { (importer, key, inner) throws(JSONFailure) in
                    try importer.read(key, &inner, &row, &value)
                }
            }
            events.add(row, value: value)
        }
    }

    private static func kind(_ name: JSONString) -> EventKind? {
        guard name.isPlain, name.count > 9, name.raw.starts(with: prefix.utf8) else { return nil }
        let kind = name.string.dropFirst(prefix.count)
        return EventKind.allCases.first { "\($0)" == kind && $0 != .process && $0 != .slot }
    }

    private mutating func read(
        _ key: JSONString, _ value: inout JSONCursor, _ row: inout TraceLog.Row, _ written: inout Symbol
    ) throws(JSONFailure) {
        let index = Self.eventAttributes.index(of: key)
        switch index {
        case 0: row.id = try name(&value)
        case 1: row.session = try name(&value)
        case 2: row.task = try name(&value)
        case 3: row.request = try name(&value)
        case 4: row.intent = try name(&value)
        case 5: row.slot = try name(&value)
        case 6: row.key = try name(&value)
        case 7: row.version = try version(&value)
        case 8: row.base = try version(&value)
        case 9: written = try json(&value)
        case 10: row.arguments = try json(&value)
        case 11: row.label = try name(&value)
        case 12, 13, 14, 15:
            guard let number = try value.anyInteger() else { throw value.failure("must be a whole number") }
            row.number = number
            row.flags.insert(.numbered)
        case 16, 17, 18, 19, 20, 21:
            let flags: [EventFlags] = [.optimistic, .rollback, .user, .merge, .refetch, .holds]
            if try value.anyText() == "true" { row.flags.insert(flags[index - 16]) }
        case 22:
            row.flags.insert(.guarded)
            events.attribute("guard", try value.anyText() ?? "")
        default:
            guard key.raw.starts(with: Self.prefix.utf8) else {
                try value.skipValue()
                return
            }
            events.attribute(events.intern(String(key.string.dropFirst(Self.prefix.count))), try json(&value))
        }
    }

    private mutating func name(_ value: inout JSONCursor) throws(JSONFailure) -> Symbol {
        try value.anyText().map { events.intern($0) } ?? .none
    }

    mutating func version(_ value: inout JSONCursor) throws(JSONFailure) -> TraceVersion {
        var again = value
        if let number = try value.anyInteger(), number >= 0 { return TraceVersion(number: number) }
        return try again.anyText().map { TraceVersion(text: events.intern($0)) } ?? .none
    }

    /// An attribute's value as canonical JSON text.
    mutating func json(_ value: inout JSONCursor) throws(JSONFailure) -> Symbol {
        var text: [UInt8] = []
        try value.appendAny(to: &text, depth: 0)
        let count = text.count
        text.append(contentsOf: repeatElement(0, count: JSONCursor.padding))
        let result: Result<Symbol, JSONFailure> = text.withUnsafeBytes { text in
            var cursor = JSONCursor(UnsafeRawBufferPointer(rebasing: text[..<count]))
            do throws(JSONFailure) {
                try canonical.read(&cursor)
            } catch {
                return .failure(error)
            }
            return .success(canonical.text.withUnsafeBytes { events.log.intern($0) })
        }
        return try result.get()
    }
}

/// OTLP's `AnyValue`, a value wrapped in an object that says its type.
extension JSONCursor {
    /// A 64-bit number, bare or as a text.
    mutating func integerOrText(_ reason: StaticString) throws(JSONFailure) -> Int64 {
        guard peek() == UInt8(ascii: "\"") else { return try integer(reason) }
        let text = try string()
        guard let number = text.shortNumber ?? Int64(text.string) else { throw failure(reason) }
        return number
    }

    /// The value if it is a text.
    mutating func anyString() throws(JSONFailure) -> JSONString? {
        var found: JSONString?
        try any { (name, cursor) throws(JSONFailure) in
            if name.equals("stringValue") || name.equals("string_value"), cursor.peek() == UInt8(ascii: "\"") {
                found = try cursor.string()
            } else {
                try cursor.skipValue()
            }
        }
        return found
    }

    /// The value if it is a whole number, or a text of one.
    mutating func anyInteger() throws(JSONFailure) -> Int64? {
        var found: Int64?
        try any { (name, cursor) throws(JSONFailure) in
            guard !name.equals("doubleValue") else {
                try cursor.skipValue()
                return
            }
            if cursor.peek() == UInt8(ascii: "\"") {
                let string = try cursor.string()
                found = string.shortNumber ?? Int64(string.quoted.string.dropFirst().dropLast())
                return
            }
            let text = try cursor.skipValue().string
            found = Int64(text)
        }
        return found
    }

    /// The value as a text, whatever scalar it is.
    mutating func anyText() throws(JSONFailure) -> String? {
        var found: String?
        try any { (_, cursor) throws(JSONFailure) in
            found = cursor.peek() == UInt8(ascii: "\"") ? try cursor.string().string : try cursor.skipValue().string
        }
        return found
    }

    /// Calls `body` with the name of the type and the cursor before the value within the wrapper, which `body` steps over.
    private mutating func any(
        _ body: (JSONString, inout JSONCursor) throws(JSONFailure) -> Void
    ) throws(JSONFailure) {
        guard peek() == UInt8(ascii: "{") else {
            try skipValue()
            return
        }
        var isFirst = true
        try beginObject()
        while let name = try nextMember(&isFirst) {
            try body(name, &self)
        }
    }

    /// Appends the value as plain JSON.
    mutating func appendAny(to text: inout [UInt8], depth: Int) throws(JSONFailure) {
        guard depth < Self.maximumDepth / 4 else { throw failure("a value nested too deep") }
        var isFirst = true
        var isEmpty = true
        try beginObject()
        while let name = try nextMember(&isFirst) {
            isEmpty = false
            if name.equals("arrayValue") {
                text.append(UInt8(ascii: "["))
                try appendList(to: &text, depth: depth) { (cursor, text) throws(JSONFailure) in
                    try cursor.appendAny(to: &text, depth: depth + 1)
                }
                text.append(UInt8(ascii: "]"))
            } else if name.equals("kvlistValue") {
                text.append(UInt8(ascii: "{"))
                try appendList(to: &text, depth: depth) { (cursor, text) throws(JSONFailure) in
                    try cursor.appendPair(to: &text, depth: depth + 1)
                }
                text.append(UInt8(ascii: "}"))
            } else if name.equals("intValue"), peek() == UInt8(ascii: "\"") {
                text.append(contentsOf: String(try integerOrText("intValue must be a whole number")).utf8)
            } else {
                text.append(contentsOf: try skipValue().bytes)
            }
        }
        if isEmpty { text.append(contentsOf: "null".utf8) }
    }

    private mutating func appendList(
        to text: inout [UInt8], depth: Int, _ element: (inout JSONCursor, inout [UInt8]) throws(JSONFailure) -> Void
    ) throws(JSONFailure) {
        var isFirstMember = true
        try beginObject()
        while let name = try nextMember(&isFirstMember) {
            guard name.equals("values") else {
                try skipValue()
                continue
            }
            var isFirst = true
            var isEmpty = true
            try beginArray()
            while try nextElement(&isFirst) {
                if !isEmpty { text.append(UInt8(ascii: ",")) }
                isEmpty = false
                try element(&self, &text)
            }
        }
    }

    private mutating func appendPair(to text: inout [UInt8], depth: Int) throws(JSONFailure) {
        var key: JSONSlice?
        var value: [UInt8] = Array("null".utf8)
        var isFirst = true
        try beginObject()
        while let name = try nextMember(&isFirst) {
            if name.equals("key") {
                key = try string().quoted
            } else if name.equals("value") {
                value = []
                try appendAny(to: &value, depth: depth)
            } else {
                try skipValue()
            }
        }
        guard let key else { throw failure("a pair without key") }
        text.append(contentsOf: key.bytes)
        text.append(UInt8(ascii: ":"))
        text.append(contentsOf: value)
    }
}

/// Base64 (RFC 4648), as plain protobuf JSON writes ids.
enum Base64 {
    /// Appends as hexadecimal what the text stands for; `false` when it does not stand for exactly so many bytes.
    static func appendHexadecimal(_ text: UnsafeRawBufferPointer, bytes count: Int, to hexadecimal: inout [UInt8]) -> Bool {
        guard text.count == (count + 2) / 3 * 4 else { return false }
        var bits: UInt32 = 0
        var width: UInt32 = 0
        var decoded = 0
        for byte in text where byte != UInt8(ascii: "=") {
            guard let value = value(byte) else { return false }
            bits = bits << 6 | value
            width += 6
            if width >= 8 {
                width -= 8
                let byte = UInt8(truncatingIfNeeded: bits >> width)
                hexadecimal.append(digit(byte >> 4))
                hexadecimal.append(digit(byte & 15))
                decoded += 1
            }
        }
        return decoded == count
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
