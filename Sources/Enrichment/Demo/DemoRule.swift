import GridModel

/// What a prompt asks of the demo rules.
enum DemoRule: Sendable {
    /// `{{City}}, {{Country}}` or `template: any words with {{City}}`: the text itself.
    case template([PromptTemplate.Segment])
    /// `= round({{Elevation}} * 0.3048, 1)`
    case arithmetic(ArithmeticExpression)
    /// `extract email from {{Contact}}`, `extract /[A-Z]{4}/ from {{Name}}`
    case extract(TextPattern, input: Int)
    /// `look up {{Country code}} in column Code give column Name`
    case lookUp(input: Int, key: String, result: String)
    /// `uppercase {{City}}`
    case change(TextChange, input: Int)

    /// Changes of a text that need no knowledge.
    enum TextChange: String, Hashable, Sendable, CaseIterable {
        case uppercase
        case lowercase
        case titleCase = "title case"
        case trim
        case length = "length of"
        case firstWord = "first word of"
        case lastWord = "last word of"
    }

    /// For "why this value?".
    var name: String {
        switch self {
        case .template: "template"
        case .arithmetic: "arithmetic"
        case .extract: "extraction by pattern"
        case .lookUp: "look-up in another column"
        case .change(let change, _): change.rawValue
        }
    }

    /// Reads a prompt. Throws `unsupported` for everything that would need a model.
    init(_ template: PromptTemplate) throws(ModelFailure) {
        let segments = template.segments
        var opening = ""
        if case .text(let text)? = segments.first { opening = text.trimmingSpace() }
        if opening.hasPrefix("=") {
            self = .arithmetic(try ArithmeticExpression(segments, inputs: template.inputs.map(\.name)))
        } else if opening.lowercased().hasPrefix("template:") {
            self = .template(Self.dropping("template:", from: segments))
        } else if let sentence = Self.sentence(segments), let rule = try Self.rule(sentence) {
            self = rule
        } else if !template.inputs.isEmpty, segments.allSatisfy(Self.hasNoLetters) {
            self = .template(segments)
        } else {
            throw Self.unsupported("this prompt asks for more than a rule can do")
        }
    }

    static func unsupported(_ reason: String) -> ModelFailure {
        ModelFailure(
            .unsupported,
            "not supported by the demo rules: \(ModelFailure.bounded(reason, to: 120)). "
                + "Set OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL to call a model")
    }

    /// The answer for a row.
    func answer(_ request: ModelRequest) throws(ModelFailure) -> String {
        let values = request.values
        switch self {
        case .template(let segments):
            return segments.map { segment in
                switch segment {
                case .text(let text): text
                case .input(let index): index < values.count ? values[index] : ""
                }
            }.joined()
        case .arithmetic(let expression): return try expression.value(values)
        case .extract(let pattern, let input):
            let text = values[input]
            guard let found = try pattern.firstMatch(in: text), !found.isEmpty else {
                throw ModelFailure(.empty, "nothing to extract in \"\(ModelFailure.bounded(text, to: 80))\"")
            }
            return found
        case .lookUp(let input, let key, let result):
            guard let tables = request.tables else { throw Self.unsupported("there is no sheet to look up in") }
            guard let found = try tables.text(of: result, where: key, is: values[input]) else {
                throw ModelFailure(
                    .empty,
                    "no row has \"\(ModelFailure.bounded(values[input], to: 80))\" in \"\(key)\" and a value in \"\(result)\"")
            }
            return found
        case .change(let change, let input): return change.applied(to: values[input])
        }
    }

    // MARK: Reading

    /// A prompt of some words, one reference and perhaps more words.
    private struct Sentence {
        var before: String
        var input: Int
        var after: String
    }

    private static func sentence(_ segments: [PromptTemplate.Segment]) -> Sentence? {
        switch (segments.first, segments.dropFirst().first, segments.dropFirst(2).first) {
        case (.text(let before)?, .input(let input)?, nil) where segments.count == 2:
            return Sentence(before: before.trimmingSpace(), input: input, after: "")
        case (.text(let before)?, .input(let input)?, .text(let after)?) where segments.count == 3:
            return Sentence(before: before.trimmingSpace(), input: input, after: after.trimmingSpace())
        default: return nil
        }
    }

    private static func rule(_ sentence: Sentence) throws(ModelFailure) -> DemoRule? {
        let verb = sentence.before.lowercased()
        let isWhole = sentence.after.isEmpty || sentence.after == "."
        if isWhole, let change = TextChange.allCases.first(where: { $0.rawValue == verb }) {
            return .change(change, input: sentence.input)
        }
        if isWhole, verb.hasPrefix("extract "), verb.hasSuffix(" from") {
            let what = String(sentence.before.dropFirst("extract ".count).dropLast(" from".count)).trimmingSpace()
            return .extract(try TextPattern(described: what), input: sentence.input)
        }
        if verb == "look up" || verb == "lookup" { return try lookUp(sentence) }
        return nil
    }

    /// `in column A give column B`; names may stand in quotes.
    private static func lookUp(_ sentence: Sentence) throws(ModelFailure) -> DemoRule {
        var words = sentence.after
        if words.hasSuffix(".") { words.removeLast() }
        let lowered = words.lowercased()
        guard lowered.hasPrefix("in column "), lowered.count == words.count, let give = lowered.firstRange(of: " give column ")
        else {
            throw unsupported("a look-up reads: look up {{A}} in column B give column C")
        }
        let offset = lowered.distance(from: lowered.startIndex, to: give.lowerBound)
        let key = String(words.prefix(offset).dropFirst("in column ".count))
        let result = String(words.dropFirst(offset + " give column ".count))
        guard let key = unquoted(key), let result = unquoted(result) else { throw unsupported("a look-up names two columns") }
        return .lookUp(input: sentence.input, key: key, result: result)
    }

    private static func unquoted(_ name: String) -> String? {
        var name = name.trimmingSpace()
        if name.count >= 2, name.first == "\"", name.last == "\"" { name = String(name.dropFirst().dropLast()) }
        return name.isEmpty ? nil : name
    }

    private static func dropping(_ prefix: String, from segments: [PromptTemplate.Segment]) -> [PromptTemplate.Segment] {
        var segments = segments
        if case .text(let text)? = segments.first {
            let rest = String(text.drop(while: \.isWhitespace).dropFirst(prefix.count).drop(while: \.isWhitespace))
            segments[0] = .text(rest)
        }
        return segments
    }

    private static func hasNoLetters(_ segment: PromptTemplate.Segment) -> Bool {
        switch segment {
        case .text(let text): !text.contains { $0.isLetter || $0 == "?" }
        case .input: true
        }
    }
}

extension DemoRule.TextChange {
    func applied(to text: String) -> String {
        switch self {
        case .uppercase: return text.uppercased()
        case .lowercase: return text.lowercased()
        case .trim: return text.trimmingSpace()
        case .length: return String(text.count)
        case .firstWord: return text.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
        case .lastWord: return text.split(whereSeparator: \.isWhitespace).last.map(String.init) ?? ""
        case .titleCase:
            var output = ""
            var isStart = true
            for character in text {
                output += isStart ? character.uppercased() : character.lowercased()
                isStart = character.isWhitespace || character == "-"
            }
            return output
        }
    }
}

extension String {
    /// The text without white space at both ends.
    func trimmingSpace() -> String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
