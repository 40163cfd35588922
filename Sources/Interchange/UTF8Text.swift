/// Checks and counts of UTF-8 text (Unicode 15, table 3-7).
enum UTF8Text {
    /// What a walk over bytes found.
    struct Survey: Hashable {
        /// Well-formed characters outside ASCII.
        var characters = 0
        /// Bytes that belong to no well-formed character; those of a character cut off by the end are not counted.
        var strayBytes = 0
    }

    static func isValid(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 0
        while index < bytes.count {
            if bytes[index] < 0x80 {
                index += 1
            } else {
                let length = characterLength(bytes, at: index)
                guard length > 0 else { return false }
                index += length
            }
        }
        return true
    }

    static func survey(_ bytes: UnsafeBufferPointer<UInt8>) -> Survey {
        var survey = Survey()
        var index = 0
        while index < bytes.count {
            if bytes[index] < 0x80 {
                index += 1
                continue
            }
            let length = characterLength(bytes, at: index)
            if length > 0 {
                survey.characters += 1
                index += length
            } else {
                if bytes.count - index > 3 || !couldGoOn(bytes, at: index) { survey.strayBytes += 1 }
                index += 1
            }
        }
        return survey
    }

    /// The length of the character outside ASCII that begins here; 0 when none does.
    private static func characterLength(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
        let second: ClosedRange<UInt8>
        let length: Int
        switch bytes[index] {
        case 0xC2...0xDF: (second, length) = (0x80...0xBF, 2)
        case 0xE0: (second, length) = (0xA0...0xBF, 3)
        case 0xE1...0xEC, 0xEE...0xEF: (second, length) = (0x80...0xBF, 3)
        case 0xED: (second, length) = (0x80...0x9F, 3)
        case 0xF0: (second, length) = (0x90...0xBF, 4)
        case 0xF1...0xF3: (second, length) = (0x80...0xBF, 4)
        case 0xF4: (second, length) = (0x80...0x8F, 4)
        default: return 0
        }
        guard bytes.count - index >= length, second.contains(bytes[index + 1]) else { return 0 }
        for offset in 2..<max(length, 2) where bytes[index + offset] & 0xC0 != 0x80 { return 0 }
        return length
    }

    /// True when the last bytes look like a character whose end was cut off.
    private static func couldGoOn(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
        let tail = bytes[index...]
        if let first = tail.first, first >= 0xC2, first <= 0xF4 { return tail.dropFirst().allSatisfy { $0 & 0xC0 == 0x80 } }
        return bytes[index] & 0xC0 == 0x80 && index > 0 && bytes[index - 1] >= 0x80
    }
}
