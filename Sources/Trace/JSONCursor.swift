// A strict reader of JSON (RFC 8259) that walks bytes in place and builds nothing: the caller asks for what it expects and gets
// slices and integers. Everything stops at the byte behind the text, a zero or a line feed, which JSON allows in no text, name or
// number, so only steps over white space compare with the end; eight bytes at a time are compared within texts.

/// What is wrong with a text, and where.
package struct JSONFailure: Error, Sendable {
    /// Bytes from the first byte of the text.
    package var offset: Int
    package var reason: StaticString

    @inlinable
    package init(offset: Int, reason: StaticString) {
        self.offset = offset
        self.reason = reason
    }
}

/// Bytes of a checked value within the text that is being read. Valid as long as that text.
package struct JSONSlice {
    package let start: UnsafePointer<UInt8>
    package let count: Int

    @inlinable
    package init(start: UnsafePointer<UInt8>, count: Int) {
        self.start = start
        self.count = count
    }

    @inlinable package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }
    package var string: String { String(decoding: bytes, as: UTF8.self) }
}

/// Reads one JSON text. The bytes must be followed by a zero byte or a line feed, and `padding - 1` further bytes that may be read.
package struct JSONCursor {
    /// How many bytes after the text may be read.
    package static let padding = 64
    /// How deep arrays and objects may nest: deeper ones are an attack, not a recording.
    package static let maximumDepth = 128

    @usableFromInline let start: UnsafePointer<UInt8>
    @usableFromInline let end: UnsafePointer<UInt8>
    @usableFromInline var next: UnsafePointer<UInt8>

    /// - Parameter text: the bytes; the one after the last is zero or a line feed, and `padding` bytes after the last may be read.
    @inlinable
    package init(_ text: UnsafeRawBufferPointer) {
        let bytes = text.bindMemory(to: UInt8.self)
        // An empty buffer has no address; a text of one zero byte reads like it.
        start = bytes.baseAddress ?? JSONCursor.nothing
        end = start + bytes.count
        next = start
    }

    /// Walks a slice of a text once more.
    @inlinable
    package init(_ slice: JSONSlice) {
        start = slice.start
        end = slice.start + slice.count
        next = start
    }

    /// Walks a slice of a longer text; offsets stay those of that text.
    @inlinable
    package init(_ slice: JSONSlice, of text: JSONCursor) {
        start = text.start
        end = text.end
        next = slice.start
    }

    /// Zeros that are never written: safe to share.
    @usableFromInline nonisolated(unsafe) static let nothing: UnsafePointer<UInt8> = {
        let zeros = UnsafeMutablePointer<UInt8>.allocate(capacity: padding)
        zeros.initialize(repeating: 0, count: padding)
        return UnsafePointer(zeros)
    }()

    /// Bytes read so far.
    @inlinable package var offset: Int { next - start }

    @inlinable
    package func failure(_ reason: StaticString) -> JSONFailure {
        JSONFailure(offset: min(next, end) - start, reason: reason)
    }

    /// Nothing is left.
    package var isAtEnd: Bool { next >= end }

    /// Where a slice of this text begins.
    package func offset(of slice: JSONSlice) -> Int { slice.start - start }

    /// Where a slice of this text stands in it.
    func range(of slice: JSONSlice) -> Range<Int> { (slice.start - start)..<(slice.start - start + slice.count) }

    /// What stands in a part of this text.
    func slice(_ range: Range<Int>) -> JSONSlice { JSONSlice(start: start + range.lowerBound, count: range.count) }

    /// An empty slice where the cursor stands.
    package var here: JSONSlice { JSONSlice(start: next, count: 0) }

    /// What was read since an earlier state of this cursor.
    package func slice(since earlier: JSONCursor) -> JSONSlice {
        JSONSlice(start: earlier.next, count: next - earlier.next)
    }

    /// Steps over the mark that some tools put before UTF-8.
    package mutating func skipByteOrderMark() {
        if next[0] == 0xEF, next[1] == 0xBB, next[2] == 0xBF { next += 3 }
    }

    // MARK: Steps

    /// The next byte that is not white space; 0 at the end.
    @inlinable @inline(__always)
    package mutating func peek() -> UInt8 {
        let byte = next.pointee
        return byte > 0x20 ? byte : peekPastSpace()
    }

    @inlinable
    mutating func peekPastSpace() -> UInt8 {
        while next < end {
            switch next.pointee {
            case 0x20, 0x09, 0x0A, 0x0D: next += 1
            case let byte: return byte
            }
        }
        return 0
    }

    /// Succeeds when only white space is left.
    @inlinable
    package mutating func finish() throws(JSONFailure) {
        if peek() != 0 { throw failure("something follows the end of the value") }
        if next < end { throw failure("a zero byte") }
    }

    @inlinable @inline(__always)
    mutating func expect(_ byte: UInt8, _ reason: StaticString) throws(JSONFailure) {
        guard peek() == byte else { throw failure(reason) }
        next += 1
    }

    /// Takes `null` if it comes next.
    @inlinable @inline(__always)
    package mutating func takeNull() throws(JSONFailure) -> Bool {
        guard peek() == UInt8(ascii: "n") else { return false }
        try literal()
        return true
    }

    /// Begins an object; the members follow by `nextMember`.
    @inlinable @inline(__always)
    package mutating func beginObject() throws(JSONFailure) {
        try expect(UInt8(ascii: "{"), "expected an object")
    }

    /// Begins an array; the elements follow by `nextElement`.
    @inlinable @inline(__always)
    package mutating func beginArray() throws(JSONFailure) {
        try expect(UInt8(ascii: "["), "expected an array")
    }

    /// The name of the object's next member, or `nil` when the object ends. The caller reads exactly the member's value then.
    @inlinable @inline(__always)
    package mutating func nextMember(_ isFirst: inout Bool) throws(JSONFailure) -> JSONString? {
        let byte = peek()
        if byte == UInt8(ascii: "}") {
            next += 1
            return nil
        }
        if isFirst {
            isFirst = false
        } else {
            guard byte == UInt8(ascii: ",") else { throw failure("expected , or } after a member") }
            next += 1
        }
        let name = try string("expected a member's name")
        try expect(UInt8(ascii: ":"), "expected : after a member's name")
        return name
    }

    /// Whether the array has another element; the caller reads exactly that value then.
    @inlinable @inline(__always)
    package mutating func nextElement(_ isFirst: inout Bool) throws(JSONFailure) -> Bool {
        let byte = peek()
        if byte == UInt8(ascii: "]") {
            next += 1
            return false
        }
        if isFirst {
            isFirst = false
            return true
        }
        guard byte == UInt8(ascii: ",") else { throw failure("expected , or ] after an element") }
        next += 1
        if peek() == UInt8(ascii: "]") { throw failure("expected a value") }
        return true
    }
}
