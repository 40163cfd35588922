import Testing
import Trace

struct JSONCanonicalTextTests {
    func canonical(_ text: String) -> String? {
        let bytes = Array(text.utf8) + [UInt8](repeating: 0, count: JSONCursor.padding)
        return bytes.withUnsafeBytes { bytes in
            var cursor = JSONCursor(UnsafeRawBufferPointer(rebasing: bytes[..<text.utf8.count]))
            var canonical = JSONCanonicalText()
            guard (try? canonical.read(&cursor)) != nil, (try? cursor.finish()) != nil else { return nil }
            return String(decoding: canonical.text, as: UTF8.self)
        }
    }

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("-0.0e5", "0"), ("1.0", "1"), ("1.50", "1.5"), ("1e2", "100"), ("1E+2", "100"),
        ("12e-1", "1.2"),
        ("0.000001", "0.000001"), ("0.0000001", "1e-7"), ("123456789012345678901", "123456789012345678901"),
        ("1234567890123456789012", "1.234567890123456789012e+21"), ("1e21", "1e+21"), ("1e20", "100000000000000000000"),
        ("-1.25e-9", "-1.25e-9"), ("9007199254740993", "9007199254740993"), ("0.10", "0.1"), ("100.0", "100"),
        ("5e-324", "5e-324"),
        ("1e99999999999999999999", "1e99999999999999999999"), ("12345678901234567890123e-2", "123456789012345678901.23"),
    ]) func `equal numbers have one text, and no digit is lost`(number: String, expected: String) {
        #expect(canonical(number) == expected)
    }

    @Test(arguments: [
        (#"{"b":1,"a":{"d":[ ],"c":{}}}"#, #"{"a":{"c":{},"d":[]},"b":1}"#),
        (#"{"a":1,"b":2,"a":3}"#, #"{"a":3,"b":2}"#), (#"{"a b":1,"a":2}"#, #"{"a":2,"a b":1}"#),
        (#""\u0041\/\u000a\u001F\ud83d\ude00\uD800x\"""#, #""A/\n\u001f😀\ud800x\"""#),
        (" [ true , false , null ] ", "[true,false,null]"), (#"{"z":"é","y":"\u00e9"}"#, #"{"y":"é","z":"é"}"#),
    ]) func `equal values have one text`(value: String, expected: String) {
        #expect(canonical(value) == expected)
        #expect(canonical(expected) == expected)
    }

    @Test(arguments: [
        "", "[1,]", "{\"a\":1,}", "[,1]", "{,}", "{\"a\"}", "nul", "+1", ".5", "1.", "-", "'a'", "[1 2]", "\"a", "[1]]", "01",
        "NaN",
    ])
    func `what is not JSON has no text`(text: String) {
        #expect(canonical(text) == nil)
    }
}
