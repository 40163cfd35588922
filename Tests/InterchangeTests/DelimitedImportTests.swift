import GridModel
import Testing

@testable import Interchange

@Suite("Import of delimited text")
struct DelimitedImportTests {
    /// One file and what becomes of it: the header's names, then rows of cells' JSON.
    struct Case: CustomTestStringConvertible {
        var name: String
        var file: String
        var names: [String]
        var rows: [[String]]
        var rejects: [String] = []

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "plain", file: "a,b\n1,x\n", names: ["a", "b"], rows: [["1", #""x""#]]),
        Case(name: "no line end at the end", file: "a,b\n1,x", names: ["a", "b"], rows: [["1", #""x""#]]),
        Case(name: "CRLF", file: "a,b\r\n1,x\r\n2,y\r\n", names: ["a", "b"], rows: [["1", #""x""#], ["2", #""y""#]]),
        Case(
            name: "CRLF counts as one line end", file: "a,b\r\nx,y\r\n1,2,3\r\n", names: ["a", "b"],
            rows: [[#""x""#, #""y""#]],
            rejects: ["3: the row has 3 fields, the file 2 columns; quote fields that hold the separator"]),
        Case(name: "CR alone", file: "a,b\r1,x\r2,y\r", names: ["a", "b"], rows: [["1", #""x""#], ["2", #""y""#]]),
        Case(name: "byte order mark", file: "\u{FEFF}a,b\nx,y\n", names: ["a", "b"], rows: [[#""x""#, #""y""#]]),
        Case(
            name: "quoted separator, quote and line ends", file: "a,b\n\"x,\"\"y\"\"\",\"1\r\n2\n3\"\n", names: ["a", "b"],
            rows: [[#""x,\"y\"""#, #""1\r\n2\n3""#]]),
        Case(
            name: "quote inside a plain field", file: "a,b\n5\" pipe,x\n", names: ["a", "b"], rows: [[#""5\" pipe""#, #""x""#]]),
        Case(name: "spaces belong to the field", file: "a,b\n x , y\n", names: ["a", "b"], rows: [[#"" x ""#, #"" y""#]]),
        Case(name: "missing fields are empty", file: "a,b,c\nx\n", names: ["a", "b", "c"], rows: [[#""x""#, "", ""]]),
        Case(
            name: "too many fields", file: "a,b\nx,y\n1,2,3\nz,w\n", names: ["a", "b"],
            rows: [[#""x""#, #""y""#], [#""z""#, #""w""#]],
            rejects: ["3: the row has 3 fields, the file 2 columns; quote fields that hold the separator"]),
        Case(name: "blank lines", file: "\na,b\n\nx,y\n\n\n", names: ["a", "b"], rows: [[#""x""#, #""y""#]]),
        Case(name: "empty only column", file: "a\n\"\"\nx\n", names: ["a"], rows: [[""], [#""x""#]]),
        Case(
            name: "duplicate and empty headers", file: "n,n,,n,n (2)\nx,x,x,x,x\n",
            names: ["n", "n (2)", "Column 3", "n (3)", "n (2) (2)"], rows: [Array(repeating: #""x""#, count: 5)]),
        Case(
            name: "text after a closing quote", file: "a,b\n\"say \"hi\" to\",x\ny,z\n", names: ["a", "b"],
            rows: [[#""y""#, #""z""#]],
            rejects: ["2: field 1 goes on after its closing quote; write a quote inside quotes twice"]),
        Case(
            name: "unterminated quote", file: "a,b\nx,\"y\nz,w\nv,u\n", names: ["a", "b"], rows: [],
            rejects: ["2: the quote opened on line 2 is never closed; close it, or write a quote inside quotes twice"]),
        Case(
            name: "quoted line ends count as lines", file: "a,b\n\"1\n2\r\n3\r4\",x\n1,2,3\n", names: ["a", "b"],
            rows: [[#""1\n2\r\n3\r4""#, #""x""#]],
            rejects: ["6: the row has 3 fields, the file 2 columns; quote fields that hold the separator"]),
        Case(name: "semicolons, decimal commas", file: "a;b\n1,5;2,5\n", names: ["a", "b"], rows: [[#""1,5""#, #""2,5""#]]),
        Case(name: "tabs", file: "a\tb\nx\ty, z\n", names: ["a", "b"], rows: [[#""x""#, #""y, z""#]]),
        Case(name: "bars", file: "a|b\nx|y\n", names: ["a", "b"], rows: [[#""x""#, #""y""#]]),
        Case(
            name: "separators inside quotes do not count", file: "a;b\n\"1,2,3\";x\n\"4,5,6\";y\n", names: ["a", "b"],
            rows: [[#""1,2,3""#, #""x""#], [#""4,5,6""#, #""y""#]]),
        Case(
            name: "single quotes", file: "a,b\n'x,y',z\n'v',w\n", names: ["a", "b"],
            rows: [[#""x,y""#, #""z""#], [#""v""#, #""w""#]]),
        Case(
            name: "an apostrophe is no quote", file: "a,b\n'tis,it's\n", names: ["a", "b"], rows: [[#""'tis""#, #""it's""#]]),
        Case(name: "one column", file: "word\nx\ny\n", names: ["word"], rows: [[#""x""#], [#""y""#]]),
        Case(
            name: "control characters", file: "a,b\nx\u{0},\u{1F}\n", names: ["a", "b"], rows: [[#""x\u0000""#, #""\u001f""#]]),
        Case(name: "header only", file: "a,b\n", names: ["a", "b"], rows: []),
    ]

    @Test("A file's cells are what it says, wherever it is cut", arguments: cases)
    func cells(_ example: Case) {
        let file = Array(example.file.utf8)
        var all = [[]] + (0...file.count).map { [$0] }
        all.append(Array(0...file.count))
        for cuts in all {
            let imported = Imported(file, cuts: cuts)
            #expect(imported.names == example.names, "cut at \(cuts)")
            #expect(imported.rows == example.rows, "cut at \(cuts)")
            #expect(imported.rejects.map { "\($0.line): \($0.reason)" } == example.rejects, "cut at \(cuts)")
            #expect(imported.counts?.rows == example.rows.count, "cut at \(cuts)")
            #expect(imported.counts?.bytes == file.count)
        }
    }

    @Test("A row with text that is not UTF-8 is rejected with its line, and its neighbours are read")
    func invalidUTF8() {
        let file = Array("a,b\né,x\n".utf8) + [0x79, 0xFF, 0x2C, 0x7A, 0x0A] + Array("ü,w\nñ,v\n".utf8)
        let imported = Imported(file)
        #expect(imported.rows == [[#""é""#, #""x""#], [#""ü""#, #""w""#], [#""ñ""#, #""v""#]])
        #expect(imported.rejects.map(\.line) == [3])
        #expect(imported.rejects.map(\.reason) == [.invalidText(field: 1)])
        #expect(imported.rejects.map(\.excerpt) == [[0x79, 0xFF, 0x2C, 0x7A]])
    }

    @Test("Text with stray bytes and no UTF-8 is taken for Windows-1252, and the guess can be overruled")
    func windows1252() {
        let file: [UInt8] = Array("city,price\nK".utf8) + [0xF6] + Array("ln,5 ".utf8) + [0x80, 0x0A]
        let guessed = Imported(file)
        #expect(guessed.plan?.dialect.encoding == .windows1252)
        #expect(guessed.rows == [[#""Köln""#, #""5 €""#]])
        let overruled = Imported(file, ImportOptions(encoding: .utf8))
        #expect(overruled.rows.isEmpty)
        #expect(overruled.rejects.map(\.line) == [2])
    }

    @Test("UTF-16 of either order is read by its byte order mark, also cut inside a surrogate pair", arguments: [true, false])
    func utf16(littleEndian: Bool) {
        func encode(_ text: String) -> [UInt8] {
            ("\u{FEFF}" + text).utf16.flatMap { unit in
                let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
                return littleEndian ? [low, high] : [high, low]
            }
        }
        let file = encode("a\tb\r\n𝄞\tü\r\n")
        for cut in 0...file.count {
            let imported = Imported(file, cuts: [cut])
            #expect(imported.rows == [[#""𝄞""#, #""ü""#]])
            #expect(imported.plan?.dialect.encoding == (littleEndian ? .utf16LittleEndian : .utf16BigEndian))
        }
        let lone = Imported(encode("a\tb\r\nx\ty\r\n") + (littleEndian ? [0x00, 0xD8] : [0xD8, 0x00]))
        #expect(lone.rejects.map(\.reason) == [.invalidText(field: 1)])
    }

    @Test("Types are proposed only when every cell of the sample agrees")
    func types() {
        let file = """
            n,code,long,plus,flag,day,moment,json,mixed,none,year
            1,007,1234567890123456,+1,true,2024-02-29,2024-02-29T10:00:00Z,"{""a"":[1]}",1,,2020
            -2.5e3,12,1,2,false,2023-12-31,2024-02-29 10:00,[],x,,2021

            """
        let imported = Imported(file)
        #expect(imported.types == [.number, .text, .text, .text, .boolean, .date, .date, .json, .text, .text, .number])
        #expect(
            imported.rows.last == [
                "-2.5e3", #""12""#, #""1""#, #""2""#, "false", #""2023-12-31""#, #""2024-02-29 10:00""#, "[]", #""x""#, "",
                "2021",
            ])
        #expect(imported.rows.first?[7] == #"{"a":[1]}"#)
    }

    @Test("Nothing is coerced: a text that is not exactly of its column's type stays a text")
    func noCoercion() {
        let types: [String: ColumnType] = ["n": .number, "b": .boolean, "j": .json, "d": .date]
        let file = "n,b,j,d\n1.50,true,\"{\"\"a\"\":1}\",x\n007,True, {},5\n 1,yes,null,true\n1e400,0,\"\"\"q\"\"\",\n"
        let imported = Imported(file, ImportOptions(header: true, types: types))
        #expect(
            imported.rows == [
                ["1.50", "true", #"{"a":1}"#, #""x""#], [#""007""#, #""True""#, #"" {}""#, #""5""#],
                [#"" 1""#, #""yes""#, #""null""#, #""true""#], ["1e400", #""0""#, #""\"q\"""#, ""],
            ])
        #expect(text(imported.exported(.csv)) == file)
    }

    @Test("A first row of data is not taken for names, and years are names")
    func header() {
        let headless = Imported("x,1\ny,2\n")
        #expect(headless.plan?.dialect.header == false)
        #expect(headless.names == ["Column 1", "Column 2"])
        #expect(headless.rows.count == 2)
        #expect(Imported("country,2019,2020\nx,1,2\ny,3,4\n").plan?.dialect.header == true)
        #expect(Imported("a,b\nx,y\n").plan?.dialect.header == true)
        #expect(Imported("1,2\n3,4\n", ImportOptions(header: true)).names == ["1", "2"])
    }

    @Test("S8: a row beyond a limit is rejected with the limit, and the next is read")
    func limits() {
        var limits = ImportLimits(cellBytes: 10, recordBytes: 25)
        let file = "a,b,c\nx,12345678901,z\n123456789,123456789,123456789\n\"\"\"\"\"\"\"\"\"\"\"\",y,z\nu,v,w\n"
        let imported = Imported(file, ImportOptions(limits: limits))
        #expect(imported.rows == [[#""u""#, #""v""#, #""w""#]])
        #expect(
            imported.rejects.map(\.reason) == [
                .cellTooLong(field: 2, most: 10), .recordTooLong(most: 25), .cellTooLong(field: 1, most: 10),
            ])
        limits = ImportLimits(columns: 2)
        guard case .header(let reject)? = Imported("a,b,c\n1,2,3\n", ImportOptions(limits: limits)).failure else {
            Issue.record("three columns were taken where two are the limit")
            return
        }
        #expect(reject.reason == .tooManyColumns(most: 2))
        limits = ImportLimits(rows: 1)
        #expect(Imported("a\nx\ny\n", ImportOptions(limits: limits)).failure == .tooManyRows(most: 1))
    }

    @Test("Blocks hold a bounded number of rows and bytes")
    func blocks() {
        let file = "a,b\n" + String(repeating: "x,yyyyyyyy\n", count: 25)
        #expect(Imported(file, ImportOptions(limits: ImportLimits(blockRows: 10))).blockSizes == [10, 10, 5])
        #expect(Imported(file, ImportOptions(limits: ImportLimits(blockBytes: 60))).blockSizes == [5, 5, 5, 5, 5])
    }

    @Test("A header longer than the sample is read whole")
    func longHeader() {
        let names = (0..<200).map { "name\($0)" }
        let file = names.joined(separator: ",") + "\n" + names.joined(separator: ",") + "\n"
        let imported = Imported(
            file, ImportOptions(limits: ImportLimits(sampleBytes: 16)), cuts: Array(stride(from: 0, to: 900, by: 7)))
        #expect(imported.names == names)
        #expect(imported.rows.count == 1)
    }

    @Test("What is not text is refused by name")
    func notText() {
        #expect(Imported([0x50, 0x4B, 0x03, 0x04, 0, 0]).failure == .notText("a ZIP archive or an Excel workbook (.xlsx)"))
        #expect(Imported("").failure == .empty)
        #expect(Imported("\n\n").failure == .empty)
    }

    @Test("A column that is bound to none is left out")
    func leftOut() {
        var importer = Importer()
        importer.handle(.bytes(Array("a,b,c\nx,y,z\n".utf8)))
        importer.handle(.end)
        guard case .columns(let columns)? = importer.nextEffect(), columns.count == 3 else {
            Issue.record("no columns were announced")
            return
        }
        importer.handle(.columnsBound([ColumnID(7), nil, ColumnID(9)]))
        guard case .rows(let block)? = importer.nextEffect() else {
            Issue.record("no rows were handed over")
            return
        }
        #expect(block.columns == [ColumnID(7), ColumnID(9)])
        #expect(block.cell(row: 0, column: 1).elementsEqual(#""z""#.utf8))
    }

    @Test("A preview shows guesses and the first rows, and needs only the beginning of the file")
    func preview() {
        let file = "name;n\n" + (0..<5_000).map { "word \($0);\($0)\n" }.joined()
        let sample = Array(file.utf8.prefix(20_000))
        let preview = ImportPreview(sample: sample, isWhole: false, options: ImportOptions(), rowLimit: 3)
        #expect(preview.plan?.dialect == ImportDialect(separator: UInt8(ascii: ";")))
        #expect(preview.plan?.columns.map(\.type) == [.text, .number])
        #expect(preview.rows == (0..<3).map { [CellValue(text: "word \($0)"), CellValue(checkedJSON: "\($0)")] })
        #expect(preview.isPartial)
        #expect(ImportPreview(sample: [], isWhole: true, options: ImportOptions()).failure == .empty)
    }
}
