import GridModel
import Testing

@testable import Enrichment

/// Time stands still, and waiting ends at once.
struct StillClock: RunClock {
    var now: Duration { .zero }
    func wait(until time: Duration) async {}
}

private struct Tables: LookupTables {
    func text(of result: String, where key: String, is value: String) throws(ModelFailure) -> String? {
        key == "Code" && result == "Name" && value == "NO" ? "Norway" : nil
    }
}

struct DemoRulesTests {
    static func answer(_ prompt: String, _ values: [String], type: ColumnType = .text) async throws(ModelFailure) -> String {
        let template: PromptTemplate
        do {
            template = try PromptTemplateTests.template(prompt)
        } catch {
            throw ModelFailure(.garbage, "\(error)")
        }
        let provider = DemoRulesProvider(clock: StillClock())
        var collector = AnswerCollector(most: 10_000)
        let request = ModelRequest(template: template, values: values, type: AnswerType(type), tables: Tables())
        try await provider.stream(request) { (event) throws(ModelFailure) in try collector.receive(event) }
        return try collector.answer().text
    }

    static func failure(_ prompt: String, _ values: [String]) async -> ModelFailure? {
        do {
            _ = try await answer(prompt, values)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        arguments: [
            ("{{City}}, {{Country code}}", ["Oslo", "NO"], "Oslo, NO"),
            ("template: {{City}} lies in {{Country code}}.", ["Oslo", "NO"], "Oslo lies in NO."),
            ("= {{Elevation}} * 0.3048", ["1000"], "304.8"), ("= round({{Elevation}} * 0.3048, 1)", ["3435"], "1047"),
            ("= round({{Elevation}} / 7, 3)", ["1"], "0.143"), ("=0.1+0.2", [], "0.3"),
            ("= -({{Elevation}} - 2) * 3", ["4"], "-6"),
            ("= max({{Elevation}}, 0) + min(1, 2) + abs(-3) + floor(1.7) + ceil(1.2)", ["-9"], "7"), ("=7/2-1", [], "2.5"),
            ("=8/2/2", [], "2"), ("extract domain from {{City}}", ["mail me at jo@mail.example.org!"], "mail.example.org"),
            ("Extract domain from {{City}}.", ["https://www.example.com/x"], "example.com"),
            ("extract email from {{City}}", ["Jo <jo.b@example.org>"], "jo.b@example.org"),
            ("extract number from {{City}}", ["gate 42b"], "42"),
            ("extract year from {{City}}", ["(since 1987, 3 runways)"], "1987"),
            ("extract /([A-Z]{3}) airport/ from {{City}}", ["the OSL airport"], "OSL"),
            ("extract /a.c/i from {{City}}", ["xABCx"], "ABC"),
            ("look up {{Country code}} in column Code give column Name", ["NO"], "Norway"),
            ("look up {{Country code}} in column \"Code\" give column \"Name\".", ["NO"], "Norway"),
            ("uppercase {{City}}", ["Osl\u{F8}"], "OSL\u{D8}"), ("Title case {{City}}", ["new YORK-city"], "New York-City"),
            ("length of {{City}}", ["Oslo"], "4"), ("first word of {{City}}", ["New York"], "New"),
            ("trim {{City}}", [" a "], "a"),
        ] as [(String, [String], String)])
    func `a rule does what it says`(_ prompt: String, _ values: [String], _ answer: String) async throws {
        #expect(try await Self.answer(prompt, values) == answer)
    }

    @Test(arguments: [
        "What country is {{City}} in?", "Is {{City}} big? Answer yes or no.", "Summarise {{City}}",
        "Translate {{City}} to Greek",
        "= {{Elevation}} +", "= {{Elevation}} ** 2", "= foo({{Elevation}})", "= {{Elevation}} m", "= (1", "= 1 2", "=",
        "extract the mood from {{City}}", "extract /(/ from {{City}}", "extract /a{2,1}/ from {{City}}",
        "extract /\\k/ from {{City}}",
        "extract // from {{City}}", "look up {{City}} somewhere", "just words", "{{City}}?",
        "uppercase {{City}} and {{Elevation}}",
    ])
    func `what needs a model is not supported, and the reason names the settings`(_ prompt: String) async throws {
        let failure = await Self.failure(prompt, ["Oslo", "3"])
        #expect(failure?.kind == .unsupported)
        #expect(failure?.message.hasPrefix("not supported by the demo rules: ") == true)
        #expect(failure?.message.contains("OPENAI_BASE_URL") == true)
        let provider = DemoRulesProvider(clock: StillClock())
        #expect(provider.objection(to: try PromptTemplateTests.template(prompt), model: nil) == failure?.message)
    }

    @Test(arguments: [
        ("= {{Elevation}} * 2", "high", "\"Elevation\" is not a number: high"),
        ("= {{Elevation}} * 2", "", "\"Elevation\" is empty"),
        ("= 1 / {{Elevation}}", "0", "the formula has no finite result: a division by zero?"),
        ("extract year from {{City}}", "none", "nothing to extract in \"none\""),
        (
            "look up {{Country code}} in column Code give column Name", "XX",
            "no row has \"XX\" in \"Code\" and a value in \"Name\""
        ),
    ])
    func `a row that a rule cannot answer fails alone, with the reason`(_ prompt: String, _ value: String, _ reason: String)
        async
    {
        let failure = await Self.failure(prompt, [value])
        #expect(failure?.message == reason)
        #expect(failure?.recovery == .failCell)
    }

    @Test func `the provider calls itself what it is`() {
        let description = DemoRulesProvider(clock: StillClock()).description
        #expect(description.label == "demo rules, no model called")
        #expect(description.isDemo && description.host == nil)
        #expect(description.notice?.contains("OPENAI_API_KEY") == true)
    }

    @Test func `deep and long formulas are refused, not followed`() async {
        for prompt in [
            "=" + String(repeating: "(", count: 5_000) + "1", "=" + String(repeating: "-", count: 5_000) + "1",
            "=1" + String(repeating: "+1", count: 5_000),
        ] {
            #expect(await Self.failure(prompt, [])?.kind == .unsupported)
        }
    }
}

struct TextPatternTests {
    @Test(
        arguments: [
            ("a|ab", "ab", "a"), ("(?:a|ab)c", "abc", "abc"), ("a*", "aaa", "aaa"), ("a+?", "aaa", "a"),
            ("a{2,3}", "aaaa", "aaa"),
            ("a{2,}", "aaaa", "aaaa"), ("^b", "ab", nil), ("b$", "ab", "b"), ("\\bcat\\b", "concat cat", "cat"),
            ("[^0-9]+", "12ab3", "ab"),
            ("[\\d.-]+", "x1.5-2", "1.5-2"), ("x(.*)y", "axbycy", "byc"), ("x(.*?)y", "axbycy", "b"), ("(a)|b", "b", "b"),
            ("\\u", "u", nil),
            (".", "\u{1F6EB}", "\u{1F6EB}"), ("\u{E9}+", "caf\u{E9}\u{E9}", "\u{E9}\u{E9}"), ("(?:a?){3}b", "aab", "aab"),
            ("", "abc", ""),
            ("()*a", "a", "a"), ("a.c", "a\nc", nil), ("[]a]+", "x]a]", "]a]"), ("\\.", "a.b", "."),
            ("(?:ab)+", "ababx", "abab"),
        ] as [(String, String, String?)])
    func `a pattern finds the leftmost match its quantifiers prefer`(_ pattern: String, _ text: String, _ match: String?) throws
    {
        guard let compiled = try? TextPattern(pattern) else {
            #expect(match == nil, "\(pattern) is refused")
            return
        }
        #expect(try compiled.firstMatch(in: text) == match)
    }

    @Test func `patterns that make others hang take linear time`() throws {
        let text = String(repeating: "a", count: TextPattern.textLimit)
        for pattern in ["(a+)+b", "(a|aa)*b", "(?:a?){30}(?:a){30}b", "(.*)(.*)(.*)b"] {
            #expect(try TextPattern(pattern).firstMatch(in: text) == nil)
        }
    }

    @Test(arguments: UInt64(0)..<300) func `any pattern is read or refused, and agrees with the standard library`(
        _ seed: UInt64
    ) throws {
        var random = SplitMix(seed: seed)
        let alphabet = [
            "a", "b", "c", ".", "*", "+", "?", "|", "(", ")", "(?:", "[ab]", "[^a]", "{2}", "{1,2}", "^", "$", "\\d",
        ]
        let pattern = (0..<(1 + Int(random.fraction() * 9))).map { _ in
            alphabet[Int(random.fraction() * Double(alphabet.count))]
        }.joined()
        guard let own = try? TextPattern("(?:\(pattern))"), let other = try? Regex("(?:\(pattern))") else { return }
        for _ in 0..<10 {
            let text = (0..<Int(random.fraction() * 8)).map { _ in ["a", "b", "c", "1"][Int(random.fraction() * 4)] }.joined()
            let found = try own.firstMatch(in: text)
            let expected = try other.firstMatch(in: text)
            // The standard library answers with the whole match; ours with the first group, if the pattern has one.
            if !pattern.contains("(") || !pattern.replacing("(?:", with: "").contains("(") {
                #expect(found == expected.map { String(text[$0.range]) }, "seed \(seed): /\(pattern)/ in \"\(text)\"")
            } else {
                #expect((found == nil) == (expected == nil), "seed \(seed): /\(pattern)/ in \"\(text)\"")
            }
        }
    }
}
