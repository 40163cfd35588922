/// What an agent's answers have to be. A column's own type guides display; this decides what is asked for, and what is taken.
public enum AnswerType: Hashable, Sendable {
    case text
    case number
    /// Yes or no.
    case boolean
    /// An ISO 8601 date or moment.
    case date
    /// One of these texts.
    case oneOf([String])
    /// Any JSON document.
    case json
    /// A JSON document of this schema.
    case schema(JSONSchema)

    /// What is wrong with a type, and where in it.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// A JSON pointer, as in `/choices/3`.
        public var place: String
        public var reason: String

        public var description: String { reason }
    }

    /// Choices of one type, and characters of each: they go along with every question.
    public static let choices = 100
    public static let choiceCharacters = 200

    /// What an agent answers whose type nobody has chosen: what its column holds.
    public init(_ type: ColumnType) {
        switch type {
        case .text: self = .text
        case .number: self = .number
        case .boolean: self = .boolean
        case .date: self = .date
        case .json: self = .json
        }
    }

    /// Takes choices: 1 to ``choices``, distinct, none of them empty or with white space around it.
    public init(choices: [String]) throws(Failure) {
        guard !choices.isEmpty else { throw Failure(place: "/choices", reason: "name at least one choice") }
        guard choices.count <= Self.choices else {
            throw Failure(place: "/choices", reason: "at most \(Self.choices) choices, found \(choices.count)")
        }
        var seen: Set<String> = []
        for (index, choice) in choices.enumerated() {
            let place = "/choices/\(index)"
            guard let first = choice.first, let last = choice.last else {
                throw Failure(place: place, reason: "a choice is empty")
            }
            guard !first.isWhitespace, !last.isWhitespace, !choice.contains(where: \.isNewline) else {
                throw Failure(place: place, reason: "a choice is one line, without white space around it")
            }
            guard choice.count <= Self.choiceCharacters else {
                throw Failure(place: place, reason: "a choice has at most \(Self.choiceCharacters) characters")
            }
            guard seen.insert(choice).inserted else { throw Failure(place: place, reason: "\"\(choice)\" comes twice") }
        }
        self = .oneOf(choices)
    }

    /// The type in a word, as messages name it.
    public var name: String {
        switch self {
        case .text: "text"
        case .number: "number"
        case .boolean: "boolean"
        case .date: "date"
        case .oneOf: "oneOf"
        case .json, .schema: "json"
        }
    }

    /// What a column holds that takes such answers.
    public var columnType: ColumnType {
        switch self {
        case .text, .oneOf: .text
        case .number: .number
        case .boolean: .boolean
        case .date: .date
        case .json, .schema: .json
        }
    }
}
