import GridModel

/// Plans without a model: what rules can read honestly, and nothing that would need knowledge.
///
/// `sort by X [ascending|descending|highest first|...]`, `keep only rows with X above|below|is|contains ... V`, and `and` between them.
enum DemoWords {
    /// What it understands, with a column of the sheet to try it on.
    static func help(_ columns: [Column]) -> PlanQuestion {
        let text = columns.first { $0.type == .text }?.name ?? columns.first?.name ?? "City"
        let number = columns.first { $0.type == .number }?.name ?? text
        return PlanQuestion(
            text: "No model is set up, so only simple sentences are understood. For example:",
            choices: [
                "sort by \(number), highest first", "keep only \(number) above 100", "keep only \(text) is empty",
                "keep only \(text) contains a and \(number) below 100",
            ])
    }

    /// `nil` when a part of the sentence is none of these.
    static func sketch(_ sentence: String) -> PlanSketch? {
        var steps: [PlanSketch.Step] = []
        for part in parts(sentence) {
            guard let step = sorting(part) ?? condition(part) else { return nil }
            steps.append(step)
        }
        return steps.isEmpty ? nil : PlanSketch(steps: steps)
    }

    /// The sentence between `and`, `then`, and full stops, without the words that begin it.
    private static func parts(_ sentence: String) -> [[String]] {
        var parts: [[String]] = [[]]
        for word in sentence.split(whereSeparator: { $0.isWhitespace }) {
            let ends = word.last == "," || word.last == "." || word.last == ";"
            let plain = ends ? String(word.dropLast()) : String(word)
            if ["and", "then", "sort", "order"].contains(plain.lowercased()) { parts.append([]) }
            if !["and", "then"].contains(plain.lowercased()), !plain.isEmpty { parts[parts.count - 1].append(plain) }
        }
        return parts.filter { !$0.isEmpty }
    }

    private static func sorting(_ words: [String]) -> PlanSketch.Step? {
        let low = words.map { $0.lowercased() }
        guard let first = low.first, first == "sort" || first == "order" else { return nil }
        var rest = Array(words.dropFirst())
        if rest.first?.lowercased() == "by" { rest.removeFirst() }
        var isDescending = false
        let last = rest.suffix(2).map { $0.lowercased() }
        if last.count == 2, last[1] == "first" {
            guard let down = direction[last[0]] else { return nil }
            isDescending = down
            rest.removeLast(2)
        } else if let word = rest.last?.lowercased(), ["ascending", "descending", "asc", "desc"].contains(word) {
            isDescending = word.hasPrefix("desc")
            rest.removeLast()
        }
        return rest.isEmpty ? nil : .sort(column: rest.joined(separator: " "), descending: isDescending)
    }

    private static let direction: [String: Bool] = [
        "highest": true, "largest": true, "biggest": true, "newest": true, "latest": true, "most": true, "lowest": false,
        "smallest": false, "oldest": false, "earliest": false, "least": false,
    ]

    /// Longer forms come first.
    private static let relations: [(words: [String], operation: String, takesValue: Bool)] = [
        (["is", "not", "empty"], "isNotEmpty", false), (["is", "empty"], "isEmpty", false), (["is", "not"], "notEquals", true),
        (["is", "above"], ">", true), (["is", "below"], "<", true), (["is", "at", "least"], ">=", true),
        (["is", "at", "most"], "<=", true), (["at", "least"], ">=", true), (["at", "most"], "<=", true),
        (["more", "than"], ">", true), (["less", "than"], "<", true), (["starts", "with"], "startsWith", true),
        (["above"], ">", true), (["over"], ">", true), (["below"], "<", true), (["under"], "<", true),
        (["contains"], "contains", true), (["is"], "equals", true), (["="], "equals", true), ([">="], ">=", true),
        (["<="], "<=", true), ([">"], ">", true), (["<"], "<", true),
    ]

    private static func condition(_ words: [String]) -> PlanSketch.Step? {
        var words = words
        for opening in ["keep", "show", "only", "rows", "where", "with", "whose"] where words.first?.lowercased() == opening {
            words.removeFirst()
        }
        let low = words.map { $0.lowercased() }
        for place in 1..<max(words.count, 1) {
            for relation in relations where low[place...].starts(with: relation.words) {
                let rest = words[(place + relation.words.count)...].joined(separator: " ")
                guard rest.isEmpty != relation.takesValue else { continue }
                let value = CellValue(text: unquoted(rest))
                return .filter(
                    column: words[..<place].joined(separator: " "), operation: relation.operation,
                    values: value.map { [$0] } ?? [])
            }
        }
        return nil
    }

    private static func unquoted(_ text: String) -> String {
        let quotes: Set<Character> = ["\"", "'", "\u{201C}", "\u{201D}"]
        guard text.count > 2, let first = text.first, let last = text.last, quotes.contains(first), quotes.contains(last)
        else { return text }
        return String(text.dropFirst().dropLast())
    }
}
