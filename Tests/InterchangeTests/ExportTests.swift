import GridModel
import Testing

@testable import Interchange

@Suite("Export")
struct ExportTests {
    @Test("An exact export quotes only where it must")
    func exact() {
        let rows = [
            [#""plain""#, #""a,b""#, "5"], [#""say \"hi\"""#, #""1\n2""#, "true"], [#"" lead""#, #""=cmd""#, #"{"k":"v"}"#],
            ["", #""a;b""#, #""'x""#],
        ]
        let file = encode(names: ["a", "b", "c"], rows: rows, .csv)
        #expect(
            text(file) == """
                a,b,c
                plain,"a,b",5
                "say ""hi""\","1
                2",true
                 lead,=cmd,"{""k"":""v""}"
                ,"a;b","'x"

                """)
        #expect(text(encode(names: ["a"], rows: [[""], [#""x""#]], .csv)) == "a\n\"\"\nx\n")
        #expect(text(encode(names: ["a", "b"], rows: [[#""x""#, #""y z""#]], .tsv)) == "a\tb\nx\ty z\n")
    }

    @Test("A spreadsheet's export defuses formulas and leaves numbers alone")
    func spreadsheet() {
        let rows = ["=1+1", "+1", "-1", "-x", "@a", "\t=1", "\r=1", " =1", "\u{FF1D}1", "x=1", "-1.5e3"]
            .map { [CellValue(text: $0)?.json ?? "", "-5"] }
        let file = encode(names: ["=h", "n"], rows: rows, .csv, .spreadsheet)
        #expect(
            text(file)
                == "\u{FEFF}\"'=h\",n\r\n\"'=1+1\",-5\r\n\"'+1\",-5\r\n-1,-5\r\n\"'-x\",-5\r\n\"'@a\",-5\r\n\"'\t=1\",-5\r\n"
                + "\"'\r=1\",-5\r\n\"' =1\",-5\r\n\"'\u{FF1D}1\",-5\r\nx=1,-5\r\n-1.5e3,-5\r\n")
    }

    @Test("JSON lines keep values as they are, and name every column")
    func lines() {
        let rows = [["1.50", #""x\u00e9""#], ["", "[1, 2]"]]
        let file = encode(names: ["a", "b\""], rows: rows, .jsonl)
        #expect(text(file) == "{\"a\":1.50,\"b\\\"\":\"x\\u00e9\"}\n{\"a\":null,\"b\\\"\":[1, 2]}\n")
        let imported = Imported(file)
        #expect(imported.rows == rows)
        #expect(imported.exported(.jsonl) == file)
    }

    @Test("Export, import, export gives the same bytes, for any table and any cuts", arguments: 0..<400)
    func roundTrip(seed: Int) {
        var generator = Seeded(UInt64(seed))
        let columns = Int.random(in: 1...5, using: &generator)
        let names = (0..<columns).map { "n\($0)" + Self.randomText(&generator).prefix(3) }
        let rows = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
            (0..<columns).map { _ in Self.cell(&generator) }
        }
        let formats: [(ExportFormat, ImportOptions)] = [
            (.csv, ImportOptions(dialect: ImportDialect())), (.csv, ImportOptions(header: true)),
            (.tsv, ImportOptions(format: .tsv, header: true)),
        ]
        for (format, options) in formats {
            let first = encode(names: names, rows: rows, format)
            let imported = Imported(first, options, cuts: randomCuts(first.count, &generator))
            #expect(imported.rejects.isEmpty, "seed \(seed)")
            #expect(text(imported.exported(format)) == text(first), "seed \(seed), \(format)")
        }
        let lines = encode(names: names, rows: rows, .jsonl)
        let imported = Imported(lines, ImportOptions(format: .jsonl), cuts: randomCuts(lines.count, &generator))
        #expect(rows.isEmpty || imported.rows == rows, "seed \(seed)")
        #expect(rows.isEmpty || imported.exported(.jsonl) == lines, "seed \(seed)")
    }

    @Test("No bytes make an import trap, and every byte is counted", arguments: 0..<300)
    func fuzz(seed: Int) {
        var generator = Seeded(UInt64(seed) &+ 1_000_000)
        let alphabet: [UInt8] =
            Array("a1,;\t|\"'\n\r{}[]:\\ue-+.0tn ".utf8) + [0, 0xFF, 0xFE, 0xC3, 0xA9, 0xD8, 0xEF, 0xBB, 0xBF]
        let bytes = (0..<Int.random(in: 0...300, using: &generator)).map { _ in
            Int.random(in: 0..<8, using: &generator) == 0
                ? UInt8.random(in: 0...255, using: &generator) : alphabet.randomElement(using: &generator) ?? 0
        }
        for format in [nil] + ImportFormat.allCases {
            let limits = ImportLimits(
                cellBytes: 40, columns: 6, recordBytes: 100, blockRows: 3, sampleBytes: 50, excerptBytes: 9)
            let options = ImportOptions(format: format, limits: limits)
            let whole = Imported(bytes, options)
            let cut = Imported(bytes, options, cuts: randomCuts(bytes.count, &generator))
            #expect((whole.counts?.bytes ?? bytes.count) == bytes.count)
            #expect(cut.failure != nil || cut.counts != nil, "seed \(seed): neither finished nor failed")
            #expect(cut == whole, "seed \(seed): the cuts changed what was read")
            _ = ImportPreview(sample: bytes, isWhole: seed % 2 == 0, options: options)
        }
    }

    private static func cell(_ generator: inout Seeded) -> String {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: ""
        case 1: ["0", "-1.50", "1e9", "12345678901234567890"].randomElement(using: &generator) ?? "0"
        case 2: Bool.random(using: &generator) ? "true" : "false"
        case 3: [#"{"a":[1,"x\n"]}"#, "[]", #"[ 1 ]"#].randomElement(using: &generator) ?? "[]"
        default: CellValue(text: randomText(&generator))?.json ?? ""
        }
    }

    private static func randomText(_ generator: inout Seeded) -> String {
        let parts = [
            ",", ";", "\t", "|", "\"", "'", "\n", "\r", "\r\n", " ", "=cmd", "é", "𝄞", "\u{FEFF}", "\u{0}", "\\", "x", "007",
            "-",
            "\u{85}", "\u{2028}",
        ]
        return (0..<Int.random(in: 0...5, using: &generator)).compactMap { _ in parts.randomElement(using: &generator) }
            .joined()
    }
}
