import GridClient
import GridModel
import Wire

/// One page of a live sheet as lines of text. Cells come from other people: nothing in them reaches the terminal as a command.
struct TerminalFrame {
    var columns: Int
    var lines: Int

    private static let widestColumn = 32

    /// The page's lines: names, rows, and the trust line last.
    func lines(_ snapshot: Snapshot, page number: Int, title: String) -> [String] {
        let rows = Array((snapshot.page(number)?.rows ?? []).prefix(max(lines - 4, 1)))
        let widths = widths(snapshot, rows)
        var output = [Self.fit(title, columns)]
        output.append(
            Self.fit(
                Self.pad("row", 8) + zip(snapshot.columns, widths).map { Self.pad($0.name, $1) }.joined(separator: " "), columns
            ))
        for row in rows {
            let cells = zip(snapshot.columns, widths).map { column, width in
                Self.pad(Self.text(row, column.id, snapshot.drafts), width)
            }
            output.append(Self.fit(Self.pad(row.id.description, 8) + cells.joined(separator: " "), columns))
        }
        output.append(
            Self.fit(
                "\(snapshot.totalRows.grouped) rows - page \(number) of \(max(snapshot.totalPages, 1)) - \(snapshot.trust.text)",
                columns))
        return output
    }

    private func widths(_ snapshot: Snapshot, _ rows: [SheetRow]) -> [Int] {
        snapshot.columns.map { column in
            let longest = rows.map { Self.width(Self.text($0, column.id, snapshot.drafts)) }.max() ?? 0
            return min(max(longest, Self.width(Self.clean(column.name))), Self.widestColumn)
        }
    }

    private static func text(_ row: SheetRow, _ column: ColumnID, _ drafts: [Draft]) -> String {
        let value = clean(row.cells[column]?.displayText ?? "")
        guard let state = row.states[column] else { return value }
        switch state {
        case .queued: return value + " [queued]"
        case .running: return value + " [running]"
        case .stale: return value + " [stale]"
        case .failed: return value + " [failed]"
        case .skipped: return value + " [skipped]"
        }
    }

    /// The text with everything that a terminal would obey, or that would turn the reading direction, made visible.
    static func clean(_ text: String) -> String {
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(200) {
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .lineSeparator, .paragraphSeparator: output.append("\u{B7}")
            default: output.append(scalar)
            }
        }
        return String(output)
    }

    /// Cells of a terminal that a text takes: two for the wide characters of East Asia and for emoji, none for marks.
    static func width(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + width($1) }
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    /// The text in exactly so many cells, and one between it and the next.
    private static func pad(_ text: String, _ width: Int) -> String {
        let cut = fit(clean(text), width)
        return cut + String(repeating: " ", count: max(0, width - self.width(cut)))
    }

    /// The text in at most so many cells.
    private static func fit(_ text: String, _ limit: Int) -> String {
        guard width(text) > limit else { return text }
        var output = String.UnicodeScalarView()
        var used = 0
        for scalar in text.unicodeScalars {
            let cells = width(scalar)
            if used + cells > limit - 1 { break }
            used += cells
            output.append(scalar)
        }
        return String(output) + "\u{2026}"
    }
}
