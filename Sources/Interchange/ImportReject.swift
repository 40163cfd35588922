/// A row that was not imported, and why. The rows around it were.
package struct ImportReject: Hashable, Sendable {
    /// The line that the row begins on, counted from 1; quoted line ends count.
    package var line: Int
    package var reason: Reason
    /// The beginning of the row as it stands in the file, in UTF-8.
    package var excerpt: [UInt8]

    package init(line: Int, reason: Reason, excerpt: [UInt8]) {
        self.line = line
        self.reason = reason
        self.excerpt = excerpt
    }

    /// The excerpt with what is not UTF-8 replaced.
    package var text: String { String(decoding: excerpt, as: UTF8.self) }

    /// Why a row is rejected. Fields are counted from 1.
    package enum Reason: Hashable, Sendable {
        case tooManyFields(found: Int, columns: Int)
        /// A quoted field was still open at the end of the file.
        case unterminatedQuote(openedOnLine: Int)
        /// Something other than a separator or a line end followed a closing quote.
        case textAfterQuote(field: Int)
        /// The text is not valid in the file's encoding.
        case invalidText(field: Int)
        case cellTooLong(field: Int, most: Int)
        case recordTooLong(most: Int)
        case tooManyColumns(most: Int)
        /// The line is not JSON; the byte is counted from 1 in its line.
        case invalidJSON(byte: Int, problem: String)
        /// The line is JSON, but not an object.
        case notAnObject
    }
}

extension ImportReject.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooManyFields(let found, let columns):
            "the row has \(found) fields, the file \(columns) columns; quote fields that hold the separator"
        case .unterminatedQuote(let line):
            "the quote opened on line \(line) is never closed; close it, or write a quote inside quotes twice"
        case .textAfterQuote(let field):
            "field \(field) goes on after its closing quote; write a quote inside quotes twice"
        case .invalidText(let field): "field \(field) is not valid text in the file's encoding"
        case .cellTooLong(let field, let most): "field \(field) is longer than the limit of \(most) bytes a cell"
        case .recordTooLong(let most): "the row is longer than the limit of \(most) bytes"
        case .tooManyColumns(let most): "the row needs more than the limit of \(most) columns"
        case .invalidJSON(let byte, let problem): "not JSON at byte \(byte) of the line: \(problem)"
        case .notAnObject: "not an object; each line must be one, as in {\"name\":\"value\"}"
        }
    }
}

/// Why a file cannot be imported at all.
package enum ImportFailure: Error, Hashable, Sendable {
    /// There is no row to take columns from.
    case empty
    /// The file is one JSON array.
    case jsonArray
    /// The file is not text, but what the name says.
    case notText(String)
    case tooManyRows(most: Int)
    /// The row that names the columns cannot be used.
    case header(ImportReject)
}

extension ImportFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the file has no rows"
        case .jsonArray:
            "the file is one JSON array, not JSON lines; write one object a line, for instance with: jq -c '.[]' FILE"
        case .notText(let name): "the file is \(name), not text; save it as CSV (UTF-8) and import that"
        case .tooManyRows(let most): "the file has more than the \(most) rows that the sheet has room for"
        case .header(let reject): "the first row, on line \(reject.line), cannot name the columns: \(reject.reason)"
        }
    }
}

/// How far an import has come.
package struct ImportCounts: Hashable, Sendable {
    /// Bytes of the file that were taken in.
    package var bytes = 0
    /// Rows that were handed over.
    package var rows = 0
    package var rejected = 0

    package init() {}
}
