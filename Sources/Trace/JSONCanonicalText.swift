/// Writes JSON values in the one form that equal values share: no white space, members sorted by the bytes of their names (of two
/// equal names the last counts), texts with as few escapes as JSON allows, numbers as ECMAScript writes them but with every digit.
/// What `JSON.stringify` writes of a value with sorted members is that form already.
package struct JSONCanonicalText {
    /// Where a member stands in `text`.
    private struct Member {
        var start: Int
        var nameEnd: Int
        var end: Int
    }

    package private(set) var text: [UInt8] = []
    private var members: [Member] = []
    /// Says whether the text that is a member's value is a credential, by the member's name: it is left out then.
    package var isSecret: (@Sendable (JSONString) -> Bool)?

    package init() {}

    /// Reads one value and makes `text` its canonical form.
    package mutating func read(_ cursor: inout JSONCursor) throws(JSONFailure) {
        text.removeAll(keepingCapacity: true)
        members.removeAll(keepingCapacity: true)
        try value(&cursor, depth: 0)
    }

    /// The canonical form of one value.
    package static func of(_ slice: JSONSlice) throws(JSONFailure) -> String {
        var canonical = JSONCanonicalText()
        var cursor = JSONCursor(slice)
        try canonical.read(&cursor)
        return String(decoding: canonical.text, as: UTF8.self)
    }

    private mutating func value(_ cursor: inout JSONCursor, depth: Int) throws(JSONFailure) {
        guard depth <= JSONCursor.maximumDepth else { throw cursor.failure("nested deeper than 128") }
        switch cursor.peek() {
        case UInt8(ascii: "\""): append(try cursor.string())
        case UInt8(ascii: "{"): try object(&cursor, depth: depth)
        case UInt8(ascii: "["): try array(&cursor, depth: depth)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): append(number: try cursor.skipValue())
        default: text.append(contentsOf: try cursor.skipValue().bytes)
        }
    }

    private mutating func array(_ cursor: inout JSONCursor, depth: Int) throws(JSONFailure) {
        try cursor.beginArray()
        text.append(UInt8(ascii: "["))
        var isFirst = true
        var isEmpty = true
        while try cursor.nextElement(&isFirst) {
            if !isEmpty { text.append(UInt8(ascii: ",")) }
            isEmpty = false
            try value(&cursor, depth: depth + 1)
        }
        text.append(UInt8(ascii: "]"))
    }

    private mutating func object(_ cursor: inout JSONCursor, depth: Int) throws(JSONFailure) {
        try cursor.beginObject()
        text.append(UInt8(ascii: "{"))
        let body = text.count
        let first = members.count
        var isFirst = true
        var isSorted = true
        while let name = try cursor.nextMember(&isFirst) {
            if text.count > body { text.append(UInt8(ascii: ",")) }
            let start = text.count
            append(name)
            let nameEnd = text.count
            if members.count > first, let last = members.last, !precedes(last, start..<nameEnd) { isSorted = false }
            text.append(UInt8(ascii: ":"))
            if let isSecret, cursor.peek() == UInt8(ascii: "\""), isSecret(name) {
                try cursor.skipValue()
                text.append(contentsOf: "\"[redacted]\"".utf8)
            } else {
                try value(&cursor, depth: depth + 1)
            }
            members.append(Member(start: start, nameEnd: nameEnd, end: text.count))
        }
        if !isSorted { sort(from: first, body: body) }
        members.removeSubrange(first...)
        text.append(UInt8(ascii: "}"))
    }

    private func precedes(_ member: Member, _ name: Range<Int>) -> Bool {
        // Without the closing quote, which would sort after a space.
        text[member.start..<(member.nameEnd - 1)].lexicographicallyPrecedes(text[name.lowerBound..<(name.upperBound - 1)])
    }

    private mutating func sort(from first: Int, body: Int) {
        let sorted = members[first...].enumerated().sorted { a, b in
            let (left, right) = (a.element, b.element)
            if precedes(left, right.start..<right.nameEnd) { return true }
            if precedes(right, left.start..<left.nameEnd) { return false }
            return a.offset < b.offset
        }
        var rearranged: [UInt8] = []
        rearranged.reserveCapacity(text.count - body)
        for (index, entry) in sorted.enumerated() {
            let member = entry.element
            if index + 1 < sorted.count {
                let following = sorted[index + 1].element
                if text[member.start..<member.nameEnd] == text[following.start..<following.nameEnd] { continue }
            }
            if !rearranged.isEmpty { rearranged.append(UInt8(ascii: ",")) }
            rearranged.append(contentsOf: text[member.start..<member.end])
        }
        text.removeSubrange(body...)
        text.append(contentsOf: rearranged)
    }

    // MARK: Scalars

    private mutating func append(_ string: JSONString) {
        guard !string.isPlain else {
            text.append(contentsOf: string.quoted.bytes)
            return
        }
        text.append(UInt8(ascii: "\""))
        var at = 0
        while at < string.count {
            let byte = string.start[at]
            guard byte == UInt8(ascii: "\\"),
                string.start[at + 1] == UInt8(ascii: "u") || string.start[at + 1] == UInt8(ascii: "/")
            else {
                // An escape of one letter is as short as it can be.
                let length = byte == UInt8(ascii: "\\") ? 2 : 1
                text.append(contentsOf: UnsafeRawBufferPointer(start: string.start + at, count: length))
                at += length
                continue
            }
            at += 2
            guard string.start[at - 1] == UInt8(ascii: "u") else {
                text.append(UInt8(ascii: "/"))
                continue
            }
            append(escapedScalar: JSONString.scalar(string.start, &at, string.count))
        }
        text.append(UInt8(ascii: "\""))
    }

    private mutating func append(escapedScalar value: UInt32) {
        guard let scalar = Unicode.Scalar(value) else {
            // Half a surrogate pair: not a character, and kept as it is.
            text.append(contentsOf: "\\u\(String(value, radix: 16))".utf8)
            return
        }
        JSONText.append(escaping: scalar, to: &text)
    }

    private mutating func append(number slice: JSONSlice) {
        if slice.count <= 21, (1..<slice.count).allSatisfy({ slice.start[$0] &- UInt8(ascii: "0") < 10 }),
            slice.start[0] != UInt8(ascii: "-") || slice.start[1] != UInt8(ascii: "0")
        {
            text.append(contentsOf: slice.bytes)
        } else {
            JSONText.append(number: slice.bytes, to: &text)
        }
    }
}
