// Guesses how a file is written from its beginning. The rules, in order:
//
// - Encoding: by the byte order mark; else UTF-8 while the sample has more well-formed characters outside ASCII than stray
//   bytes; else Windows-1252.
// - Separator: each of `, ; tab |` splits the sample outside quotes; the one wins under which most rows have the same number
//   of fields, two or more. A file in which none does has one column, and the comma.
// - Quote: `"`, unless no field begins with it and some field both begins and ends with `'`.
// - Header: the first row names the columns, unless all of its fields have the types of the columns under them and at least
//   one of those is not text. Years count as names: `Country,2019,2020`.

import GridModel

/// Makes the guesses.
package enum DialectGuesser {
    /// The sample's encoding.
    package static func encoding(of sample: [UInt8]) -> ImportEncoding {
        for encoding in [ImportEncoding.utf8, .utf16LittleEndian, .utf16BigEndian]
        where sample.starts(with: encoding.byteOrderMark) { return encoding }
        let survey = sample.withUnsafeBufferPointer { UTF8Text.survey($0) }
        return survey.strayBytes > survey.characters ? .windows1252 : .utf8
    }

    /// The format of a sample in UTF-8.
    package static func format(of sample: [UInt8]) -> ImportFormat {
        let first = sample.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
        return first == UInt8(ascii: "{") ? .jsonl : .csv
    }

    /// What the bytes are when they are a well-known kind of file that is not text.
    package static func binaryFormat(of sample: [UInt8]) -> String? {
        let known: [([UInt8], String)] = [
            ([0x50, 0x4B, 0x03, 0x04], "a ZIP archive or an Excel workbook (.xlsx)"),
            ([0xD0, 0xCF, 0x11, 0xE0], "an old Excel workbook (.xls)"), ([0x1F, 0x8B], "compressed with gzip"),
            ([0x28, 0xB5, 0x2F, 0xFD], "compressed with zstd"), ([0x25, 0x50, 0x44, 0x46], "a PDF"),
            ([0x50, 0x41, 0x52, 0x31], "a Parquet file"), (Array("SQLite format 3".utf8), "an SQLite database"),
        ]
        return known.first { sample.starts(with: $0.0) }?.1
    }

    /// The dialect of a sample in UTF-8 without its byte order mark. What the options say is not guessed.
    /// - Parameter isWhole: true when the sample is the whole file; else its last row is not counted.
    package static func dialect(
        of sample: [UInt8], isWhole: Bool, encoding: ImportEncoding, options: ImportOptions
    ) -> ImportDialect {
        var dialect = ImportDialect(encoding: encoding)
        dialect.separator = options.separator ?? (options.format == .tsv ? 0x09 : UInt8(ascii: ","))
        switch options.quote {
        case .none?: dialect.quote = nil
        case .character(let byte): dialect.quote = byte
        case nil: dialect.quote = quote(of: sample, separator: options.separator)
        }
        if options.separator == nil, options.format != .tsv {
            dialect.separator = separator(of: sample, isWhole: isWhole, quote: dialect.quote, limits: options.limits)
        }
        if let header = options.header {
            dialect.header = header
        } else {
            let rows = SampleRows(sample, isWhole: isWhole, dialect: dialect, limits: options.limits)
            dialect.header = !rows.firstLooksLikeData
        }
        return dialect
    }

    private static func separator(of sample: [UInt8], isWhole: Bool, quote: UInt8?, limits: ImportLimits) -> UInt8 {
        var best = (separator: ImportDialect.separators[0], agreement: 0.0, fields: 1)
        for separator in ImportDialect.separators {
            let dialect = ImportDialect(separator: separator, quote: quote)
            let counts = SampleRows(sample, isWhole: isWhole, dialect: dialect, limits: limits).fieldCounts
            var rowsByCount: [Int: Int] = [:]
            for count in counts { rowsByCount[count, default: 0] += 1 }
            // Of two counts that are as frequent, the larger: ties must not depend on the dictionary's order.
            guard let mode = rowsByCount.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }), mode.key > 1 else { continue }
            let agreement = Double(mode.value) / Double(counts.count)
            if (agreement, mode.key) > (best.agreement, best.fields) { best = (separator, agreement, mode.key) }
        }
        return best.separator
    }

    private static func quote(of sample: [UInt8], separator: UInt8?) -> UInt8 {
        let separators = separator.map { [$0] } ?? ImportDialect.separators
        var single = false
        var previous: UInt8 = 0x0A
        for (index, byte) in sample.enumerated() {
            if previous == 0x0A || previous == 0x0D || separators.contains(previous) {
                if byte == UInt8(ascii: "\"") { return byte }
                if byte == UInt8(ascii: "'"), !single {
                    single = closes(sample[(index + 1)...], separators: separators)
                }
            }
            previous = byte
        }
        return single ? UInt8(ascii: "'") : UInt8(ascii: "\"")
    }

    /// True when the next single quote ends its field.
    private static func closes(_ rest: ArraySlice<UInt8>, separators: [UInt8]) -> Bool {
        guard let close = rest.firstIndex(of: UInt8(ascii: "'")), close + 1 < rest.endIndex else { return false }
        return rest[close + 1] == 0x0A || rest[close + 1] == 0x0D || separators.contains(rest[close + 1])
    }
}

/// The rows of a sample under one dialect, as far as guesses need them.
struct SampleRows {
    /// The fields of the first row.
    private(set) var first: [[UInt8]] = []
    /// Why the first row cannot be read.
    private(set) var firstProblem: ImportReject?
    /// The number of fields of each row that can be read.
    private(set) var fieldCounts: [Int] = []
    /// What each column's cells agree with, the first row left out.
    private(set) var types: [TypeProposal] = []
    /// What the first row's cells agree with.
    private var firstTypes: [TypeProposal] = []

    init(_ sample: [UInt8], isWhole: Bool, dialect: ImportDialect, limits: ImportLimits) {
        var reader = DelimitedReader(separator: dialect.separator, quote: dialect.quote, limits: limits)
        sample.withUnsafeBufferPointer { bytes in
            var position = 0
            while reader.next(in: bytes, from: &position) { take(reader, in: bytes) }
            if isWhole, reader.finish() { take(reader, in: bytes) }
        }
    }

    var isEmpty: Bool { first.isEmpty && firstProblem == nil }

    /// True when the first row is one more row of data rather than names.
    var firstLooksLikeData: Bool {
        var evidence = false
        for (index, field) in first.enumerated() {
            let type = index < types.count ? types[index].type : .text
            if type == .text { continue }
            if field.isEmpty { continue }
            guard firstTypes[index].type == type else { return false }
            if !Self.isYear(field) { evidence = true }
        }
        return evidence
    }

    private static func isYear(_ field: [UInt8]) -> Bool {
        field.count == 4 && field.withUnsafeBufferPointer { RawText.isNumber($0) }
            && (field.starts(with: "19".utf8) || field.starts(with: "20".utf8))
    }

    private mutating func take(_ reader: DelimitedReader, in bytes: UnsafeBufferPointer<UInt8>) {
        if reader.isBlank { return }
        if let problem = reader.problem {
            if isEmpty {
                firstProblem = ImportReject(line: reader.recordLine, reason: problem, excerpt: reader.excerpt(in: bytes))
            }
            return
        }
        fieldCounts.append(reader.fieldCount)
        reader.text.withUnsafeBufferPointer { text in
            if first.isEmpty {
                for field in 0..<reader.fieldCount {
                    let raw = UnsafeBufferPointer(rebasing: text[reader.range(ofField: field)])
                    first.append(Array(raw))
                    var proposal = TypeProposal()
                    proposal.take(raw)
                    firstTypes.append(proposal)
                }
                types = Array(repeating: TypeProposal(), count: reader.fieldCount)
                return
            }
            for field in 0..<min(reader.fieldCount, types.count) {
                types[field].take(UnsafeBufferPointer(rebasing: text[reader.range(ofField: field)]))
            }
        }
    }

    /// The columns that the sample shows, with names and types; a failure when the first row cannot name them.
    func columns(dialect: ImportDialect, types chosen: [String: ColumnType]) throws(ImportFailure) -> [ImportColumn] {
        if let firstProblem, dialect.header || first.isEmpty { throw .header(firstProblem) }
        if first.isEmpty { throw .empty }
        var names = ColumnNames()
        var columns: [ImportColumn] = []
        for (index, field) in first.enumerated() {
            var proposal = types[index]
            if !dialect.header { field.withUnsafeBufferPointer { proposal.take($0) } }
            if dialect.header, !(field.withUnsafeBufferPointer { UTF8Text.isValid($0) }) {
                throw .header(ImportReject(line: 1, reason: .invalidText(field: index + 1), excerpt: field))
            }
            let name = names.unique(dialect.header ? String(decoding: field, as: UTF8.self) : "", position: index + 1)
            columns.append(ImportColumn(name: name, type: chosen[name] ?? proposal.type))
        }
        return columns
    }
}
