import Testing

@testable import HistoryCheck

func history(_ text: String, failedCas: FailedCas = .mismatch) throws(HistoryInputError) -> History {
    var reader = HistoryReader(failedCas: failedCas)
    try reader.read(text.utf8)
    return try reader.finish()
}

@Suite("Linearizability")
struct LinearizabilityTests {
    /// What the brute force sees of the events.
    static func operations(_ events: [GeneratedHistory.Event]) -> [BruteForce.Operation] {
        var found: [BruteForce.Operation] = []
        var open: [Int: Int] = [:]
        for (position, event) in events.enumerated() {
            if event.phase == .invoke {
                open[event.process] = found.count
                let effect: BruteForce.Operation.Effect =
                    switch event.kind {
                    case .read: .read(-1)
                    case .write: .write(event.value ?? -1)
                    case .cas: .cas(event.value ?? -1, event.second)
                    }
                found.append(BruteForce.Operation(effect: effect, invoked: position))
                continue
            }
            guard let index = open.removeValue(forKey: event.process) else { continue }
            switch (event.kind, event.phase) {
            case (.read, .ok): found[index].effect = .read(event.value)
            case (.cas, .fail): found[index].effect = .differs(event.value)
            case (.write, .fail): found[index].invoked = -1
            default: break
            }
            if event.phase == .ok || event.phase == .fail { found[index].completed = position }
        }
        return found.filter { operation in
            if operation.invoked < 0 { return false }
            if operation.completed == nil, case .read = operation.effect { return false }
            return true
        }
    }

    static func compare(_ events: [GeneratedHistory.Event], seed: UInt64) throws -> Bool {
        let text = String(decoding: GeneratedHistory.log(events), as: UTF8.self)
        let history = try history(text)
        let expected = BruteForce.isLinearizable(operations(events)) ? HistoryAnswer.valid : .invalid
        var check = LinearizabilityCheck(history)
        let found = check.run()
        #expect(found.answer == expected, "seed \(seed)\n\(text)\(found.findings.flatMap(\.sentences))")
        var search = LinearizabilityCheck(history, forcesSearch: true)
        let searched = search.run()
        #expect(searched.answer == expected, "search, seed \(seed)\n\(text)\(searched.findings.flatMap(\.sentences))")
        return expected == .valid
    }

    @Test(
        "The answer is the one of trying every order: seeded histories of registers, with lies and crashes",
        arguments: [(0, 0), (3, 0), (0, 300), (3, 300), (2, 500)])
    func seeded(values: Int, swaps: Int) throws {
        var valid = 0
        let count = 1_500
        for seed in 0..<UInt64(count) {
            var shape = GeneratedHistory.Shape(operations: 6, clients: 3)
            shape.values = values
            shape.swaps = swaps
            shape.crashes = seed % 3 == 0 ? 200 : 0
            shape.failures = seed % 4 == 0 ? 150 : 0
            shape.lies = seed % 2 == 0 ? 250 : 0
            if try Self.compare(GeneratedHistory.events(shape, seed: seed), seed: seed) { valid += 1 }
        }
        #expect(valid > count / 3 && valid < count * 19 / 20, "\(valid) of \(count) are valid: the mix tests little")
    }

    @Test("The answer is the one of trying every order: all histories of three operations")
    func exhaustive() throws {
        typealias Event = GeneratedHistory.Event
        let choices: [(Event, Event)] =
            [0, 1, 2].map { value in
                (
                    Event(process: 0, phase: .invoke, kind: .read),
                    Event(process: 0, phase: .ok, kind: .read, value: value == 0 ? nil : value)
                )
            }
            + [(1, .ok), (2, .ok), (1, .info), (2, .fail)].map { (value: Int, phase: GeneratedHistory.Phase) in
                (
                    Event(process: 0, phase: .invoke, kind: .write, value: value),
                    Event(process: 0, phase: phase, kind: .write, value: value)
                )
            }
        let orders = Self.orders([0, 1, 2])
        #expect(orders.count == 15)
        for order in orders {
            for number in 0..<choices.count * choices.count * choices.count {
                let picked = [number, number / choices.count, number / choices.count / choices.count].map {
                    choices[$0 % choices.count]
                }
                var begun: Set<Int> = []
                let events = order.map { operation -> Event in
                    var event = begun.insert(operation).inserted ? picked[operation].0 : picked[operation].1
                    event.process = operation
                    return event
                }
                _ = try Self.compare(events, seed: UInt64(number))
            }
        }
    }

    /// All orders of two events an operation, where operations begin in their order.
    private static func orders(_ operations: [Int]) -> [[Int]] {
        func extend(_ begun: Int, _ open: [Int], _ order: [Int]) -> [[Int]] {
            if begun == operations.count, open.isEmpty { return [order] }
            var found: [[Int]] = []
            if begun < operations.count { found += extend(begun + 1, open + [begun], order + [begun]) }
            for operation in open { found += extend(begun, open.filter { $0 != operation }, order + [operation]) }
            return found
        }
        return extend(0, [], [])
    }
}
