package import GridModel

/// Why a sketch is not a plan for this sheet. The words go to the model, which is asked once more, and then to the person.
package struct PlanProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// The answer is not a JSON plan.
        case notJSON(String)
        case tooLong(bytes: Int)
        case tooManySteps(Int)
        /// No step at all.
        case nothing
        /// No column has that name; with the names to choose from, the likeliest first.
        case unknownColumn(String, choices: [String])
        /// Several columns have that name but for upper case and spaces.
        case ambiguousColumn(String, choices: [String])
        case unknownOperator(String)
        case valueMissing(column: String, operation: String)
        /// The value is not what the column holds.
        case valueOfWrongType(column: String, type: ColumnType, value: String)
        /// No row has such a value; with some that there are.
        case noSuchValue(column: String, value: String, samples: [String])
        case nameTaken(String)
        case nameInvalid(String)
        case unknownType(String)
        /// A prompt that no row differs by.
        case promptWithoutColumn(target: String, choices: [String])
        case prompt(String)
        case tooManyColumns(Int)
    }

    package var kind: Kind

    package init(_ kind: Kind) { self.kind = kind }

    package var description: String {
        switch kind {
        case .notJSON(let reason): "the answer is not a plan: \(reason)"
        case .tooLong(let bytes): "the plan has \(bytes) bytes, and at most \(PlanLimits.answerBytes) are read"
        case .tooManySteps(let count): "the plan has \(count) steps, and at most \(PlanLimits.steps) are allowed"
        case .nothing: "the plan has no step"
        case .unknownColumn(let said, _): "there is no column \"\(said)\""
        case .ambiguousColumn(let said, let choices): "\"\(said)\" may be \(Self.list(choices))"
        case .unknownOperator(let said):
            "\"\(said)\" is no condition; one of \(Filter.Operation.allCases.map(\.rawValue).joined(separator: ", ")) is"
        case .valueMissing(let column, let operation): "the condition \(operation) on \"\(column)\" has no value"
        case .valueOfWrongType(let column, let type, let value):
            "\"\(column)\" holds \(Self.words(type)), and \"\(value)\" is none"
        case .noSuchValue(let column, let value, let samples):
            "no row has \"\(value)\" in \"\(column)\"; values there look like \(Self.list(samples))"
        case .nameTaken(let name): "there is a column \"\(name)\" already"
        case .nameInvalid(let name): "\"\(name)\" is no name for a column: 1 to \(Limits.nameCharacters) characters"
        case .unknownType(let type): "\"\(type)\" is no type; text, number, boolean, date and json are"
        case .promptWithoutColumn(let target, let choices):
            "the prompt that fills \"\(target)\" names no column: write {{\(choices.first ?? "column")}} where the row's value belongs"
        case .prompt(let reason): reason
        case .tooManyColumns(let count): "the plan adds \(count) columns, and at most \(PlanLimits.newColumns) are allowed"
        }
    }

    /// What to ask the person when the model did not find out either.
    package var question: PlanQuestion {
        switch kind {
        case .unknownColumn(let said, let choices), .ambiguousColumn(let said, let choices):
            PlanQuestion(text: "Which column do you mean by \u{201C}\(said)\u{201D}?", choices: choices, said: said)
        case .promptWithoutColumn(let target, let choices):
            PlanQuestion(text: "From which column should \u{201C}\(target)\u{201D} be filled?", choices: choices)
        case .valueMissing(let column, _), .valueOfWrongType(let column, _, _):
            PlanQuestion(text: "Which value of \u{201C}\(column)\u{201D} do you mean? \(sentence)", choices: [])
        case .notJSON, .tooLong, .tooManySteps, .nothing, .unknownOperator, .noSuchValue, .nameTaken, .nameInvalid,
            .unknownType,
            .prompt, .tooManyColumns:
            PlanQuestion(
                text: "No plan came of that (\(self)). Say it in other words: which rows, in which order, or which new column?",
                choices: [])
        }
    }

    /// The description as a sentence of its own.
    package var sentence: String { description.prefix(1).uppercased() + description.dropFirst() + "." }

    private static func list(_ texts: [String]) -> String { texts.map { "\"\($0)\"" }.joined(separator: ", ") }

    private static func words(_ type: ColumnType) -> String {
        switch type {
        case .text: "texts"
        case .number: "numbers"
        case .boolean: "yes or no"
        case .date: "dates like 2026-11-22"
        case .json: "JSON"
        }
    }
}

/// A question back to the person. An answer comes with the same sentence again.
package struct PlanQuestion: Hashable, Sendable {
    package var text: String
    /// What may be answered; empty for anything.
    package var choices: [String]
    /// The words that the answer says the column of.
    package var said: String?

    package init(text: String, choices: [String], said: String? = nil) {
        self.text = ModelFailure.bounded(text, to: PlanLimits.questionCharacters)
        self.choices = choices.prefix(PlanLimits.choices).map { ModelFailure.bounded($0, to: PlanLimits.questionCharacters) }
        self.said = said
    }
}
