import Testing
import Trace
import TraceSynthesis

struct SynthesisTests {
    static let seeds = Array(0..<150)

    @Test func `the same seed gives the same trace, another seed another`() {
        let first = TraceSynthesis.sample(seed: 7, number: 3, inversions: 1)
        let again = TraceSynthesis.sample(seed: 7, number: 3, inversions: 1)
        #expect(first.events == again.events && first.truth == again.truth)
        #expect(first.events != TraceSynthesis.sample(seed: 8, number: 3, inversions: 1).events)
    }

    @Test(arguments: seeds) func `A1: a healthy trace holds no inversion by the definition, and no truth`(number: Int) {
        let made = TraceSynthesis.sample(seed: 1, number: number, inversions: 0)
        #expect(made.truth == nil)
        #expect(NaiveOracle.inversions(NaiveOracle(made.events).writes).isEmpty)
    }

    @Test(arguments: seeds) func `A1: a faulty trace holds one inverted pair, and moving only that response removes it`(
        number: Int
    ) throws {
        let made = TraceSynthesis.sample(seed: 2, number: number, inversions: 1)
        let truth = try #require(made.truth)
        let writes = NaiveOracle(made.events).writes
        let found = NaiveOracle.inversions(writes)
        let first = try #require(found.first)
        #expect(first.write == truth.write && first.key == truth.key && first.late == truth.late)
        #expect(first.overtaken == truth.overtaken)
        #expect(Set(found.map(\.late)) == [truth.late])
        let moved = NaiveOracle.moving(truth.late, before: truth.overtaken, writes)
        #expect(NaiveOracle.inversions(moved).isEmpty)
        #expect(NaiveOracle.state(moved) == NaiveOracle.state(NaiveOracle.inIntentOrder(writes)))
        #expect(NaiveOracle.state(NaiveOracle.moving(truth.late, before: truth.overtaken, moved)) == NaiveOracle.state(moved))
    }

    @Test(arguments: seeds) func `A1: with two inversions the truth is the earlier, and each is cured on its own`(number: Int)
        throws
    {
        let made = TraceSynthesis.sample(seed: 3, number: number, inversions: 2)
        let truth = try #require(made.truth)
        let writes = NaiveOracle(made.events).writes
        let found = NaiveOracle.inversions(writes)
        #expect(Set(found.map(\.late)).count == 2)
        // Lines of several processes may be mixed; then both are in one process, whose own order stands.
        #expect(found.first?.write == truth.write && found.first?.overtaken == truth.overtaken)
        let moved = NaiveOracle.moving(truth.late, before: truth.overtaken, writes)
        #expect(Set(NaiveOracle.inversions(moved).map(\.late)) == Set(found.map(\.late)).subtracting([truth.late]))
    }

    @Test(arguments: seeds) func `the late request has begun before the response that overtakes it is handled`(number: Int)
        throws
    {
        let made = TraceSynthesis.sample(seed: 4, number: number, inversions: 1)
        let truth = try #require(made.truth)
        let begun = try #require(made.events.firstIndex { $0.kind == .start && $0.request == truth.late })
        let handled = try #require(made.events.firstIndex { $0.kind == .deliver && $0.request == truth.overtaken })
        #expect(begun < handled)
    }

    @Test(arguments: seeds)
    func `every request has one start, before everything else of it, and time never goes back in a process`(number: Int) {
        let made = TraceSynthesis.sample(seed: 5, number: number, inversions: number % 3)
        var begun: Set<String> = []
        var delivered: Set<String> = []
        var times: [String: Int64] = [:]
        for event in made.events {
            #expect(event.time >= times[event.process] ?? .min)
            times[event.process] = event.time
            guard !event.request.isEmpty, event.process.hasPrefix("tab") || event.process == "main" else { continue }
            if event.kind == .start {
                let isNew = begun.insert(event.request).inserted
                #expect(isNew)
            } else {
                #expect(begun.contains(event.request))
            }
            if event.kind == .deliver { delivered.insert(event.request) }
            if event.kind == .write { #expect(delivered.contains(event.request)) }
        }
    }

    @Test func `the series holds every shape that was asked for`() {
        var seen: Set<String> = []
        for number in 0..<300 {
            let made = TraceSynthesis.sample(seed: 6, number: number, inversions: number % 3)
            for event in made.events {
                seen.insert("\(event.kind.name)")
                if event.flags.contains(.user) { seen.insert("user") }
                if event.flags.contains(.dropped) { seen.insert("dropped") }
                if event.flags.contains(.guarded) { seen.insert("guarded") }
                if event.flags.contains(.merge) { seen.insert("merge") }
                if !event.from.isEmpty, event.kind == .write { seen.insert("derived") }
                if event.attributes.contains(where: { $0.name == "attempt" }) { seen.insert("retry") }
                if event.kind == .start, event.intent.isEmpty { seen.insert("anonymous") }
            }
            if let truth = made.truth {
                let late = made.events.filter { $0.request == truth.late }
                if late.contains(where: { $0.kind == .cancel }) { seen.insert("cancelled too late") }
                if late.contains(where: { $0.kind == .start && $0.attributes.contains { $0.name == "attempt" } }) {
                    seen.insert("late second attempt")
                }
            }
        }
        let asked = [
            "user", "dropped", "guarded", "merge", "derived", "retry", "anonymous", "cancelled too late", "late second attempt",
            "render", "cancel", "signal", "pending", "slot", "read",
        ]
        #expect(Set(asked).subtracting(seen).isEmpty)
    }

    @Test func `the reader of the format reads what is written, and rejects nothing`() {
        for number in 0..<24 {
            let made = TraceSynthesis.sample(seed: 10, number: number, inversions: number % 3)
            let reading = TraceReader.read(TraceSynthesis.lines(made.events, id: "t"))
            #expect(reading.rejections.count == 0)
            #expect(reading.log.count == made.events.count)
            for (index, event) in made.events.enumerated() {
                #expect(reading.log.kinds[index] == event.kind && reading.log.text(reading.log.keys[index]) == event.key)
                #expect(event.id.isEmpty || reading.log.name(of: index) == event.id)
                #expect(String(decoding: reading.log.value(of: index), as: UTF8.self) == event.value ?? "")
                #expect(reading.log.from(of: index).map(reading.log.text) == event.from)
            }
        }
    }

    @Test func `a series is written as one file a trace and their truths, each line JSON of one event`() {
        var files: [String: String] = [:]
        TraceSynthesis.writeSeries(seed: 9, count: 8) { files[$0] = String(decoding: $1, as: UTF8.self) }
        #expect(files.count == 9)
        #expect(files["truth.jsonl"]?.split(separator: "\n").count == 8)
        #expect(files["truth.jsonl"]?.contains("\"truth\":null") == true)
        let first = files["faulty-0.jsonl"]?.split(separator: "\n") ?? []
        #expect(first.count == TraceSynthesis.sample(seed: 9, number: 0, inversions: 1).events.count + 1)
        #expect(first.allSatisfy { $0.hasPrefix("{\"type\":\"") && $0.hasSuffix("}") })
    }
}
