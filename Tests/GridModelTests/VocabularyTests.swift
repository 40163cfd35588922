import GridModel
import Testing

@Suite("The vocabulary")
struct VocabularyTests {
    @Test("an identifier's text is read back as itself, and nothing else is read as one")
    func identifiers() {
        for number in [0, 1, 9, 10, 4_294_967_295] as [UInt32] {
            #expect(RowID(text: RowID(number).description) == RowID(number))
            #expect(RunID(text: RunID(number).description) == RunID(number))
        }
        for text in [
            "", "r", "9", "r-1", "r+1", "r01", "r 1", "r1 ", "R1", "c1", "r4294967296", "r99999999999", "r1.0", "r１", "rr1",
        ] {
            #expect(RowID(text: text) == nil, "\(text)")
        }
        #expect(RowID(2) < RowID(10))
    }

    @Test("a grid's name is safe in a path")
    func gridIDs() {
        for text in ["a", "0", "abc-9", String(repeating: "x", count: 40)] { #expect(GridID(text)?.text == text) }
        for text in ["", "-a", "A", "a/b", "..", "a.b", "a b", "ä", String(repeating: "x", count: 41)] {
            #expect(GridID(text) == nil)
        }
    }

    @Test("an intent is a UUID of either case, written in lower case")
    func intents() {
        let text = "0123ABCD-89ef-4567-89ab-0123456789aB"
        #expect(IntentID(text: text)?.description == text.lowercased())
        #expect(IntentID(high: 0, low: 1).description == "00000000-0000-0000-0000-000000000001")
        for text in [
            "", "0123abcd89ef456789ab0123456789ab", text + "0", String(text.dropLast()), text.replacing("A", with: "g"),
        ] {
            #expect(IntentID(text: text) == nil, "\(text)")
        }
        #expect(IntentID(high: 1, low: 0) > IntentID(high: 0, low: .max))
    }

    @Test("text becomes JSON and is shown as it was, whatever it holds")
    func cellValues() throws {
        for text in ["a", "a\"b\\c/", "\u{0}\u{1F}\u{7F}", "\n\r\t\u{8}\u{C}", "äß日本😀", "\u{2028}", "007", "true", "null", " "]
        {
            let value = try #require(CellValue(text: text))
            #expect(value.displayText == text)
            #expect(value.kind == .text)
            let bytes = Array(value.json.utf8)
            #expect(throws: Never.self) { try JSONScanner.check(bytes[...]) }
        }
        #expect(CellValue(text: "") == nil)
        #expect(CellValue(checkedJSON: "\"\\u00e4\\ud83d\\ude00\\/\"").displayText == "ä😀/")
    }

    @Test("a value's kind is told by how its JSON begins, and numbers are shown digit by digit")
    func kinds() {
        let kinds: [(String, CellValue.Kind)] = [
            ("\"x\"", .text), ("-1", .number), ("0.10", .number), ("true", .boolean), ("false", .boolean), ("{}", .structure),
            ("[1]", .structure),
        ]
        for (json, kind) in kinds { #expect(CellValue(checkedJSON: json).kind == kind) }
        #expect(CellValue(checkedJSON: "1.50").displayText == "1.50")
        #expect(CellValue(checkedJSON: "{\"a\": 1}").displayText == "{\"a\": 1}")
    }

    @Test("a block of rows gives back each cell, empty ones as nothing")
    func rowsBlocks() {
        var block = RowsBlock(columns: [ColumnID(1), ColumnID(2)])
        block.append([.yes, nil])
        block.appendCell(checkedJSON: [])
        block.appendCell(checkedJSON: Array("12".utf8))
        block.endRow()
        #expect(block.rowCount == 2)
        #expect(Array(block.cell(row: 0, column: 0)) == Array("true".utf8))
        #expect(block.cell(row: 0, column: 1).isEmpty && block.cell(row: 1, column: 0).isEmpty)
        #expect(Array(block.cell(row: 1, column: 1)) == Array("12".utf8))
        #expect(RowsBlock(emptyRows: 3).rowCount == 3)
    }

    @Test("a view's columns are named once, in ascending order")
    func viewColumns() {
        let definition = ViewDefinition(
            filter: [Filter(column: ColumnID(4), operation: .isEmpty), Filter(column: ColumnID(2), operation: .isEmpty)],
            sort: [SortCriterion(column: ColumnID(4))])
        #expect(definition.columns == [ColumnID(2), ColumnID(4)])
        #expect(ViewDefinition().isEmpty && !definition.isEmpty)
    }
}
