import Foundation
import GridImage
import GridModel
import Ordering
import Testing

// S6 as its specification has it: Docs/specifications/enrichment.md, whose two tables are read here. The names of the cases are the
// tables' first columns, so that neither can grow without the other.

private enum Structure: String, CaseIterable {
    case untouched = "nothing changed"
    case rowDeleted = "row deleted"
    case columnDeleted = "column deleted"
    case sheetDeleted = "sheet deleted"
    case rowMoved = "row moved"
    case columnRenamed = "column renamed"
    case columnRetyped = "column retyped"
    case columnRetypedAndBack = "column retyped and back"
    case promptChanged = "agent's prompt changed"
    case inputRenamed = "input renamed"
    case inputRetyped = "input retyped"
    case inputDeleted = "input deleted"
    case otherColumnDeleted = "another column deleted"
}

extension Structure {
    /// What a cell that is gone still answers is nobody's concern.
    fileprivate var removesCell: Bool { self == .rowDeleted || self == .columnDeleted || self == .sheetDeleted }
}

/// What happened to the target, or to the input.
private enum Happening: String, CaseIterable {
    case untouched = "not touched"
    case edited = "edited by a person"
    case cleared = "cleared by a person"
    case putBack = "edited and put back by a person"
    case setToTheSame = "set by a person to what it was"
    case otherRun = "answered by another run"
    case program = "written by a program"
    case importer = "written by an import"
    case thisRun = "answered by this run"
    case otherCell = "another cell of the row edited"
    case marked = "marked"
}

private enum Timing: CaseIterable {
    /// In commits before the answer's.
    case earlier
    /// In the answer's commit, before it.
    case together
}

/// What the specification says of one name: its further columns.
private struct Specification {
    var structure: [String: [String]] = [:]
    var happening: [String: [String]] = [:]

    init() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Docs/specifications/enrichment.md")
        var table = ""
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false) {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard line.hasPrefix("| "), let name = cells.first else {
                if !line.hasPrefix("|") { table = "" }
                continue
            }
            let rest = Array(cells.dropFirst())
            switch (table, name) {
            case ("", _): table = name
            case ("structure", _): structure[name] = rest
            case ("target or input", _): happening[name] = rest
            default: break
            }
        }
    }

    /// The specification's three questions, in its order.
    func verdict(_ a: Structure, target b: Happening, input c: Happening) -> ChangeResult? {
        guard let structure = structure[a.rawValue], let target = happening[b.rawValue], let input = happening[c.rawValue]
        else {
            return nil
        }
        if structure.first == "no" { return .inputsChanged }
        if target.first == "yes" { return .keptAsSuggestion }
        return structure.last == "no" || input.first == "yes" ? .inputsChanged : .done
    }
}

/// One cell with one input, and what happened to both after the answer's base.
private struct Race {
    static let (input, target, other) = (ColumnID(1), ColumnID(2), ColumnID(3))
    static let row = RowID(1)
    static let run = Cause(kind: .agent, run: RunID(1))

    var log = Log.with(columns: ["In", "Out", "Other"], rows: 2)
    let base: Revision

    init() {
        log.commit(.setColumnAgent(column: Self.target, agent: AgentSettings(prompt: "Of {{In}}?")))
        // So that a sheet may be deleted.
        log.commit(.addSheet(name: "Second"))
        base = log.image.revision
    }

    func set(_ column: ColumnID, _ value: String?, _ cause: Cause = .person) -> (Cause, Change) {
        (cause, .setCell(row: Self.row, column: column, value: value.flatMap(CellValue.init(text:)), ifRevision: nil))
    }

    func answered(_ column: ColumnID, _ cause: Cause) -> (Cause, Change) {
        (cause, .answerCell(row: Self.row, column: column, value: CellValue(text: "earlier"), base: base, inputs: []))
    }

    func steps(_ structure: Structure) -> [Change] {
        let deleted = Change.deleteRows(sheet: Log.sheet, rows: [Self.row])
        return switch structure {
        case .untouched: []
        case .rowDeleted: [deleted]
        case .columnDeleted: [.deleteColumn(column: Self.target)]
        case .sheetDeleted: [.deleteSheet(sheet: Log.sheet)]
        case .rowMoved: [.moveRows(sheet: Log.sheet, rows: [Self.row], position: .last)]
        case .columnRenamed: [.renameColumn(column: Self.target, name: "Result")]
        case .columnRetyped: [.retypeColumn(column: Self.target, type: .number)]
        case .columnRetypedAndBack:
            [.retypeColumn(column: Self.target, type: .number), .retypeColumn(column: Self.target, type: .text)]
        case .promptChanged: [.setColumnAgent(column: Self.target, agent: AgentSettings(prompt: "Quite else: {{In}}"))]
        case .inputRenamed: [.renameColumn(column: Self.input, name: "Source")]
        case .inputRetyped: [.retypeColumn(column: Self.input, type: .json)]
        case .inputDeleted: [.deleteColumn(column: Self.input)]
        case .otherColumnDeleted: [.deleteColumn(column: Self.other)]
        }
    }

    /// - Parameter was: what the cell holds at the base.
    func steps(_ happening: Happening, _ column: ColumnID, was: String) -> [(Cause, Change)] {
        switch happening {
        case .untouched: []
        case .edited: [set(column, "mine")]
        case .cleared: [set(column, nil)]
        case .putBack: [set(column, "mine"), set(column, was)]
        case .setToTheSame: [set(column, was)]
        case .otherRun: [answered(column, Cause(kind: .agent, run: RunID(2)))]
        case .program: [set(column, "theirs", Cause(kind: .program))]
        case .importer: [set(column, "theirs", Cause(kind: .importer))]
        case .thisRun: [answered(column, Self.run)]
        case .otherCell: [set(Self.other, "beside")]
        case .marked: [(.person, .markCell(row: Self.row, column: column, mark: .failed(reason: "gave up")))]
        }
    }

    func steps(target: Happening, input: Happening) -> [(Cause, Change)] {
        steps(target, Self.target, was: "Out-1") + steps(input, Self.input, was: "In-1")
    }

    /// Everything, then the answer: what it came to.
    mutating func run(_ structure: Structure, target: Happening, input: Happening, _ timing: Timing) -> ChangeResult? {
        var commands: [Command] = []
        func add(_ cause: Cause, _ change: Change) {
            commands.append(
                Command(intent: IntentID(high: 9, low: UInt64(commands.count)), cause: cause, changes: [change]))
        }
        for (cause, change) in steps(target: target, input: input) { add(cause, change) }
        for change in steps(structure) { add(.person, change) }
        if timing == .earlier {
            for command in commands { log.commit([command]) }
            commands = []
        }
        add(
            Self.run,
            .answerCell(
                row: Self.row, column: Self.target, value: CellValue(text: "answer"), base: base, inputs: [Self.input],
                type: .text))
        return (try? log.commit(commands).last?.get())?.first
    }
}

@Suite("S6: the person wins") struct PersonWinsTests {
    @Test("S6: the specification names every case, and no other")
    func complete() throws {
        let written = try Specification()
        #expect(Set(written.structure.keys) == Set(Structure.allCases.map(\.rawValue)))
        #expect(Set(written.happening.keys) == Set(Happening.allCases.map(\.rawValue)))
    }

    @Test("S6: what becomes of an answer is what the specification says, for every target, input, structure and timing")
    func table() throws {
        let written = try Specification()
        var tried = 0
        for structure in Structure.allCases {
            for target in Happening.allCases {
                for input in Happening.allCases {
                    for timing in Timing.allCases {
                        let expected = written.verdict(structure, target: target, input: input)
                        check(expected, structure, target: target, input: input, timing)
                        tried += 1
                    }
                }
            }
        }
        #expect(tried == 13 * 11 * 11 * 2)
    }

    private func check(
        _ expected: ChangeResult?, _ structure: Structure, target: Happening, input: Happening, _ timing: Timing
    ) {
        var race = Race()
        var without = race
        let result = race.run(structure, target: target, input: input, timing)
        let name: Comment = "structure: \(structure.rawValue), target: \(target.rawValue), inputs: \(input.rawValue), \(timing)"
        #expect(result == expected, name)
        // What the cell would hold without this answer.
        for (cause, change) in without.steps(target: target, input: input) { without.log.commit(change, cause: cause) }
        let left = without.log.image.value(row: Race.row, column: Race.target)
        let value = race.log.image.value(row: Race.row, column: Race.target)
        let entry = try? race.log.image.history(row: Race.row, column: Race.target, limit: 1, records: race.log.reader).first
        switch expected {
        case .done: #expect(value == text("answer"), name)
        case .keptAsSuggestion:
            #expect(value == left, name)
            #expect(entry?.kind == .suggestion && entry?.new == text("answer"), name)
        case .inputsChanged:
            #expect(value == left || structure.removesCell && value != text("answer"), name)
            #expect(entry?.kind != .suggestion, name)
        case .rows, .column, .sheet, .view, nil: Issue.record(name)
        }
    }
}
