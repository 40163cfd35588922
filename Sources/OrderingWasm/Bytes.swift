// The binary form of events and effects: little-endian, a u8 tag for each case, a u32 count before each list. The other
// half is Web/ordering.js; the two change together and `wireVersion` with them.

/// The first byte of every message.
package let wireVersion: UInt8 = 3

/// Why bytes are not a message.
package enum WireError: Error, Equatable {
    case truncated
    case unknownVersion
    case unknownTag
    case trailingBytes
    /// A list is longer than ``ByteReader/listLimit`` allows.
    case tooLong

    /// What the C functions return.
    package var code: Int32 {
        switch self {
        case .truncated: -2
        case .unknownVersion: -3
        case .unknownTag: -4
        case .trailingBytes: -5
        case .tooLong: -6
        }
    }
}

/// Reads a message. Anything that is not one is an error, never a trap.
package struct ByteReader: ~Copyable {
    /// Elements of one list: a page of rows and more ranges than a signal keeps.
    static let listLimit: UInt32 = 65_536

    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    mutating func number<T: FixedWidthInteger & UnsignedInteger>(_: T.Type) throws(WireError) -> T {
        let size = MemoryLayout<T>.size
        guard bytes.count - position >= size else { throw .truncated }
        defer { position += size }
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: T.self))
    }

    mutating func u8() throws(WireError) -> UInt8 { try number(UInt8.self) }
    mutating func u32() throws(WireError) -> UInt32 { try number(UInt32.self) }
    mutating func u64() throws(WireError) -> UInt64 { try number(UInt64.self) }

    mutating func flag() throws(WireError) -> Bool {
        switch try u8() {
        case 0: false
        case 1: true
        default: throw .unknownTag
        }
    }

    mutating func optional<T>(_ read: (inout ByteReader) throws(WireError) -> T) throws(WireError) -> T? {
        try flag() ? try read(&self) : nil
    }

    /// Each element takes at least `size` bytes, so a count beyond what is left is refused before room is made for it.
    mutating func list<T>(of size: Int, _ read: (inout ByteReader) throws(WireError) -> T) throws(WireError) -> [T] {
        let count = try u32()
        guard count <= Self.listLimit else { throw .tooLong }
        guard Int(count) <= (bytes.count - position) / size else { throw .truncated }
        var elements: [T] = []
        elements.reserveCapacity(Int(count))
        for _ in 0..<count { elements.append(try read(&self)) }
        return elements
    }

    func finish() throws(WireError) {
        guard position == bytes.count else { throw .trailingBytes }
    }
}

/// Writes a message.
package struct ByteWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    mutating func number<T: FixedWidthInteger & UnsignedInteger>(_ value: T) {
        for shift in 0..<T(MemoryLayout<T>.size) { bytes.append(UInt8(truncatingIfNeeded: value >> (shift * 8))) }
    }

    mutating func u8(_ value: UInt8) { bytes.append(value) }
    mutating func u32(_ value: UInt32) { number(value) }
    mutating func u64(_ value: UInt64) { number(value) }

    mutating func list<T>(_ elements: [T], _ write: (inout ByteWriter, T) -> Void) {
        u32(UInt32(truncatingIfNeeded: elements.count))
        for element in elements { write(&self, element) }
    }

    /// Puts a number into bytes that were left for it.
    mutating func patch(_ value: UInt32, at position: Int) {
        for index in 0..<4 { bytes[position + index] = UInt8(truncatingIfNeeded: value >> UInt32(index * 8)) }
    }
}
