package import GridModel
import Wire

/// A plan as somebody proposed it: columns by the names that were said, nothing compared with a sheet yet.
///
/// `{"steps":[{"step":"filter","column":"country","op":"equals","value":"JP"}],"match":"all"}`. What is not one of these steps is
/// refused; members that are not known are stepped over, because nothing is done with them.
package struct PlanSketch: Hashable, Sendable {
    /// One step.
    package enum Step: Hashable, Sendable {
        case filter(column: String, operation: String, values: [CellValue])
        case sort(column: String, descending: Bool)
        /// With a prompt, the new column is filled too.
        case addColumn(name: String, type: String, fill: Fill)
        case fillColumn(column: String, fill: Fill)
        /// A question back to the person.
        case ask(question: String, choices: [String])
    }

    /// What a column is filled by.
    package struct Fill: Hashable, Sendable {
        /// The columns that it needs, as they were said: small models choose them well, and forget to refer to them.
        package var from: [String]
        package var prompt: String

        package init(_ prompt: String, from: [String] = []) {
            self.prompt = prompt
            self.from = from
        }
    }

    package var steps: [Step]
    package var match: ViewDefinition.Match

    package init(steps: [Step], match: ViewDefinition.Match = .all) {
        self.steps = steps
        self.match = match
    }

    /// Reads what a model answered: one JSON document, perhaps in a code fence or after its thoughts.
    package init(answer: String) throws(PlanProblem) {
        guard answer.utf8.count <= PlanLimits.answerBytes else { throw PlanProblem(.tooLong(bytes: answer.utf8.count)) }
        let text = AnswerReader.document(in: answer)
        guard text.first == "{" else { throw PlanProblem(.notJSON("it begins with \"\(text.prefix(20))\"")) }
        var sketch = PlanSketch(steps: [])
        var steps = 0
        do throws(WireError) {
            try WireReader.read(Array(text.utf8)) { (reader) throws(WireError) in
                try reader.object { (name, reader) throws(WireError) in
                    switch name {
                    case "steps":
                        try reader.array { (reader) throws(WireError) in
                            steps += 1
                            let step = try Step(&reader)
                            if steps <= PlanLimits.steps { sketch.steps.append(step) }
                        }
                    case "match": sketch.match = try reader.string() == "any" ? .any : .all
                    default: _ = try reader.skipValue()
                    }
                }
            }
        } catch {
            throw PlanProblem(.notJSON(ModelFailure.bounded(error.description, to: 160)))
        }
        guard steps <= PlanLimits.steps else { throw PlanProblem(.tooManySteps(steps)) }
        self = sketch
    }
}

extension PlanSketch.Step {
    /// The members of all kinds of steps.
    private struct Members {
        var kind: String?
        var column = ""
        var operation = ""
        var values: [CellValue] = []
        var direction = ""
        var name = ""
        var type = "text"
        var fill = PlanSketch.Fill("")
        var question = ""
        var choices: [String] = []

        mutating func read(_ member: String, _ reader: inout WireReader) throws(WireError) {
            switch member {
            case "step": kind = try reader.string()
            case "column": column = try reader.string()
            case "op": operation = try reader.string()
            case "value": values = try Self.values(&reader)
            case "direction": direction = try reader.string()
            case "name": name = try reader.string()
            case "type": type = try reader.string()
            case "from": fill.from = try reader.list { (reader) throws(WireError) in try reader.string() }
            case "prompt": fill.prompt = try reader.takeNull() ? "" : try reader.string()
            case "question": question = try reader.string()
            case "choices": choices = try reader.list { (reader) throws(WireError) in try reader.string() }
            default: _ = try reader.skipValue()
            }
        }

        private static func values(_ reader: inout WireReader) throws(WireError) -> [CellValue] {
            guard reader.comes("[") else { return try reader.cellValue().map { [$0] } ?? [] }
            return try reader.list { (reader) throws(WireError) in try reader.cellValue() }.compactMap { $0 }
        }
    }

    init(_ reader: inout WireReader) throws(WireError) {
        var members = Members()
        try reader.object { (name, reader) throws(WireError) in try members.read(name, &reader) }
        switch members.kind {
        case "filter":
            self = .filter(column: members.column, operation: members.operation, values: members.values)
        case "sort": self = .sort(column: members.column, descending: members.direction.lowercased().hasPrefix("desc"))
        case "addColumn": self = .addColumn(name: members.name, type: members.type, fill: members.fill)
        case "fillColumn": self = .fillColumn(column: members.column, fill: members.fill)
        case "ask": self = .ask(question: members.question, choices: members.choices)
        case let other:
            let kinds = "filter, sort, addColumn, fillColumn or ask"
            throw reader.failure("a step is \(kinds), not \"\((other ?? "").prefix(40))\"")
        }
    }
}

/// The bounds of a turn (S8), each with its reason.
package enum PlanLimits {
    /// Characters of what a person says: some sentences.
    package static let sentenceCharacters = 2_000
    /// Answers to questions back that come with a sentence, and characters of each.
    package static let answers = 8
    package static let answerCharacters = 500
    /// Bytes of a model's answer: far above the longest good plan.
    package static let answerBytes = 32_768
    /// Tokens of a model's answer.
    package static let answerTokens = 600
    /// Steps of a plan: more cannot be read before accepting.
    package static let steps = 16
    /// Columns that one plan adds.
    package static let newColumns = 4
    /// Characters of a prompt that a model wrote.
    package static let promptCharacters = 2_000
    /// Values of one condition.
    package static let values = 50
    /// Columns that a prompt gets references to when it has none itself.
    package static let addedReferences = 6
    /// Choices beside a question, and characters of a question or choice.
    package static let choices = 12
    package static let questionCharacters = 300
    /// Columns that are told with their values; of more only the names are.
    package static let describedColumns = 60
    /// Columns whose names are told: of more, what a model can say is a matter of luck.
    package static let toldColumns = 400
    /// Values told of a column, and characters of each.
    package static let samples = 3
    package static let sampleCharacters = 40
    /// Rows looked at for them, spread over the sheet.
    package static let sampledRows = 64
}
