import GridModel
import Testing

@testable import Enrichment

/// A sketch against a sheet.
struct PlanCheckTests {
    static let check = PlanCheck(columns: WordsWorld.columns)

    static func plan(_ steps: PlanSketch.Step..., match: ViewDefinition.Match = .all) throws -> Plan {
        guard case .plan(let plan, _) = try check.result(of: PlanSketch(steps: steps, match: match)) else {
            return Plan(steps: [])
        }
        return plan
    }

    static func text(_ text: String) -> [CellValue] { CellValue(text: text).map { [$0] } ?? [] }

    static func problem(_ steps: PlanSketch.Step...) -> PlanProblem.Kind? {
        do throws(PlanProblem) {
            _ = try check.result(of: PlanSketch(steps: steps))
            return nil
        } catch {
            return error.kind
        }
    }

    @Test func `a column is found by its exact name, then but for upper case and spaces`() throws {
        for (said, id) in [("elevation", 8), ("Elevation", 8), (" COUNTRY ", 2), ("Time Zone", 6), ("time_zone", 7)] {
            #expect(
                try Self.plan(.sort(column: said, descending: true)).steps
                    == [.sort(SortCriterion(column: ColumnID(UInt32(id)), descending: true), isKept: false)], "\(said)")
        }
    }

    @Test func `a name that several columns may have is asked about, and so is one that none has`() {
        #expect(
            Self.problem(.sort(column: "TIMEZONE", descending: false))
                == .ambiguousColumn("TIMEZONE", choices: ["Time Zone", "time_zone"]))
        guard case .unknownColumn("elev", let choices) = Self.problem(.sort(column: "elev", descending: false)) else {
            Issue.record("elev is no column")
            return
        }
        #expect(choices.prefix(2) == ["Elevation (m)", "elevation"])
        let question = PlanProblem(.unknownColumn("elev", choices: choices)).question
        #expect(question.said == "elev" && question.choices == choices)
    }

    @Test func `what the person said that a word means is taken`() throws {
        let check = PlanCheck(columns: WordsWorld.columns, meanings: [(said: "Height", column: "elevation")])
        #expect(
            try check.result(of: PlanSketch(steps: [.sort(column: "height", descending: false)]))
                == .plan(Plan(steps: [.sort(SortCriterion(column: ColumnID(8)), isKept: false)]), notes: []))
    }

    @Test func `a value is typed by its column`() throws {
        let cases: [(String, [CellValue], String)] = [
            ("elevation", Self.text("500"), "500"), ("elevation", Self.text("1,200.50"), "1200.50"),
            ("elevation", Self.text("-12 m"), "-12"), ("elevation", [CellValue(checkedJSON: "1e3")], "1e3"),
            ("open", Self.text("Yes"), "true"), ("open", [.no], "false"), ("opened", Self.text("2026-11"), "\"2026-11\""),
            ("country", [CellValue(checkedJSON: "7")], "\"7\""),
        ]
        for (column, given, json) in cases {
            guard
                case .filter(let filter, _)? = try Self.plan(.filter(column: column, operation: ">=", values: given)).steps
                    .first
            else { continue }
            #expect(filter.values.map(\.json) == [json], "\(column)")
        }
        for (column, given) in [
            ("elevation", "high"), ("elevation", "1,2"), ("elevation", "5 6"), ("elevation", "--5"), ("elevation", "1.2.3"),
            ("open", "maybe"), ("opened", "last week"),
        ] {
            guard case .valueOfWrongType = Self.problem(.filter(column: column, operation: "equals", values: Self.text(given)))
            else {
                Issue.record("\(given) is no value of \(column)")
                continue
            }
        }
    }

    @Test func `operators are those of views, also by other words`() throws {
        for (said, operation) in [
            ("above", Filter.Operation.greater), ("is", .equals), ("!=", .notEquals), ("at least", .greaterOrEqual),
        ] {
            guard
                case .filter(let filter, _)? = try Self.plan(
                    .filter(column: "country", operation: said, values: Self.text("x"))
                ).steps.first
            else { continue }
            #expect(filter.operation == operation)
        }
        #expect(
            Self.problem(.filter(column: "country", operation: "; drop table", values: Self.text("x")))
                == .unknownOperator("; drop table"))
        #expect(
            Self.problem(.filter(column: "country", operation: "<", values: []))
                == .valueMissing(column: "country", operation: "<"))
    }

    @Test func `equal to nothing is empty, and two equal values of one column are alternatives`() throws {
        #expect(
            try Self.plan(.filter(column: "country", operation: "equals", values: [])).steps == [WordsWorld.filter(2, .isEmpty)]
        )
        let two = ["DE", "FR"].map { PlanSketch.Step.filter(column: "country", operation: "equals", values: Self.text($0)) }
        #expect(try Self.plan(two[0], two[1]).steps == [WordsWorld.filter(2, .oneOf, "\"DE\"", "\"FR\"")])
        #expect(try Self.plan(two[0], two[1], match: .any).steps.count == 2)
    }

    @Test func `a prompt's references are written as the sheet's names, and one there must be`() throws {
        let plan = try Self.plan(
            .addColumn(name: "País", type: "text", fill: .init("Name of {{ Country }} ({country}) in {Portuguese}?")))
        #expect(
            plan.steps == [
                .addColumn(name: "País", type: .text),
                .fillColumn(.added("País"), prompt: "Name of {{country}} ({{country}}) in {Portuguese}?"),
            ])
        let needed = try Self.plan(
            .addColumn(name: "n", type: "text", fill: .init("Which continent?", from: ["Country", "name"])))
        #expect(needed.steps.last == .fillColumn(.added("n"), prompt: "Which continent?\ncountry: {{country}}\nname: {{name}}"))
        let other = try Self.plan(.addColumn(name: "n", type: "text", fill: .init("{{name}}?", from: ["country"])))
        #expect(other.steps.last == .fillColumn(.added("n"), prompt: "{{name}}?\ncountry: {{country}}"))
        let enough = try Self.plan(.addColumn(name: "n", type: "text", fill: .init("{{name}}?", from: ["country", "name"])))
        #expect(enough.steps.last == .fillColumn(.added("n"), prompt: "{{name}}?"))
        guard
            case .promptWithoutColumn("n", _) = Self.problem(.addColumn(name: "n", type: "text", fill: .init("Which country?")))
        else {
            Issue.record("a prompt without a column asks the same for each row")
            return
        }
        #expect(Self.problem(.addColumn(name: "n", type: "text", fill: .init("{{password}}?"))) != nil)
        #expect(Self.problem(.fillColumn(column: "country", fill: .init("{{country}}"))) != nil)
    }

    @Test func `new columns have names of their own, known types, and a bound`() {
        #expect(Self.problem(.addColumn(name: "country", type: "text", fill: .init(""))) == .nameTaken("country"))
        #expect(Self.problem(.addColumn(name: " ", type: "text", fill: .init(""))) == .nameInvalid(""))
        #expect(Self.problem(.addColumn(name: "a", type: "blob", fill: .init(""))) == .unknownType("blob"))
        let five = (0..<5).map { PlanSketch.Step.addColumn(name: "new \($0)", type: "text", fill: .init("")) }
        #expect(throws: PlanProblem(.tooManyColumns(5))) { try Self.check.result(of: PlanSketch(steps: five)) }
        #expect(Self.problem() == .nothing)
    }

    @Test func `a question back ends the plan`() throws {
        let sketch = PlanSketch(steps: [.sort(column: "nonsense", descending: true), .ask(question: "Which?", choices: ["a"])])
        #expect(try Self.check.result(of: sketch) == .question(PlanQuestion(text: "Which?", choices: ["a"])))
    }

    @Test func `conditions on other columns stay, those on the same one are replaced, an order replaces the old one`() throws {
        let current = ViewDefinition(
            filter: [
                Filter(column: ColumnID(2), operation: .equals, values: Self.text("BR")),
                Filter(column: ColumnID(4), operation: .equals, values: [.yes]),
            ], sort: [SortCriterion(column: ColumnID(1))])
        let japan = Plan(steps: [WordsWorld.filter(2, .equals, "\"JP\"")])
        #expect(
            japan.over(current).view
                == ViewDefinition(
                    filter: [current.filter[1], Filter(column: ColumnID(2), operation: .equals, values: Self.text("JP"))],
                    sort: current.sort))
        let sorted = Plan(steps: [.sort(SortCriterion(column: ColumnID(8), descending: true), isKept: false)])
        #expect(sorted.over(current).view.filter == current.filter)
        #expect(sorted.over(current).view.sort == [SortCriterion(column: ColumnID(8), descending: true)])
        // Alternatives cannot be joined with what has to hold besides.
        let any = Plan(steps: japan.steps + [WordsWorld.filter(1, .contains, "\"x\"")], match: .any)
        #expect(any.over(current).view.filter.count == 2)
        let added = Plan(steps: [.addColumn(name: "n", type: .text)])
        #expect(added.over(current) == added)
    }
}
