package import GridModel

/// What is known about a file before it is read. What is `nil` is guessed.
package struct ImportOptions: Hashable, Sendable {
    /// How a dialect's quote is chosen.
    package enum Quote: Hashable, Sendable {
        /// Nothing is quoted.
        case none
        case character(UInt8)
    }

    package var format: ImportFormat?
    /// An ASCII character other than a line end or the quote.
    package var separator: UInt8?
    package var quote: Quote?
    package var header: Bool?
    package var encoding: ImportEncoding?
    /// Types chosen by a person, by column name; others are proposed.
    package var types: [String: ColumnType]
    package var limits: ImportLimits

    package init(
        format: ImportFormat? = nil, separator: UInt8? = nil, quote: Quote? = nil, header: Bool? = nil,
        encoding: ImportEncoding? = nil, types: [String: ColumnType] = [:], limits: ImportLimits = ImportLimits()
    ) {
        self.format = format
        self.separator = separator
        self.quote = quote
        self.header = header
        self.encoding = encoding
        self.types = types
        self.limits = limits
    }

    /// Options that read exactly the dialect, and guess no part of it.
    package init(dialect: ImportDialect, limits: ImportLimits = ImportLimits()) {
        self.init(
            format: .csv, separator: dialect.separator, quote: dialect.quote.map(Quote.character) ?? Quote.none,
            header: dialect.header, encoding: dialect.encoding, limits: limits)
    }
}

/// The bounds of an import (S8).
package struct ImportLimits: Hashable, Sendable {
    /// Bytes of one cell's JSON.
    package var cellBytes: Int
    /// Columns of the file.
    package var columns: Int
    /// Rows of the file that may be imported: what the sheet has room for.
    package var rows: Int
    /// Bytes of one row's text: a row is held in memory until it ends.
    package var recordBytes: Int
    /// Rows of one block that is handed over.
    package var blockRows: Int
    /// A block is handed over when its cells have this many bytes.
    package var blockBytes: Int
    /// Bytes at the beginning of the file that guesses are made from.
    package var sampleBytes: Int
    /// Bytes of a rejected row's text that are kept with the reason.
    package var excerptBytes: Int

    package init(
        cellBytes: Int = Limits.cellBytes, columns: Int = Limits.columnsPerSheet, rows: Int = Limits.rowsPerSheet,
        recordBytes: Int = 4_194_304, blockRows: Int = 1_000, blockBytes: Int = 1_048_576, sampleBytes: Int = 65_536,
        excerptBytes: Int = 1_000
    ) {
        self.cellBytes = cellBytes
        self.columns = columns
        self.rows = rows
        self.recordBytes = recordBytes
        self.blockRows = blockRows
        self.blockBytes = blockBytes
        self.sampleBytes = sampleBytes
        self.excerptBytes = excerptBytes
    }
}
