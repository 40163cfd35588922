/// Turns a file's text into UTF-8, chunk by chunk. What is not valid in the file's encoding becomes the byte 0xFF, which is not
/// UTF-8, so that the row it stands in is rejected later; no replacement character ever reaches a cell.
struct Transcoder: Hashable, Sendable {
    private let encoding: ImportEncoding
    /// The first byte of a UTF-16 unit cut by the end of a chunk.
    private var half: UInt8?
    /// A high surrogate whose low one has not come yet.
    private var highSurrogate: UInt16?

    init(_ encoding: ImportEncoding) {
        self.encoding = encoding
    }

    /// Appends the chunk's text to `output`.
    mutating func append(_ chunk: ArraySlice<UInt8>, to output: inout [UInt8]) {
        switch encoding {
        case .utf8: output.append(contentsOf: chunk)
        case .windows1252: for byte in chunk { Self.append(Self.windows1252(byte), to: &output) }
        case .utf16LittleEndian, .utf16BigEndian:
            for byte in chunk {
                guard let first = half else {
                    half = byte
                    continue
                }
                half = nil
                let (high, low) = encoding == .utf16BigEndian ? (first, byte) : (byte, first)
                take(UInt16(high) << 8 | UInt16(low), into: &output)
            }
        }
    }

    /// Appends what the end of the file makes of a character that was cut off.
    mutating func finish(into output: inout [UInt8]) {
        if half != nil || highSurrogate != nil { output.append(0xFF) }
        half = nil
        highSurrogate = nil
    }

    private mutating func take(_ unit: UInt16, into output: inout [UInt8]) {
        if let high = highSurrogate {
            highSurrogate = nil
            if unit & 0xFC00 == 0xDC00 {
                Self.append(0x10000 + (UInt32(high & 0x3FF) << 10 | UInt32(unit & 0x3FF)), to: &output)
                return
            }
            output.append(0xFF)
        }
        switch unit & 0xFC00 {
        case 0xD800: highSurrogate = unit
        case 0xDC00: output.append(0xFF)
        default: Self.append(UInt32(unit), to: &output)
        }
    }

    /// Appends one character, which is no surrogate.
    private static func append(_ code: UInt32, to output: inout [UInt8]) {
        if code < 0x80 {
            output.append(UInt8(truncatingIfNeeded: code))
            return
        }
        if code < 0x800 {
            output.append(UInt8(truncatingIfNeeded: 0xC0 | code >> 6))
        } else {
            if code < 0x10000 {
                output.append(UInt8(truncatingIfNeeded: 0xE0 | code >> 12))
            } else {
                output.append(UInt8(truncatingIfNeeded: 0xF0 | code >> 18))
                output.append(UInt8(truncatingIfNeeded: 0x80 | code >> 12 & 0x3F))
            }
            output.append(UInt8(truncatingIfNeeded: 0x80 | code >> 6 & 0x3F))
        }
        output.append(UInt8(truncatingIfNeeded: 0x80 | code & 0x3F))
    }

    /// The character of a byte, as the WHATWG encoding standard's index has it: the five unused bytes are C1 controls.
    private static func windows1252(_ byte: UInt8) -> UInt32 {
        (0x80..<0xA0).contains(byte) ? upperControls[Int(byte - 0x80)] : UInt32(byte)
    }

    private static let upperControls: [UInt32] = [
        0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D,
        0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D,
        0x017E, 0x0178,
    ]
}
