package import GridImage
package import GridModel
import Ordering

/// What is told of a sheet to whom makes a plan: the columns' names and types, and a few values of each. Everything that leaves this
/// machine besides the sentence is in here.
package struct SheetSummary: Hashable, Sendable {
    /// One column.
    package struct Described: Hashable, Sendable {
        package var name: String
        package var type: ColumnType
        /// Different values, cut to `PlanLimits.sampleCharacters`.
        package var samples: [String]
    }

    package var columns: [Described]

    package init(columns: [Described]) { self.columns = columns }

    /// Looks at `PlanLimits.sampledRows` rows, spread evenly. O(those times the columns described).
    package init(_ sheet: Sheet, in image: GridImage) {
        let rows = image.rowCount(of: sheet.id)
        let ranks = (0..<min(rows, PlanLimits.sampledRows)).map { $0 * rows / min(rows, PlanLimits.sampledRows) }
        let sampled = ranks.compactMap { image.row(at: $0, in: sheet.id) }
        columns = sheet.columns.prefix(PlanLimits.toldColumns).enumerated().map { place, column in
            var samples: [String] = []
            for row in sampled where place < PlanLimits.describedColumns {
                guard samples.count < PlanLimits.samples else { break }
                guard let text = image.value(row: row, column: column.id)?.displayText else { continue }
                let sample = ModelFailure.bounded(text, to: PlanLimits.sampleCharacters)
                if !samples.contains(sample) { samples.append(sample) }
            }
            return Described(name: column.name, type: column.type, samples: samples)
        }
    }

    /// The values told of a column.
    func samples(of column: String) -> [String] { columns.first { $0.name == column }?.samples ?? [] }

    /// One line a column. Values are quoted as JSON: whatever they hold, they end where they end.
    var text: String {
        let lines = columns.map { column in
            let samples = column.samples.map(ChatRequest.quoted).joined(separator: ", ")
            return "- \(ChatRequest.quoted(column.name)) (\(column.type.rawValue))"
                + (samples.isEmpty ? "" : ", such as \(samples)")
        }
        return lines.joined(separator: "\n")
    }
}
