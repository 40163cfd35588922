/// A key or a value of a history: an integer or a short keyword in itself, anything else the number of its text in `ValueTexts`.
/// Two are equal exactly if they were written alike (`1N` is written like `1`).
package struct HistoryValue: Hashable, Sendable {
    /// The lowest two bits tell what the others are: 0 an integer, 1 the number of a text, 2 a keyword's up to seven bytes.
    let code: Int64

    init(code: Int64) {
        self.code = code
    }

    /// - Returns: `nil` when the integer needs more than 62 bits: it is kept as text.
    package init?(integer: Int64) {
        guard integer >= -(1 << 61), integer < 1 << 61 else { return nil }
        code = integer << 2
    }

    init(textNumber: Int) {
        code = Int64(textNumber) << 2 | 1
    }

    /// A keyword of at most seven bytes, without its colon.
    static func keyword(_ name: StaticString) -> HistoryValue {
        var packed: UInt64 = 0
        for index in 0..<name.utf8CodeUnitCount { packed = packed << 8 | UInt64(name.utf8Start[index]) }
        return HistoryValue(code: Int64(bitPattern: packed << 8 | 2))
    }

    /// What a register holds before the first write.
    package static let `nil` = HistoryValue(textNumber: 0)

    var textNumber: Int? { code & 3 == 1 ? Int(code >> 2) : nil }
    package var integer: Int64? { code & 3 == 0 ? code >> 2 : nil }
}

/// The texts of values that are neither small integers nor short keywords, each kept once.
package struct ValueTexts: Sendable {
    private var bytes: [UInt8] = []
    /// Where text n begins; it ends where the next begins.
    private var starts: [Int] = [0]
    /// Open addressing, a power of two; -1 is free.
    private var slots: [Int32] = Array(repeating: -1, count: 64)

    package init() {
        _ = intern(Array("nil".utf8))
    }

    var count: Int { starts.count - 1 }

    func text(_ number: Int) -> ArraySlice<UInt8> {
        guard number >= 0, number + 1 < starts.count else { return [] }
        return bytes[starts[number]..<starts[number + 1]]
    }

    /// - Complexity: O(length), amortized.
    mutating func intern(_ text: some Collection<UInt8>) -> HistoryValue {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var slot = Self.slot(hash, in: slots.count)
        while slots[slot] >= 0 {
            let number = Int(slots[slot])
            if self.text(number).elementsEqual(text) { return HistoryValue(textNumber: number) }
            slot = (slot + 1) & (slots.count - 1)
        }
        let number = count
        bytes.append(contentsOf: text)
        starts.append(bytes.count)
        slots[slot] = Int32(truncatingIfNeeded: number)
        if count * 2 > slots.count { grow() }
        return HistoryValue(textNumber: number)
    }

    private static func slot(_ hash: UInt64, in size: Int) -> Int {
        Int(truncatingIfNeeded: (hash ^ hash >> 29) &* 0x9E37_79B9_7F4A_7C15 >> 20) & (size - 1)
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 4)
        for number in 0..<count {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for byte in text(number) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            var slot = Self.slot(hash, in: slots.count)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(truncatingIfNeeded: number)
        }
    }

    /// The value as it was written.
    package func describe(_ value: HistoryValue) -> String {
        if let integer = value.integer { return String(integer) }
        if let number = value.textNumber { return String(decoding: text(number), as: UTF8.self) }
        var name: [UInt8] = []
        var packed = UInt64(bitPattern: value.code) >> 8
        while packed > 0 {
            name.append(UInt8(truncatingIfNeeded: packed))
            packed >>= 8
        }
        return ":" + String(decoding: name.reversed(), as: UTF8.self)
    }
}
