// Writes a sheet as delimited text or JSON lines. Two modes of delimited text:
//
// - exact, to be imported again: UTF-8 without byte order mark, LF after every row, a first row with the columns' names, and
//   quotes only where they are needed: around a field that holds a quote, a line end, or any of the separators that a guess
//   chooses among, that begins with a single quote, or that is the only one of its row and empty. So a guess made from the
//   file finds its dialect, and export, import, export gives the same bytes. (LF, because nothing needs the CR: RFC 4180
//   asks for CRLF, and every reader takes both.)
// - spreadsheet, to be opened in one: a byte order mark, without which Excel takes UTF-8 for Windows-1252; CRLF; and a quote
//   before a text that a spreadsheet would run as a formula (OWASP, "CSV injection"). Numbers are left as they are.
//
// A cell is written as it is shown: a text's characters, anything else's JSON. JSON lines keep the JSON; every line has every
// column, an empty cell as null, so that an import finds the columns in their order.

import GridModel

/// What an export is written as.
package enum ExportFormat: String, Hashable, Sendable, CaseIterable {
    case csv
    case tsv
    case jsonl
}

/// Whom a delimited export is for. JSON lines are always exact.
package enum ExportMode: String, Hashable, Sendable, CaseIterable {
    /// To be imported again, byte for byte.
    case exact
    /// To be opened in a spreadsheet, which must run nothing of it.
    case spreadsheet
}

/// Encodes rows one by one; the host takes the bytes away whenever it likes.
package struct ExportEncoder: Sendable {
    private let format: ExportFormat
    private let mode: ExportMode
    private let separator: UInt8
    /// For JSON lines: what stands before each column's value, `"name":`.
    private let keys: [[UInt8]]
    private let columnCount: Int
    /// The row's cells in the order they came, and where each column's lies.
    private var cells: [UInt8] = []
    private var places: [Range<Int>]
    private var scratch: [UInt8] = []
    /// What was written and not taken yet.
    private var output: [UInt8] = []

    /// Begins a file with columns of these names; delimited text begins with a row of them.
    package init(format: ExportFormat, mode: ExportMode = .exact, columns: [String]) {
        self.format = format
        self.mode = mode
        separator = format == .tsv ? 0x09 : UInt8(ascii: ",")
        columnCount = columns.count
        places = Array(repeating: 0..<0, count: columns.count)
        keys = columns.map { name in
            var key: [UInt8] = []
            RawText.appendString(Array(name.utf8), to: &key)
            return key + [UInt8(ascii: ":")]
        }
        guard format != .jsonl, !columns.isEmpty else { return }
        if mode == .spreadsheet { output += ImportEncoding.utf8.byteOrderMark }
        for (index, name) in columns.enumerated() {
            if index > 0 { output.append(separator) }
            let isFirst = index == 0
            Array(name.utf8).withUnsafeBufferPointer { appendField($0, isText: true, beginsFile: isFirst) }
        }
        endLine()
    }

    /// Bytes that were written and not taken yet.
    package var pendingBytes: Int { output.count }

    /// Adds a cell to the row being written. Cells come in any order; a column that is left out is empty.
    package mutating func cell(column: Int, json: UnsafeRawBufferPointer) {
        guard places.indices.contains(column) else { return }
        let start = cells.count
        cells.append(contentsOf: json)
        places[column] = start..<cells.count
    }

    /// Adds a cell to the row being written.
    package mutating func cell(column: Int, json: some Collection<UInt8>) {
        guard places.indices.contains(column) else { return }
        let start = cells.count
        cells.append(contentsOf: json)
        places[column] = start..<cells.count
    }

    /// Writes the row and begins the next one.
    package mutating func endRow() {
        guard columnCount > 0 else { return }
        let row = cells
        row.withUnsafeBufferPointer { bytes in
            if format == .jsonl { appendObject(bytes) } else { appendFields(bytes) }
        }
        cells.removeAll(keepingCapacity: true)
        for column in places.indices { places[column] = 0..<0 }
    }

    /// Hands over what was written since the last time.
    package mutating func takeOutput() -> [UInt8] {
        defer {
            output = []
            output.reserveCapacity(65_536)
        }
        return output
    }

    // MARK: - JSON lines

    private mutating func appendObject(_ row: UnsafeBufferPointer<UInt8>) {
        for column in 0..<columnCount {
            output.append(column == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
            output.append(contentsOf: keys[column])
            if places[column].isEmpty {
                output.append(contentsOf: "null".utf8)
            } else {
                output.append(contentsOf: row[places[column]])
            }
        }
        output.append(UInt8(ascii: "}"))
        output.append(0x0A)
    }

    // MARK: - Delimited text

    private mutating func appendFields(_ row: UnsafeBufferPointer<UInt8>) {
        for column in 0..<columnCount {
            if column > 0 { output.append(separator) }
            let json = UnsafeBufferPointer(rebasing: row[places[column]])
            if json.first == UInt8(ascii: "\"") {
                appendText(UnsafeBufferPointer(rebasing: json.dropFirst().dropLast()))
            } else {
                appendField(json, isText: false, beginsFile: false)
            }
        }
        endLine()
    }

    /// Appends the characters of a JSON string's content.
    private mutating func appendText(_ content: UnsafeBufferPointer<UInt8>) {
        guard content.contains(UInt8(ascii: "\\")) else { return appendField(content, isText: true, beginsFile: false) }
        let text = Array(JSONText.unescape(String(decoding: content, as: UTF8.self)).utf8)
        text.withUnsafeBufferPointer { appendField($0, isText: true, beginsFile: false) }
    }

    private mutating func appendField(_ text: UnsafeBufferPointer<UInt8>, isText: Bool, beginsFile: Bool) {
        let guarded = mode == .spreadsheet && isText && Self.couldBeFormula(text)
        guard needsQuotes(text, beginsFile: beginsFile) || guarded else {
            output.append(contentsOf: text)
            return
        }
        output.append(UInt8(ascii: "\""))
        if guarded { output.append(UInt8(ascii: "'")) }
        var start = 0
        for (index, byte) in text.enumerated() where byte == UInt8(ascii: "\"") {
            output.append(contentsOf: text[start...index])
            start = index
        }
        output.append(contentsOf: text[start...])
        output.append(UInt8(ascii: "\""))
    }

    private func needsQuotes(_ text: UnsafeBufferPointer<UInt8>, beginsFile: Bool) -> Bool {
        guard let first = text.first else { return columnCount == 1 }
        if first == UInt8(ascii: "'") || beginsFile && first == 0xEF { return true }
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), 0x0A, 0x0D, UInt8(ascii: ","), UInt8(ascii: ";"), 0x09, UInt8(ascii: "|"): return true
            default: continue
            }
        }
        return false
    }

    /// True when a spreadsheet may take the text for a formula. White space and quotes before it do not reassure.
    private static func couldBeFormula(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        if RawText.isNumber(text) { return false }
        if text.first == 0x09 || text.first == 0x0D || text.first == 0x0A { return true }
        let rest = text.drop { $0 == 0x20 }
        guard let first = rest.first else { return false }
        switch first {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"): return true
        case 0xEF:  // the full-width forms of the four, U+FF1D, U+FF0B, U+FF0D, U+FF20
            let tail = Array(rest.prefix(3).dropFirst())
            return [[0xBC, 0x9D], [0xBC, 0x8B], [0xBC, 0x8D], [0xBC, 0xA0]].contains(tail)
        default: return false
        }
    }

    private mutating func endLine() {
        if mode == .spreadsheet { output.append(0x0D) }
        output.append(0x0A)
    }
}
