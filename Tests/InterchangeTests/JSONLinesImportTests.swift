import GridModel
import Testing

@testable import Interchange

@Suite("Import of JSON lines")
struct JSONLinesImportTests {
    @Test("Keys become columns in the order they first appear, also late ones, and values stay as written")
    func columns() {
        let file = """
            {"a":1.50,"b":"x\\u00e9"}

            {"b":{"k": [1]},"c":null,"a":""}
            {"late":true, "a":-0}

            """
        let bytes = Array(file.utf8)
        for cut in 0...bytes.count {
            let imported = Imported(bytes, cuts: [cut])
            #expect(imported.names == ["a", "b", "c", "late"])
            #expect(imported.types == [.number, .text, .text, .boolean])
            #expect(
                imported.rows == [["1.50", #""x\u00e9""#, "", ""], ["", #"{"k": [1]}"#, "", ""], ["-0", "", "", "true"]])
        }
    }

    @Test("A key that only a line after the sample has is announced then")
    func lateColumns() {
        let limits = ImportLimits(sampleBytes: 10)
        let file = "{\"a\":1}\n{\"a\":2}\n{\"b\":3,\"a\":4}\n{\"\\u0062\":5}\n{\"c\":6}"
        for cuts in [[], Array(0...file.utf8.count)] {
            let imported = Imported(Array(file.utf8), ImportOptions(format: .jsonl, limits: limits), cuts: cuts)
            #expect(imported.names == ["a", "b", "c"])
            #expect(
                imported.rows == [["1"], ["2"], ["4", "3"], ["", "5"], ["", "", "6"]]
                    || imported.rows.map { row in
                        row + Array(repeating: "", count: 3 - row.count)
                    } == [["1", "", ""], ["2", "", ""], ["4", "3", ""], ["", "5", ""], ["", "", "6"]])
        }
    }

    @Test("A bad line is rejected with its line and byte, and the others are read")
    func rejects() {
        let file = "{\"a\":1}\n{\"a\":01}\n[1]\n{\"a\":1,\"a\":2}\n{\"z\":1,\"z\":2}\n{\"a\":2} x\n{\"a\"\n{\"a\":3}\n"
        let imported = Imported(file)
        #expect(imported.names == ["a"])
        #expect(imported.rows == [["1"], ["3"]])
        #expect(imported.rejects.map(\.line) == [2, 3, 4, 5, 6, 7])
        #expect(imported.rejects.first?.reason == .invalidJSON(byte: 7, problem: "a number has no leading zero"))
        #expect(imported.rejects[1].reason == .notAnObject)
        #expect(imported.rejects[2].reason == .invalidJSON(byte: 8, problem: "a name comes twice in one object"))
        #expect(imported.rejects[5].text == "{\"a\"")
    }

    @Test("One JSON array is refused with the way to make lines of it")
    func array() {
        let imported = Imported("[{\"a\":1}]", ImportOptions(format: .jsonl))
        #expect(imported.failure == .jsonArray)
        #expect(imported.failure?.description.contains("jq -c '.[]'") == true)
    }

    @Test("S8: a line beyond a limit is rejected with the limit")
    func limits() {
        let limits = ImportLimits(cellBytes: 8, columns: 2, recordBytes: 40)
        let file =
            "{\"a\":\"123456789\"}\n{\"a\":1,\"b\":2,\"c\":3}\n{\"a\":\"" + String(repeating: "x", count: 60)
            + "\"}\n{\"a\":1}\n"
        let imported = Imported(file, ImportOptions(format: .jsonl, limits: limits))
        #expect(imported.rows == [["1"]])
        #expect(
            imported.rejects.map(\.reason) == [
                .cellTooLong(field: 1, most: 8), .tooManyColumns(most: 2), .recordTooLong(most: 40),
            ])
    }
}
