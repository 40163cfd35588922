import Foundation
import GridModel
import Testing

@testable import Interchange

@Suite("The sample list")
struct AirportsTests {
    @Test("Every airport is imported, with the types a person would choose, and export and import agree")
    func airports() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Examples/data/airports.csv")
        let file = [UInt8](try Data(contentsOf: path.standardizedFileURL))
        let imported = Imported(file, cuts: Array(stride(from: 0, to: file.count, by: 65_521)))
        #expect(imported.rejects.isEmpty)
        #expect(imported.counts?.rows == 28_298)
        #expect(
            imported.columns.map { "\($0.name) \($0.type)" } == [
                "icao text", "iata text", "name text", "city text", "subd text", "country text", "elevation number",
                "lat number", "lon number", "tz text", "lid text",
            ])
        let first = imported.exported(.csv)
        let again = Imported(first)
        #expect(again.rows == imported.rows)
        #expect(again.exported(.csv) == first)
        #expect(Imported(imported.exported(.jsonl)).rows == imported.rows)
    }
}
