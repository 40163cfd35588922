package import GridModel

/// An agent's prompt, read once: text with references to columns, written `{{Column name}}`.
///
/// White space just inside the braces does not count. Braces that do not pair up are text. The columns referred to are the inputs
/// of every answer (S6).
package struct PromptTemplate: Hashable, Sendable {
    /// A stretch of the prompt.
    package enum Segment: Hashable, Sendable {
        case text(String)
        /// That row's value of a column; the number counts within `inputs`.
        case input(Int)
    }

    /// A column that the prompt refers to.
    package struct Input: Hashable, Sendable {
        package var column: ColumnID
        package var name: String
    }

    /// What is wrong with a prompt, in words for the person who wrote it.
    package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// Nothing but white space.
        case empty
        /// Longer than `Limits.promptCharacters`.
        case tooLong(characters: Int)
        /// A reference to a column that is not there, with up to three names that resemble it.
        case unknownColumn(name: String, nearest: [String])
        /// The prompt refers to the column that its answers would fill.
        case refersToItself(name: String)

        package var description: String {
            switch self {
            case .empty: "the prompt is empty: write what the agent should find out for each row"
            case .tooLong(let characters):
                "the prompt has \(characters) characters, and at most \(Limits.promptCharacters) are allowed"
            case .unknownColumn(let name, let nearest):
                "there is no column \"\(name)\""
                    + (nearest.isEmpty ? "" : "; did you mean " + nearest.map { "\"\($0)\"" }.joined(separator: " or ") + "?")
            case .refersToItself(let name): "the prompt refers to \"\(name)\", the column that its answers fill"
            }
        }
    }

    /// The prompt as it was written.
    package let source: String
    package let segments: [Segment]
    /// Each column referred to, once, in order of first mention.
    package let inputs: [Input]

    /// Reads a prompt whose answers fill `target`. O(length of the prompt).
    package init(_ source: String, columns: [Column], target: ColumnID) throws(Failure) {
        guard source.count <= Limits.promptCharacters else { throw .tooLong(characters: source.count) }
        guard source.contains(where: { !$0.isWhitespace }) else { throw .empty }
        var segments: [Segment] = []
        var inputs: [Input] = []
        var text = ""
        var rest = source[...]
        while let mention = Self.nextMention(in: rest) {
            text += rest[..<mention.open]
            let column = try Self.column(named: mention.name, among: columns)
            guard column.id != target else { throw .refersToItself(name: column.name) }
            if !text.isEmpty { segments.append(.text(text)) }
            text = ""
            if let known = inputs.firstIndex(where: { $0.column == column.id }) {
                segments.append(.input(known))
            } else {
                segments.append(.input(inputs.count))
                inputs.append(Input(column: column.id, name: column.name))
            }
            rest = rest[mention.end...]
        }
        text += rest
        if !text.isEmpty { segments.append(.text(text)) }
        self.source = source
        self.segments = segments
        self.inputs = inputs
    }

    /// The prompt for one row; `values` has one text an input, empty for an empty cell.
    package func rendered(_ values: [String]) -> String {
        var output = ""
        for segment in segments {
            switch segment {
            case .text(let text): output += text
            case .input(let index): output += index < values.count ? values[index] : ""
            }
        }
        return output
    }

    // MARK: Reading

    /// The next `{{name}}`: where it opens, what it names, where it ends.
    private static func nextMention(in text: Substring) -> (open: String.Index, name: String, end: String.Index)? {
        var search = text
        while let open = firstPair("{", in: search) {
            var start = text.index(open, offsetBy: 2)
            // "{{{a}}": the reference opens at the last two braces.
            var opening = open
            while start < text.endIndex, text[start] == "{" {
                opening = text.index(after: opening)
                start = text.index(after: start)
            }
            guard let close = firstPair("}", in: text[start...]) else { return nil }
            let name = trimmed(text[start..<close])
            let end = text.index(close, offsetBy: 2)
            if !name.isEmpty, !name.contains("\n") { return (opening, String(name), end) }
            search = text[start...]
        }
        return nil
    }

    private static func firstPair(_ brace: Character, in text: Substring) -> String.Index? {
        var index = text.startIndex
        while index < text.endIndex {
            let next = text.index(after: index)
            if text[index] == brace, next < text.endIndex, text[next] == brace { return index }
            index = next
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    private static func column(named name: String, among columns: [Column]) throws(Failure) -> Column {
        // Exactly as the grid reads references when it marks cells stale and when a column is renamed.
        if let column = columns.first(where: { $0.name == name }) { return column }
        throw .unknownColumn(name: name, nearest: nearest(to: name.lowercased(), among: columns.map(\.name)))
    }

    /// Up to three names within a third of the name's length in edits, the nearest first.
    private static func nearest(to name: String, among names: [String]) -> [String] {
        let wanted = Array(name.prefix(Limits.nameCharacters))
        let most = max(2, wanted.count / 3)
        return names.enumerated()
            .map { (edits: editDistance(wanted, Array($0.element.lowercased())), order: $0.offset, name: $0.element) }
            .filter { $0.edits <= most }
            .sorted { ($0.edits, $0.order) < ($1.edits, $1.order) }
            .prefix(3).map(\.name)
    }

    /// Levenshtein's distance, one row of the table at a time.
    private static func editDistance(_ a: [Character], _ b: [Character]) -> Int {
        var row = Array(0...b.count)
        for (i, character) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in b.enumerated() {
                let replaced = diagonal + (character == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
