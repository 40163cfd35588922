import GridModel
import Ordering

/// Walks a record's bytes. Every read is checked: damaged bytes end in `RecordError.damaged`, never in a trap.
struct RecordCursor {
    let bytes: UnsafeRawBufferPointer
    private(set) var position: Int

    /// - Parameter position: where to begin, at most `bytes.count`.
    init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
        self.bytes = bytes
        self.position = min(max(position, 0), bytes.count)
    }

    var isAtEnd: Bool { position == bytes.count }
    var remaining: Int { bytes.count - position }

    func damaged(_ what: String) -> RecordError {
        .damaged(offset: position, what)
    }

    @inline(__always)
    mutating func byte() throws(RecordError) -> UInt8 {
        guard position < bytes.count else { throw damaged("the bytes end early") }
        let byte = bytes[position]
        position += 1
        return byte
    }

    /// An unsigned LEB128 number.
    @inline(__always)
    mutating func varint() throws(RecordError) -> UInt64 {
        let first = try byte()
        if first < 0x80 { return UInt64(first) }
        return try longVarint(first)
    }

    private mutating func longVarint(_ first: UInt8) throws(RecordError) -> UInt64 {
        var value = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        while true {
            let next = try byte()
            guard shift < 63 || shift == 63 && next <= 1 else { throw damaged("a number of more than 64 bits") }
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return value }
            shift += 7
        }
    }

    /// A number that must not be above `most`.
    @inline(__always)
    mutating func number(most: Int) throws(RecordError) -> Int {
        let value = try varint()
        guard value <= UInt64(most) else { throw damaged("\(value) where at most \(most) was expected") }
        return Int(value)
    }

    @inline(__always)
    mutating func number32() throws(RecordError) -> UInt32 {
        let value = try varint()
        guard let number = UInt32(exactly: value) else { throw damaged("\(value) where 32 bits were expected") }
        return number
    }

    /// A length and as many bytes.
    @inline(__always)
    mutating func blob() throws(RecordError) -> UnsafeRawBufferPointer {
        try take(number(most: remaining))
    }

    @inline(__always)
    mutating func take(_ count: Int) throws(RecordError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else { throw damaged("\(count) bytes expected, \(remaining) left") }
        let part = UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
        position += count
        return part
    }

    mutating func text() throws(RecordError) -> String {
        let part = try blob()
        guard let text = String(validating: part, as: UTF8.self) else { throw damaged("text that is not UTF-8") }
        return text
    }

    mutating func word() throws(RecordError) -> UInt64 {
        UInt64(littleEndian: try take(8).loadUnaligned(as: UInt64.self))
    }
}

/// Where a change lies in the log: its record's revision and its place in the record. Zero is "no change".
struct ChangePointer: Hashable, Sendable {
    /// Revision << 26 | offset: 2^38 commits (8 years at 1,000 a second) of records below 64 MiB.
    var rawValue: UInt64

    static let offsetBits: UInt64 = 26
    static let none = ChangePointer(rawValue: 0)

    init(rawValue: UInt64) { self.rawValue = rawValue }

    @inline(__always)
    init(_ revision: Revision, offset: Int) {
        rawValue = revision.rawValue << Self.offsetBits | UInt64(truncatingIfNeeded: offset) & (1 << Self.offsetBits - 1)
    }

    var revision: Revision { Revision(rawValue >> Self.offsetBits) }
    var offset: Int { Int(rawValue & (1 << Self.offsetBits - 1)) }
    var isNone: Bool { rawValue == 0 }
}

/// Writes a record's bytes.
struct RecordWriter {
    var bytes: [UInt8] = []

    var count: Int { bytes.count }

    @inline(__always)
    mutating func byte(_ byte: UInt8) { bytes.append(byte) }

    @inline(__always)
    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    @inline(__always)
    mutating func number(_ value: Int) { varint(UInt64(value)) }

    @inline(__always)
    mutating func raw(_ part: UnsafeRawBufferPointer) { bytes.append(contentsOf: part) }

    mutating func raw(_ part: some Sequence<UInt8>) { bytes.append(contentsOf: part) }

    @inline(__always)
    mutating func blob(_ part: UnsafeRawBufferPointer) {
        number(part.count)
        raw(part)
    }

    mutating func text(_ text: String) {
        var text = text
        text.withUTF8 { blob(UnsafeRawBufferPointer($0)) }
    }

    mutating func word(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { raw($0) }
    }

    /// Seals what was written: the checksum over all of it goes last.
    mutating func seal() {
        let sum = bytes.withUnsafeBytes { Checksum.of($0) }
        word(sum)
    }
}

/// A 64-bit mixing checksum, eight bytes a step: finds damage, not forgery.
enum Checksum {
    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: bytes.count)
        var position = 0
        while position + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            state = mix(state, word)
            position += 8
        }
        var last: UInt64 = 0
        while position < bytes.count {
            last = last << 8 | UInt64(bytes[position])
            position += 1
        }
        return mix(mix(state, last), 0xD6E8_FEB8_6659_FD93)
    }

    @inline(__always)
    static func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
        var next = (state ^ word) &* 0xFF51_AFD7_ED55_8CCD
        next ^= next >> 32
        return next &+ 0x2545_F491_4F6C_DD1D
    }
}
