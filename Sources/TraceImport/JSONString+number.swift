import Trace

extension JSONString {
    /// The number that up to 19 digits are; `nil` for anything else, numbers too.
    var shortNumber: Int64? {
        guard 1...19 ~= count else { return nil }
        var number: UInt64 = 0
        var at = 0
        while at + 8 <= count {
            guard let digits = Self.eightDigits(raw.loadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian) else {
                return nil
            }
            number = number &* 100_000_000 &+ digits
            at += 8
        }
        while at < count {
            let digit = start[at] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            number = number &* 10 &+ UInt64(digit)
            at += 1
        }
        return Int64(exactly: number)
    }

    /// The number that eight digits are, the first one in the lowest byte: pairs of digits, then of pairs, then of those are joined.
    private static func eightDigits(_ word: UInt64) -> UInt64? {
        let isDigits =
            (word & 0xF0F0_F0F0_F0F0_F0F0) | ((word &+ 0x0606_0606_0606_0606) & 0xF0F0_F0F0_F0F0_F0F0) >> 4
            == 0x3333_3333_3333_3333
        guard isDigits else { return nil }
        let digits = word & 0x0F0F_0F0F_0F0F_0F0F
        let pairs = (digits &* (10 << 8 | 1)) >> 8 & 0x00FF_00FF_00FF_00FF
        let fours = (pairs &* (100 << 16 | 1)) >> 16 & 0x0000_FFFF_0000_FFFF
        return (fours &* (10_000 << 32 | 1)) >> 32
    }
}
