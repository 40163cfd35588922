// How a delimited file is written: what separates fields, what quotes them, whether the first row names the columns, and in
// which encoding its text is. RFC 4180 fixes one dialect; real files have many, so each part is guessed from the beginning of
// the file (`DialectGuesser`), shown in the preview, and can be overruled.

/// The kinds of file that can be imported.
package enum ImportFormat: String, Hashable, Sendable, CaseIterable {
    /// Delimited text; the separator is guessed among `, ; tab |`.
    case csv
    /// Delimited text whose separator is the tab.
    case tsv
    /// One JSON object a line.
    case jsonl
}

/// How a file's text is encoded.
package enum ImportEncoding: String, Hashable, Sendable, CaseIterable {
    case utf8 = "utf-8"
    /// UTF-16, little end first.
    case utf16LittleEndian = "utf-16le"
    /// UTF-16, big end first.
    case utf16BigEndian = "utf-16be"
    /// Windows-1252, which contains ISO 8859-1 ("Latin-1").
    case windows1252 = "windows-1252"

    /// The bytes that a file in this encoding may begin with, and that are no part of its text.
    var byteOrderMark: [UInt8] {
        switch self {
        case .utf8: [0xEF, 0xBB, 0xBF]
        case .utf16LittleEndian: [0xFF, 0xFE]
        case .utf16BigEndian: [0xFE, 0xFF]
        case .windows1252: []
        }
    }
}

/// How a delimited file is written.
package struct ImportDialect: Hashable, Sendable {
    /// The separators that are guessed among, in order of preference. An exact export quotes any field with one of them.
    package static let separators: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: ";"), 0x09, UInt8(ascii: "|")]

    /// One ASCII character between two fields.
    package var separator: UInt8
    /// One ASCII character around a field that holds separators, quotes or line ends; `nil` when nothing is quoted.
    package var quote: UInt8?
    /// True when the first row names the columns.
    package var header: Bool
    package var encoding: ImportEncoding

    package init(
        separator: UInt8 = UInt8(ascii: ","), quote: UInt8? = UInt8(ascii: "\""), header: Bool = true,
        encoding: ImportEncoding = .utf8
    ) {
        self.separator = separator
        self.quote = quote
        self.header = header
        self.encoding = encoding
    }
}
