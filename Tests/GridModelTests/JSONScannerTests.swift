import GridModel
import Testing

@Suite("The strict reader of JSON")
struct JSONScannerTests {
    private func check(_ text: String) -> String? { check(Array(text.utf8)) }

    private func check(_ bytes: [UInt8]) -> String? {
        guard let value = try? JSONScanner.check(bytes[...]) else { return nil }
        return String(decoding: value, as: UTF8.self)
    }

    @Test(
        "each valid document is accepted, with exactly the bytes it came in",
        arguments: [
            "0", "-0", "1.5", "1e5", "1E+5", "1.0e-10", "123456789012345678901234567890.10", "\"\"",
            "\"a\\\"b\\\\\\/\\b\\f\\n\\r\\t\"",
            "\"\\u0041\\ud83d\\ude00\"", "\"äß日本😀\"", "true", "false", "null", "[]", "{}", "[1,[2,{\"a\":null}]]",
            "{\"a\":1,\"b\":{\"a\":2}}", "\"\u{7F}\"", "\"\\u0000\"",
        ])
    func valid(text: String) {
        #expect(check(text) == text)
        #expect(check(" \t\r\n\(text) \n") == text)
    }

    @Test(
        "each document that is not JSON is refused",
        arguments: [
            "", " ", "01", "-", "-a", "+1", "1.", ".5", "1e", "1e+", "0x10", "1 2", "NaN", "Infinity", "tru", "True", "nul",
            "\"", "\"a",
            "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\t\"",
            "\"\n\"",
            "'a'", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,",
            "{\"a\":1,}", "{a:1}",
            "{1:2}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "}", "1,", "true false", "// x\n1", "/**/1", "\u{FEFF}1",
            "{\"a\":1,\"a\":2}",
        ])
    func invalid(text: String) {
        #expect(check(text) == nil)
    }

    @Test(
        "bytes that are not UTF-8 are refused (Unicode 15, table 3-7)",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x9F, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80],
            [0xF0, 0x8F, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xF0, 0x9F, 0x98],
        ] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) {
        #expect(check([0x22] + bytes + [0x22]) == nil)
    }

    @Test("nesting is accepted to the limit and refused beyond, without exhausting the stack")
    func depth() {
        let limit = JSONScanner.depthLimit
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)
        }
        #expect(check(nested(limit)) != nil)
        #expect(check(nested(limit + 1)) == nil)
        #expect(check(String(repeating: "[", count: 1_000_000)) == nil)
        #expect(check(String(repeating: "{\"a\":", count: 100_000)) == nil)
    }

    @Test("any bytes end in a value or a failure with a place inside them, never in a trap")
    func fuzz() {
        var state: UInt64 = 42
        func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
        let seeds = ["{\"a\":[1,2.5e3,\"x\\u00e4\\ud83d\\ude00\",true,null]}", "[\"äöü\",{\"b\":-0.0}]", "\"\\n\\\\\""].map {
            Array($0.utf8)
        }
        for round in 0..<4_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<(1 + next() % 4) { bytes[Int(next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: next()) }
            if next() % 3 == 0 { bytes.removeLast(Int(next() % UInt64(bytes.count))) }
            do {
                _ = try JSONScanner.check(bytes[...])
            } catch {
                #expect((0...bytes.count).contains(error.position))
            }
        }
    }

    @Test("objects, arrays and plain values are read member by member, from a slice too")
    func reading() throws {
        let bytes = Array(
            "xx{\"n\": 7, \"s\":\"a\\nb\", \"f\":false, \"list\":[1, 2], \"none\":null, \"cell\": \"\" , \"v\":{\"k\":1}}".utf8)
        var scanner = JSONScanner(bytes[2...])
        var number: Int64 = 0
        var string = ""
        var flag = true
        var list: [Int64] = []
        var wasNull = false
        var empty: CellValue? = .yes
        var value: CellValue?
        try scanner.object { name, scanner throws(JSONScanner.Failure) in
            switch name {
            case "n": number = try scanner.integer()
            case "s": string = try scanner.string()
            case "f": flag = try scanner.boolean()
            case "list": try scanner.array { scanner throws(JSONScanner.Failure) in list.append(try scanner.integer()) }
            case "none": wasNull = try scanner.takeNull()
            case "cell": empty = try scanner.cellValue()
            default: value = try scanner.cellValue()
            }
        }
        try scanner.end()
        #expect((number, string, flag, list, wasNull) == (7, "a\nb", false, [1, 2], true))
        #expect(empty == nil)
        #expect(value?.json == "{\"k\":1}")
    }

    @Test("a whole number with a fraction, an exponent or too many digits is refused where one is expected")
    func integers() {
        for text in ["1.0", "1e3", "9223372036854775808", "\"1\"", "", "true"] {
            var scanner = JSONScanner(Array(text.utf8))
            #expect(throws: JSONScanner.Failure.self) { try scanner.integer() }
        }
        var smallest = JSONScanner(Array("-9223372036854775808".utf8))
        #expect((try? smallest.integer()) == Int64.min)
    }

    @Test("a name that comes twice is refused, also when it is written differently")
    func duplicates() {
        for text in ["{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}"] {
            var scanner = JSONScanner(Array(text.utf8))
            #expect(throws: JSONScanner.Failure.self) {
                try scanner.object { _, scanner throws(JSONScanner.Failure) in _ = try scanner.skipValue() }
            }
        }
    }
}
