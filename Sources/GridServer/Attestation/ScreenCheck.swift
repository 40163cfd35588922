import ChangePipeline
import GridImage
import GridModel
import Ordering
import Wire

/// What is known of a screen that a page attested.
enum ScreenVerdict: Hashable, Sendable {
    /// It shows what was committed.
    case equal
    /// It shows something else.
    case differs
    /// Whether it does cannot be told here.
    case unknown(Unknown)

    /// Why it cannot be told: the label in metrics.
    enum Unknown: String, CaseIterable, Sendable {
        /// The revision is further back than is looked at, or its records are no longer kept.
        case past
        /// Checking has had its share of time.
        case busy
    }

    /// The word on the wire and in metrics.
    var name: String {
        switch self {
        case .equal: "equal"
        case .differs: "differs"
        case .unknown: "unknown"
        }
    }
}

/// Compares a screen with the grid's history. Docs/specifications/attestation.md says what is compared, and with what.
struct ScreenCheck {
    let grid: LiveGrid
    let screen: ScreenAttestation

    func verdict() async throws -> ScreenVerdict {
        let image = grid.snapshot()
        // Nothing was ever committed there: the page paints what is not saved, or is of an older copy of the data.
        guard screen.revision <= image.revision else { return .differs }
        if let verdict = try unchanged(image) { return verdict }
        do {
            // A view's order at an older revision is not told: its rows must have been there, and their cells are compared.
            let past = try await grid.rows(
                screen.rows, of: screen.sheet, from: screen.view == nil ? screen.first : nil, asOf: screen.revision,
                columns: screen.columns)
            guard let past else { return .differs }
            var hash = ScreenHash()
            for row in past {
                for cell in row.cells { hash.cell(cell.column, cell.value) }
                hash.row(row.id)
            }
            return verdict(hash)
        } catch PipelineError.notKept, PipelineError.history {
            return .unknown(.past)
        }
    }

    /// The verdict from the state as it is now, where nothing that the screen shows was changed after its revision: nearly always.
    /// - Returns: `nil` when history must be asked.
    private func unchanged(_ image: GridImage) throws -> ScreenVerdict? {
        guard let sheet = image.sheet(screen.sheet) else { return nil }
        guard let order = try order(image, sheet) else { return nil }
        guard order else { return image.revision == screen.revision ? .differs : nil }
        let known = Set(sheet.columns.map(\.id))
        guard screen.columns.allSatisfy({ known.contains($0) }),
            let window = image.window(of: screen.sheet, columns: screen.columns)
        else { return nil }
        var hash = ScreenHash()
        for row in screen.rows {
            guard image.lastChange(row: row, in: window) <= screen.revision else { return nil }
            image.forEachCell(row: row, in: window) { hash.cell(window.columns[$0].id, json: $1) }
            hash.row(row)
        }
        return verdict(hash)
    }

    /// Whether the rows stand now where the screen shows them; `nil` when that says nothing about its revision.
    private func order(_ image: GridImage, _ sheet: Sheet) throws -> Bool? {
        guard let view = screen.view else { return stand(in: image.rows(of: screen.sheet, view: ViewDefinition())) }
        if screen.revision == image.revision {
            // The page has just read this view at this revision: it is evaluated already.
            return stand(in: image.rows(of: screen.sheet, view: try sheet.definition(view)))
        }
        return screen.rows.allSatisfy { image.sheetID(ofRow: $0) == screen.sheet } ? true : nil
    }

    private func stand(in rows: RowList) -> Bool {
        guard screen.first <= rows.count, screen.rows.count <= rows.count - screen.first else { return false }
        return rows.slice(screen.first..<screen.first + screen.rows.count) == screen.rows
    }

    private func verdict(_ hash: ScreenHash) -> ScreenVerdict {
        hash.value == screen.hash ? .equal : .differs
    }
}
