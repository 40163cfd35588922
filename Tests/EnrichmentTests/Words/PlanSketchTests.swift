import GridModel
import Testing

@testable import Enrichment

/// Reading what a model answered: never a trap, never a half of it.
struct PlanSketchTests {
    @Test func `all kinds of steps are read, in order`() throws {
        let sketch = try PlanSketch(
            answer: WordsWorld.plan(
                WordsWorld.japan + #","#
                    + #"{"step":"filter","column":"c","op":"oneOf","value":["a",2]},{"step":"sort","column":"e","direction":"descending"},"#
                    + #"{"step":"addColumn","name":"n","type":"text","prompt":"p {{c}}"},{"step":"fillColumn","column":"x","prompt":"q"},"#
                    + #"{"step":"ask","question":"Which?","choices":["a"]}"#, match: "any"))
        #expect(sketch.match == .any)
        #expect(
            sketch.steps == [
                .filter(column: "country", operation: "equals", values: [CellValue(checkedJSON: "\"JP\"")]),
                .filter(
                    column: "c", operation: "oneOf", values: [CellValue(checkedJSON: "\"a\""), CellValue(checkedJSON: "2")]),
                .sort(column: "e", descending: true), .addColumn(name: "n", type: "text", fill: .init("p {{c}}")),
                .fillColumn(column: "x", fill: .init("q")), .ask(question: "Which?", choices: ["a"]),
            ])
    }

    @Test(arguments: ["```json\n%\n```", "<think>hm {\"steps\":[]}</think>\n%", "  %\n"])
    func `a fence, thoughts and white space around a plan do not count`(_ form: String) throws {
        let plan = WordsWorld.plan(WordsWorld.japan)
        #expect(try PlanSketch(answer: form.replacing("%", with: plan)) == PlanSketch(answer: plan))
    }

    @Test(arguments: [
        "", "Sure! Here is the plan:", "[]", "{", "{\"steps\":7}", "{\"steps\":[{\"step\":\"deleteRows\"}]}",
        "{\"steps\":[{\"column\":\"a\"}]}", "{\"steps\":[{\"step\":\"sort\",\"step\":\"sort\"}]}",
        "{\"steps\":[\"sort\"]}", "{\"steps\":[{\"step\":{}}]}", "{\"steps\":[]} and more",
    ])
    func `what is not a plan is refused with the reason`(_ answer: String) {
        #expect(throws: PlanProblem.self) { try PlanSketch(answer: answer) }
    }

    @Test func `S8: bytes, steps and depth are bounded`() {
        let huge = WordsWorld.plan("{\"step\":\"sort\",\"column\":\"\(String(repeating: "x", count: 40_000))\"}")
        #expect(throws: PlanProblem(.tooLong(bytes: huge.utf8.count))) { try PlanSketch(answer: huge) }
        let many = WordsWorld.plan(Array(repeating: WordsWorld.japan, count: 17).joined(separator: ","))
        #expect(throws: PlanProblem(.tooManySteps(17))) { try PlanSketch(answer: many) }
        let deep = String(repeating: "[", count: 5_000) + String(repeating: "]", count: 5_000)
        #expect(throws: PlanProblem.self) { try PlanSketch(answer: "{\"other\":\(deep),\"steps\":[]}") }
    }

    @Test func `any bytes at all are read or refused, and no plan of them passes its check unread`() {
        let whole = Array(
            WordsWorld.plan(WordsWorld.japan + #",{"step":"addColumn","name":"n","type":"text","prompt":"{{country}}"}"#).utf8)
        for seed in 0..<3_000 {
            var random = SplitMix(seed: UInt64(seed))
            var bytes = whole
            for _ in 0..<(1 + Int(random.fraction() * 8)) {
                let place = Int(random.fraction() * Double(bytes.count))
                switch Int(random.fraction() * 3) {
                case 0: bytes[place] = UInt8(random.fraction() * 256)
                case 1: bytes.remove(at: place)
                default: bytes.insert(bytes[Int(random.fraction() * Double(bytes.count))], at: place)
                }
            }
            guard let sketch = try? PlanSketch(answer: String(decoding: bytes, as: UTF8.self)) else { continue }
            guard case .plan(let plan, _)? = try? PlanCheck(columns: WordsWorld.columns).result(of: sketch) else { continue }
            #expect(plan.steps.count <= 2 * PlanLimits.steps, "seed \(seed)")
            #expect(plan.view.columns.allSatisfy { id in WordsWorld.columns.contains { $0.id == id } }, "seed \(seed)")
        }
    }
}
