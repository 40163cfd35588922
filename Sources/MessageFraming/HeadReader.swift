/// Reads the lines of one head from bytes that end with the empty line. Every line ends with CR LF; nothing is folded.
struct HeadReader {
    private let bytes: ArraySlice<UInt8>
    private var next: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes[...]
        next = bytes.startIndex
    }

    /// The next line without its end; `nil` at the empty line.
    mutating func line() throws(FramingError) -> ArraySlice<UInt8>? {
        guard let end = bytes[next...].firstIndex(of: Self.lf) else { throw .malformed("a line does not end") }
        guard end > next, bytes[end - 1] == Self.cr else { throw .malformed("a line ends with LF alone") }
        let line = bytes[next..<end - 1]
        guard !line.contains(Self.cr) else { throw .malformed("a CR within a line") }
        next = end + 1
        return line.isEmpty ? nil : line
    }

    /// The fields up to the empty line.
    mutating func fields() throws(FramingError) -> HeaderFields {
        var fields = HeaderFields()
        while let line = try line() {
            guard fields.lines.count < MessageLimits.fields else {
                throw FramingError(.headerTooLarge, "more than \(MessageLimits.fields) fields")
            }
            fields.lines.append(try Self.field(line))
        }
        return fields
    }

    private static func field(_ line: ArraySlice<UInt8>) throws(FramingError) -> HeaderField {
        guard line.first != space, line.first != tab else { throw .malformed("a folded field") }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw .malformed("a field without a colon") }
        let name = line[..<colon]
        guard !name.isEmpty, name.allSatisfy(isTokenByte) else { throw .malformed("a field name that is no token") }
        var value = line[(colon + 1)...]
        while let first = value.first, first == space || first == tab { value.removeFirst() }
        while let last = value.last, last == space || last == tab { value.removeLast() }
        guard value.allSatisfy({ $0 == tab || ($0 >= 0x20 && $0 != 0x7F) }) else {
            throw .malformed("a control character in a field value")
        }
        return HeaderField(String(decoding: name, as: UTF8.self), Array(value))
    }

    /// RFC 9110, section 5.6.2.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"),
            UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    static let cr = UInt8(ascii: "\r")
    static let lf = UInt8(ascii: "\n")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")
}

/// What a message may be at most (S8).
package enum MessageLimits {
    /// Bytes of a head, or of the trailers: what browsers and servers take is less.
    package static let headBytes = 64 << 10
    /// Fields of a head.
    package static let fields = 256
    /// Digits of a length: no file is longer, and eighteen never overflow.
    static let lengthDigits = 18
    /// Hexadecimal digits of a chunk's size.
    static let chunkDigits = 15
    /// Bytes of a chunk's extensions, which mean nothing to anybody and have hidden requests.
    static let extensionBytes = 256
}
