package import GridModel

/// Compares a sketch with a sheet: finds the columns, types the values, and says what does not fit. It reads no row and changes nothing.
package struct PlanCheck: Sendable {
    private let columns: [Column]
    private let names: ColumnNames

    /// - Parameter meanings: what the person said that a word means, as a column's name.
    package init(columns: [Column], meanings: [(said: String, column: String)] = []) {
        self.columns = columns
        names = ColumnNames(columns, meanings: meanings)
    }

    /// What a sketch comes to.
    package enum Result: Hashable, Sendable {
        case plan(Plan, notes: [String])
        /// The sketch asks back.
        case question(PlanQuestion)
    }

    /// Checks a sketch, step by step.
    package func result(of sketch: PlanSketch) throws(PlanProblem) -> Result {
        guard sketch.steps.count <= PlanLimits.steps else { throw PlanProblem(.tooManySteps(sketch.steps.count)) }
        for case .ask(let question, let choices) in sketch.steps where !question.trimmingSpace().isEmpty {
            return .question(PlanQuestion(text: question, choices: choices))
        }
        var work = Work()
        for step in sketch.steps { try add(step, to: &work) }
        guard !work.steps.isEmpty else { throw PlanProblem(.nothing) }
        guard work.added.count <= PlanLimits.newColumns else { throw PlanProblem(.tooManyColumns(work.added.count)) }
        return .plan(Plan(steps: Self.joined(work.steps, sketch.match), match: sketch.match), notes: work.notes)
    }

    /// A plan being made.
    private struct Work {
        var steps: [Plan.Step] = []
        var added: [(name: String, type: ColumnType)] = []
        var notes: [String] = []
    }

    private func add(_ step: PlanSketch.Step, to work: inout Work) throws(PlanProblem) {
        switch step {
        case .filter(let said, let operation, let values):
            let column = try names.column(said)
            work.steps.append(.filter(try filter(column, operation, values, &work.notes), isKept: false))
        case .sort(let said, let descending):
            let criterion = SortCriterion(column: try names.column(said).id, descending: descending)
            let isNamed = work.steps.contains {
                if case .sort(let other, _) = $0 { other.column == criterion.column } else { false }
            }
            if !isNamed { work.steps.append(.sort(criterion, isKept: false)) }
        case .addColumn(let name, let type, let fill): try addColumn(name, type, fill, &work)
        case .fillColumn(let said, let fill): try self.fill(said, fill, &work)
        case .ask: break  // without words: nothing to ask
        }
    }

    // MARK: Columns

    private func addColumn(
        _ said: String, _ typeName: String, _ fill: PlanSketch.Fill, _ work: inout Work
    ) throws(PlanProblem) {
        let name = said.trimmingSpace()
        guard (1...Limits.nameCharacters).contains(name.count), name.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) else {
            throw PlanProblem(.nameInvalid(ModelFailure.bounded(name, to: 80)))
        }
        let isTaken = columns.contains { $0.name == name } || work.added.contains { $0.name == name }
        guard !isTaken else { throw PlanProblem(.nameTaken(name)) }
        guard let type = Self.type(typeName) else { throw PlanProblem(.unknownType(ModelFailure.bounded(typeName, to: 40))) }
        work.added.append((name, type))
        work.steps.append(.addColumn(name: name, type: type))
        if !fill.prompt.trimmingSpace().isEmpty {
            work.steps.append(.fillColumn(.added(name), prompt: try prompt(fill, filling: name)))
        }
    }

    private func fill(_ said: String, _ fill: PlanSketch.Fill, _ work: inout Work) throws(PlanProblem) {
        let name = said.trimmingSpace()
        if let added = work.added.first(where: { ColumnNames.folded($0.name) == ColumnNames.folded(name) }) {
            work.steps.append(.fillColumn(.added(added.name), prompt: try prompt(fill, filling: added.name)))
            return
        }
        let column = try names.column(said)
        work.steps.append(.fillColumn(.existing(column.id), prompt: try prompt(fill, filling: column.name)))
    }

    private static func type(_ name: String) -> ColumnType? {
        switch name.lowercased() {
        case "yes/no", "bool", "checkbox": .boolean
        case "string", "": .text
        case "integer", "float", "decimal": .number
        case let other: ColumnType(rawValue: other)
        }
    }

    // MARK: Prompts

    /// The prompt with its references as the sheet writes the names. `{Name}` counts as a reference where a column is called so. A prompt
    /// that refers to none of the columns it is said to need gets them at its end.
    private func prompt(_ fill: PlanSketch.Fill, filling target: String) throws(PlanProblem) -> String {
        let length = fill.prompt.count
        guard length <= PlanLimits.promptCharacters else {
            throw PlanProblem(
                .prompt("the prompt has \(length) characters, and at most \(PlanLimits.promptCharacters) are allowed"))
        }
        var (written, referred) = try withReferences(fill.prompt)
        var needed: [String] = []
        for said in fill.from.prefix(PlanLimits.addedReferences) {
            let name = try names.column(said).name
            if name != target, !needed.contains(name) { needed.append(name) }
        }
        // Not the others where there is one: each column more makes more questions differ.
        if referred.isDisjoint(with: needed) {
            for name in needed { written += "\n\(name): {{\(name)}}" }
            referred.formUnion(needed)
        }
        guard !referred.isEmpty else {
            let choices = columns.filter { $0.name != target }.prefix(PlanLimits.choices).map(\.name)
            throw PlanProblem(.promptWithoutColumn(target: target, choices: choices))
        }
        let id = columns.first { $0.name == target }?.id ?? ColumnID(.max)
        do throws(PromptTemplate.Failure) {
            return try PromptTemplate(written, columns: columns, target: id).source
        } catch {
            throw PlanProblem(.prompt(error.description))
        }
    }

    /// The text with each reference as the sheet writes the name, and those names.
    private func withReferences(_ text: String) throws(PlanProblem) -> (String, Set<String>) {
        var written = ""
        var referred: Set<String> = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            written += rest[..<open]
            let inside = rest[open...].drop { $0 == "{" }
            let braces = rest[open..<inside.startIndex].count
            guard let close = inside.firstIndex(of: "}"), !inside[..<close].contains("{") else {
                written += rest[open..<inside.startIndex]
                rest = inside
                continue
            }
            let said = String(inside[..<close])
            rest = inside[close...].drop { $0 == "}" }
            do throws(PlanProblem) {
                let name = try names.column(said).name
                written += "{{\(name)}}"
                referred.insert(name)
            } catch {
                // Single braces may be the prompt's own words.
                if braces >= 2 { throw error }
                written += "{\(said)}"
            }
        }
        written += rest
        return (written, referred)
    }

    // MARK: Conditions

    private func filter(
        _ column: Column, _ said: String, _ values: [CellValue], _ notes: inout [String]
    ) throws(PlanProblem) -> Filter {
        guard var operation = Self.operation(said) else {
            throw PlanProblem(.unknownOperator(ModelFailure.bounded(said, to: 40)))
        }
        if values.isEmpty {
            // An empty cell equals the empty value, as in the API.
            if operation == .equals { operation = .isEmpty }
            if operation == .notEquals { operation = .isNotEmpty }
        }
        switch operation {
        case .isEmpty, .isNotEmpty, .isFailed, .isStale: return Filter(column: column.id, operation: operation)
        case .equals where values.count > 1, .contains where values.count > 1 && column.type != .text: operation = .oneOf
        case .equals, .notEquals, .contains, .startsWith, .less, .lessOrEqual, .greater, .greaterOrEqual, .oneOf: break
        }
        guard let first = values.first else {
            throw PlanProblem(.valueMissing(column: column.name, operation: operation.rawValue))
        }
        guard operation == .oneOf else {
            return Filter(column: column.id, operation: operation, values: [try value(first, of: column, &notes)])
        }
        var typed: [CellValue] = []
        for given in values.prefix(PlanLimits.values) {
            let value = try value(given, of: column, &notes)
            if !typed.contains(value) { typed.append(value) }
        }
        return Filter(column: column.id, operation: .oneOf, values: typed)
    }

    /// The value as the column holds such values.
    private func value(_ given: CellValue, of column: Column, _ notes: inout [String]) throws(PlanProblem) -> CellValue {
        let text = given.displayText.trimmingSpace()
        let wrong = PlanProblem(
            .valueOfWrongType(column: column.name, type: column.type, value: ModelFailure.bounded(text, to: 60)))
        switch column.type {
        case .number:
            if given.kind == .number { return given }
            guard let number = PlanNumber(text) else { throw wrong }
            if !number.unit.isEmpty {
                notes.append(
                    "\u{201C}\(column.name)\u{201D} says no unit: \(number.json) is compared as it stands, not as \(number.json) \(number.unit)."
                )
            }
            return CellValue(checkedJSON: number.json)
        case .boolean:
            switch text.lowercased() {
            case "true", "yes": return .yes
            case "false", "no": return .no
            default: throw wrong
            }
        case .date:
            // Dates are compared as texts, so a year or a month is a date too.
            let digits = text.prefix(7).allSatisfy { $0.isASCII && ($0.isNumber || $0 == "-") }
            guard ISODate.isValid(text[...]) || (digits && (text.count == 4 || text.count == 7)) else { throw wrong }
            return try self.text(text, wrong)
        case .text, .json: return try self.text(text, wrong)
        }
    }

    private func text(_ text: String, _ wrong: PlanProblem) throws(PlanProblem) -> CellValue {
        guard let value = CellValue(text: text), value.json.utf8.count <= Limits.findBytes else { throw wrong }
        return value
    }

    /// The operation, also by words that models use for it.
    private static func operation(_ said: String) -> Filter.Operation? {
        if let known = Filter.Operation(rawValue: said) { return known }
        switch ColumnNames.folded(said) {
        case "equals", "equal", "is", "=", "==", "eq": return .equals
        case "notequals", "isnot", "not", "!=", "<>", "ne", "neq": return .notEquals
        case "contains", "like", "includes": return .contains
        case "startswith", "beginswith": return .startsWith
        case "isempty", "empty", "isnull": return .isEmpty
        case "isnotempty", "notempty", "isnotnull": return .isNotEmpty
        case "isfailed", "failed": return .isFailed
        case "isstale", "stale": return .isStale
        case "lessthan", "less", "below", "lt": return .less
        case "lessorequal", "atmost", "lte": return .lessOrEqual
        case "greaterthan", "greater", "morethan", "above", "gt": return .greater
        case "greaterorequal", "atleast", "gte": return .greaterOrEqual
        case "oneof", "in", "anyof": return .oneOf
        default: return nil
        }
    }

    /// No cell equals two values at once: such conditions were meant as alternatives.
    private static func joined(_ steps: [Plan.Step], _ match: ViewDefinition.Match) -> [Plan.Step] {
        guard match == .all else { return steps }
        var joined: [Plan.Step] = []
        for step in steps {
            guard case .filter(let filter, let isKept) = step, filter.operation == .equals else {
                joined.append(step)
                continue
            }
            let before = joined.firstIndex { other in
                guard case .filter(let other, _) = other, other.column == filter.column else { return false }
                return other.operation == .equals || other.operation == .oneOf
            }
            guard let before, case .filter(let other, _) = joined[before] else {
                joined.append(step)
                continue
            }
            let values = other.values + filter.values.filter { !other.values.contains($0) }
            joined[before] = .filter(
                Filter(column: filter.column, operation: values.count > 1 ? .oneOf : .equals, values: values), isKept: isKept)
        }
        return joined
    }
}
