/// A checksum against damage of stored blobs: SQLite keeps none outside its WAL, and a flipped bit in a cell would be served as
/// if somebody had written it. 32 bits of a multiply-and-fold over 64-bit words; not against forgery.
enum Checksum {
    private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15  // 2^64 divided by the golden ratio

    /// `seed`: the key of what is summed, so that a blob under another key is noticed too.
    static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> Int64 {
        var sum = (seed ^ UInt64(bytes.count) << 32) &* multiplier
        var offset = 0
        while offset + 8 <= bytes.count {
            mix(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)), into: &sum)
            offset += 8
        }
        var tail: UInt64 = 0
        for shift in 0..<UInt64(bytes.count - offset) { tail |= UInt64(bytes[offset + Int(shift)]) << (shift * 8) }
        mix(tail, into: &sum)
        return Int64(sum >> 32)
    }

    private static func mix(_ word: UInt64, into sum: inout UInt64) {
        sum = (sum ^ word) &* multiplier
        sum ^= sum >> 32
    }
}
