package import GridModel

// The hash of a painted screen, written twice: here and in Web/attestation/screen-hash.js, compared by Fixtures/attestation/vectors.json.
// Docs/specifications/attestation.md defines it. Two lanes of 32 bits, so that JavaScript needs no BigInt. It finds accidents; whoever
// wants two screens with one hash can make them.

/// A hash that rolls over the rows of a screen in the order painted. Within a row the cells' hashes are added, so their order does not
/// count: a column's id is in its cell's hash.
package struct ScreenHash: Sendable {
    private var a: UInt32 = 0x243F_6A88
    private var b: UInt32 = 0x85A3_08D3
    private var rowA: UInt32 = 0
    private var rowB: UInt32 = 0

    package init() {}

    /// The hash of the rows so far.
    package var value: UInt64 { UInt64(a) << 32 | UInt64(b) }

    /// Adds a cell of the row that comes next, by its JSON; an empty cell adds nothing.
    package mutating func cell(_ column: ColumnID, json: UnsafeRawBufferPointer) {
        guard json.count >= 2, json[0] == UInt8(ascii: "\"") else { return add(column, json) }
        let content = UnsafeRawBufferPointer(rebasing: json[1..<json.count - 1])
        guard content.contains(UInt8(ascii: "\\")) else { return add(column, content) }
        var text = JSONText.unescape(String(decoding: content, as: UTF8.self))
        text.withUTF8 { add(column, UnsafeRawBufferPointer($0)) }
    }

    /// Adds a cell of the row that comes next.
    package mutating func cell(_ column: ColumnID, _ value: CellValue) {
        var text = value.displayText
        text.withUTF8 { add(column, UnsafeRawBufferPointer($0)) }
    }

    /// Ends a row, with the cells added since the row before it.
    package mutating func row(_ row: RowID) {
        a = Self.mixed(a &* Self.prime &+ (rowA ^ Self.mixed(row.rawValue)))
        b = Self.mixed(b &* Self.prime ^ (rowB &+ Self.mixed(row.rawValue ^ 0x5BD1_E995)))
        rowA = 0
        rowB = 0
    }

    /// The FNV prime of 32 bits.
    private static let prime: UInt32 = 0x0100_0193

    private mutating func add(_ column: ColumnID, _ text: UnsafeRawBufferPointer) {
        guard !text.isEmpty else { return }
        var lane = Lane(column)
        if text.allSatisfy({ $0 < 0x80 }) {
            for byte in text { lane.add(UInt16(byte)) }
        } else {
            // The page counts in UTF-16.
            for unit in String(decoding: text, as: UTF8.self).utf16 { lane.add(unit) }
        }
        rowA &+= Self.mixed(lane.a ^ lane.count)
        rowB &+= Self.mixed(lane.b &+ lane.count)
    }

    /// One cell on its way.
    private struct Lane {
        var a: UInt32
        var b: UInt32
        var count: UInt32 = 0

        init(_ column: ColumnID) {
            a = ScreenHash.mixed(column.rawValue &+ 0x9E37_79B9)
            b = ScreenHash.mixed(column.rawValue ^ 0x7F4A_7C15)
        }

        @inline(__always)
        mutating func add(_ unit: UInt16) {
            a = (a ^ UInt32(unit)) &* ScreenHash.prime
            b = ((b << 5 | b >> 27) ^ UInt32(unit)) &* 0x2722_0A95
            count &+= 1
        }
    }

    /// The finalizer of MurmurHash3 (Appleby 2011): every bit of the answer depends on every bit of the number.
    @inline(__always)
    private static func mixed(_ number: UInt32) -> UInt32 {
        var x = number
        x = (x ^ x >> 16) &* 0x85EB_CA6B
        x = (x ^ x >> 13) &* 0xC2B2_AE35
        return x ^ x >> 16
    }
}
