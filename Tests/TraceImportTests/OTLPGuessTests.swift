import Testing
import Trace

@testable import TraceImport

/// Attributes are guessed from those of the spans before; nobody may see that.
struct OTLPGuessTests {
    /// Ways to write an attribute: as exporters do, and as nobody should.
    private static func attributes(_ dice: inout Dice) -> String {
        let text = [#"a"#, #"é"#, #"\u0041\n"#, "", "token-12345678", "200"].randomElement(using: &dice) ?? ""
        let key =
            [
                "http.request.method", "url.full", "http.request.method", "url.full", "url.path", "http.response.status_code",
                "session.id", "x-api-key",
                "server.port",
                "trueline.intent", "trueline.rank", "thread.id", #"url\u002efull"#,
            ].randomElement(using: &dice) ?? ""
        let value =
            [
                #"{"stringValue":"\#(text)"}"#, #"{"intValue":"404"}"#, #"{"intValue":77}"#, #"{"intValue":"4x4"}"#,
                #"{"boolValue":true}"#,
                #"{"doubleValue":1.5}"#, #"{"arrayValue":{"values":[{"stringValue":"x"}]}}"#, "{}", #"{"stringValue":null}"#,
                #"{"stringValue":"\#(text)","intValue":"7"}"#, "null",
            ].randomElement(using: &dice) ?? ""
        if Bool.random(using: &dice) { return #"{"key":"\#(key)","value":{"stringValue":"\#(text)"}}"# }
        return switch UInt8.random(in: 0..<12, using: &dice) {
        case 0: #"{"value":\#(value),"key":"\#(key)"}"#
        case 1: #"{"key":"\#(key)","value":\#(value),"more":1}"#
        case 2: #"{"key":"\#(key)","value":\#(value),"value":{"stringValue":"last"}}"#
        case 3: #"{"key":"\#(key)"}"#
        default: #"{"key":"\#(key)","value":\#(value)}"#
        }
    }

    private static func span(_ number: Int, _ attributes: [String], blank: String) -> String {
        let digits = String(number + 16, radix: 16)
        let id = String(repeating: "0", count: 16 - digits.count) + digits
        let list = attributes.map { "{" + blank + $0.dropFirst() }.joined(separator: ",")
        return #"{"traceId":"0000000000000000000000000000000a","spanId":"\#(id)",\#(blank)"name":"s","kind":3,"# + blank
            + #""startTimeUnixNano":"\#(1_700_000_000_000_000_000 + number)","endTimeUnixNano":"1700000000000900000","attributes":[\#(list)]}"#
    }

    /// - Parameter isRegular: as exporters write; otherwise each span with blanks like no other's, so that none is as it was guessed.
    private static func file(_ spans: [[String]], isRegular: Bool) -> [UInt8] {
        let spans = spans.enumerated().map { number, attributes in
            span(number, attributes, blank: String(repeating: " ", count: isRegular ? 0 : number + 1))
        }.joined(separator: ",")
        let resource = #""resource":{"attributes":[{"key":"browser.language","value":{"stringValue":"en"}}]}"#
        return Array(#"{"resourceSpans":[{\#(resource),"scopeSpans":[{"spans":[\#(spans)]}]}]}"#.utf8)
    }

    @Test("what is guessed is read as what is taken apart, whatever is written", arguments: UInt64(0)..<60)
    func equalsUnguessed(seed: UInt64) {
        var dice = Dice(state: seed)
        // A few lists that come again and again, and now and then another one.
        var lists = (0..<4).map { _ in (0..<6).map { _ in Self.attributes(&dice) } }
        let spans = (0..<80).map { _ -> [String] in
            let list = Int.random(in: 0..<4, using: &dice)
            if UInt8.random(in: 0..<5, using: &dice) == 0 {
                lists[list][Int.random(in: 0..<6, using: &dice)] = Self.attributes(&dice)
            }
            return lists[list]
        }
        let (guessed, apart) = (
            TraceImport.read(Self.file(spans, isRegular: true)), TraceImport.read(Self.file(spans, isRegular: false))
        )
        #expect(guessed.rejections.count == apart.rejections.count)
        #expect(guessed.log.count == apart.log.count)
        #expect(TraceWriter.bytes(of: guessed.log) == TraceWriter.bytes(of: apart.log))
        #expect(guessed.log.count > 20)
    }

    @Test("numbers of up to 19 digits are read from their digits, and nothing else is")
    func shortNumbers() {
        let texts = [
            "0", "7", "12345678", "1234567890123456", "1700000000000075955", "9223372036854775807", "9223372036854775808", "-1",
            "1234567/",
            "1234567:", "12345678901234567890", "", "1e3", "00000001", "é2345678",
        ]
        for text in texts {
            let bytes = Array("\"\(text)\"".utf8) + [UInt8](repeating: 0, count: JSONCursor.padding)
            let number = bytes.withUnsafeBytes { bytes -> Int64? in
                var cursor = JSONCursor(UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - JSONCursor.padding)]))
                return (try? cursor.string())?.shortNumber
            }
            let isDigits = 1...19 ~= text.utf8.count && text.utf8.allSatisfy { 0x30...0x39 ~= $0 }
            #expect(number == (isDigits ? Int64(text) : nil), "\(text)")
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers for the same seed. The kit that tests of the grid share is not here.
private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
