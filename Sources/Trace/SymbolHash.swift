/// A hash of texts with a secret key: 128-bit products of key and text folded to 64 bits, sixteen bytes a step (the construction of
/// wyhash). Without the key nobody can choose texts that meet; nothing that is written or printed depends on it.
package struct SymbolHash: Sendable, Hashable {
    private let first: UInt64
    private let second: UInt64

    /// - Parameter key: any two numbers; equal keys give equal hashes.
    package init(key: (UInt64, UInt64)) {
        // A zero would make the products zero.
        (first, second) = (key.0 | 1 << 63, key.1 | 1 << 62)
    }

    /// The key of this process, as chosen for the standard library's dictionaries when the process began.
    package static let ofProcess: SymbolHash = {
        var hasher = Hasher()
        hasher.combine(1)
        let first = hasher.finalize()
        hasher = Hasher()
        hasher.combine(2)
        return SymbolHash(key: (UInt64(bitPattern: Int64(first)), UInt64(bitPattern: Int64(hasher.finalize()))))
    }()

    /// The hash of a text; the same for equal texts of any table with this key.
    @inline(__always)
    package func hash(_ text: UnsafeRawBufferPointer) -> UInt32 {
        guard let start = text.baseAddress else { return 0 }
        let count = text.count
        var state = second ^ UInt64(truncatingIfNeeded: count)
        var (low, high): (UInt64, UInt64)
        if count > 16 {
            var index = 0
            while index + 16 < count {
                state = Self.folded(Self.word(start + index) ^ first, Self.word(start + index + 8) ^ state)
                index += 16
            }
            (low, high) = (Self.word(start + count - 16), Self.word(start + count - 8))
        } else if count >= 8 {
            (low, high) = (Self.word(start), Self.word(start + count - 8))
        } else if count >= 4 {
            (low, high) = (Self.halfWord(start), Self.halfWord(start + count - 4))
        } else {
            low = UInt64(text[0]) << 16 | UInt64(text[count >> 1]) << 8 | UInt64(text[count - 1])
            high = 0
        }
        let product = Self.folded(low ^ first, high ^ state)
        let hash = Self.folded(product ^ second, first)
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }

    @inline(__always)
    private static func word(_ at: UnsafeRawPointer) -> UInt64 { at.loadUnaligned(as: UInt64.self).littleEndian }

    @inline(__always)
    private static func halfWord(_ at: UnsafeRawPointer) -> UInt64 { UInt64(at.loadUnaligned(as: UInt32.self).littleEndian) }

    @inline(__always)
    private static func folded(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
