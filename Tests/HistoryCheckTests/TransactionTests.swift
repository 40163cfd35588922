import Testing

@testable import HistoryCheck

@Suite("Transactions")
struct TransactionTests {
    static let levels: [Consistency] = [.readCommitted, .monotonicAtomicView, .readAtomic, .causal]

    /// A history of transactions that run one after another: process, outcome, steps.
    static func history(_ transactions: [(Int, String, String)]) throws -> History {
        var text = ""
        for (process, outcome, steps) in transactions {
            let asked = steps.replacing(#/(:r \w+) (?:\[[^\]]*\]|\w+)/#) { "\($0.output.1) nil" }
            text += "{:process \(process) :type :invoke :f :txn :value [\(asked)]}\n"
            text += "{:process \(process) :type :\(outcome) :f :txn :value [\(steps)]}\n"
        }
        return try HistoryCheckTests.history(text)
    }

    struct Case: CustomTestStringConvertible {
        var name: String
        /// The weakest level that does not hold; `nil` if all do.
        var breaks: Consistency?
        var anomaly: HistoryAnomaly?
        var transactions: [(Int, String, String)]
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(
            name: "one after another", breaks: nil, anomaly: nil,
            transactions: [
                (0, "ok", "[:append x 1] [:r y nil]"), (1, "ok", "[:r x [1]] [:append y 1] [:append x 2]"),
                (0, "ok", "[:r x [1 2]] [:r y [1]]"),
            ]),
        Case(
            name: "write cycle", breaks: .readCommitted, anomaly: .writeCycle,
            transactions: [
                (0, "ok", "[:append x 1] [:append y 1]"), (1, "ok", "[:append x 2] [:append y 2]"),
                (2, "ok", "[:r x [1 2]] [:r y [2 1]]"),
            ]),
        Case(
            name: "aborted read", breaks: .readCommitted, anomaly: .abortedRead,
            transactions: [(0, "fail", "[:append x 1]"), (1, "ok", "[:r x [1]]")]),
        Case(
            name: "aborted read in the middle of a list", breaks: .readCommitted, anomaly: .abortedRead,
            transactions: [(0, "fail", "[:append x 1]"), (1, "ok", "[:append x 2]"), (1, "ok", "[:r x [1 2]]")]),
        Case(
            name: "aborted read of a register", breaks: .readCommitted, anomaly: .abortedRead,
            transactions: [(0, "fail", "[:w x 1]"), (1, "ok", "[:r x 1]")]),
        Case(
            name: "intermediate read", breaks: .readCommitted, anomaly: .intermediateRead,
            transactions: [(0, "ok", "[:append x 1] [:append x 2]"), (1, "ok", "[:r x [1]]")]),
        Case(
            name: "intermediate read of a register", breaks: .readCommitted, anomaly: .intermediateRead,
            transactions: [(0, "ok", "[:w x 1] [:w x 2]"), (1, "ok", "[:r x 1]")]),
        Case(
            name: "circular information flow", breaks: .readCommitted, anomaly: .circularFlow,
            transactions: [(0, "ok", "[:append x 1] [:r y [1]]"), (1, "ok", "[:append y 1] [:r x [1]]")]),
        Case(
            name: "circular information flow of registers", breaks: .readCommitted, anomaly: .circularFlow,
            transactions: [(0, "ok", "[:w x 1] [:r y 1]"), (1, "ok", "[:w y 1] [:r x 1]")]),
        Case(
            name: "a value from nowhere", breaks: .readCommitted, anomaly: .unwrittenRead,
            transactions: [(0, "ok", "[:append x 1]"), (1, "ok", "[:r x [1 7]]")]),
        Case(
            name: "an element twice", breaks: .readCommitted, anomaly: .duplicateElement,
            transactions: [(0, "ok", "[:append x 1]"), (1, "ok", "[:r x [1 1]]")]),
        Case(
            name: "lists that disagree", breaks: .readCommitted, anomaly: .incompatibleOrder,
            transactions: [
                (0, "ok", "[:append x 1]"), (1, "ok", "[:append x 2]"), (2, "ok", "[:r x [1 2]]"), (3, "ok", "[:r x [2]]"),
            ]),
        Case(
            name: "a transaction seen, then gone", breaks: .monotonicAtomicView, anomaly: .observedTransactionVanishes,
            transactions: [(0, "ok", "[:append x 1] [:append y 1]"), (1, "ok", "[:r x [1]] [:r y nil]")]),
        Case(
            name: "a transaction seen, then gone, of registers", breaks: .monotonicAtomicView,
            anomaly: .observedTransactionVanishes,
            transactions: [
                (0, "ok", "[:w x 1] [:w y 1]"), (0, "ok", "[:w x 2] [:w y 2]"), (1, "ok", "[:r x 2] [:r y 1]"),
            ]),
        Case(
            name: "half of a transaction", breaks: .readAtomic, anomaly: .fracturedRead,
            transactions: [(0, "ok", "[:append x 1] [:append y 1]"), (1, "ok", "[:r y nil] [:r x [1]]")]),
        Case(
            name: "half of a transaction of registers", breaks: .readAtomic, anomaly: .fracturedRead,
            transactions: [
                (0, "ok", "[:w x 1] [:w y 1]"), (0, "ok", "[:w x 2] [:w y 2]"), (1, "ok", "[:r y 1] [:r x 2]"),
            ]),
        Case(
            name: "own write not seen", breaks: .readAtomic, anomaly: .internal,
            transactions: [(0, "ok", "[:append x 1] [:r x nil]")]),
        Case(
            name: "own write not seen, of a register", breaks: .readAtomic, anomaly: .internal,
            transactions: [(1, "ok", "[:w x 2]"), (0, "ok", "[:w x 1] [:r x 2]")]),
        Case(
            name: "own write of the transaction before not seen", breaks: .readAtomic, anomaly: .fracturedRead,
            transactions: [(0, "ok", "[:append x 1]"), (0, "ok", "[:r x nil]")]),
        Case(
            name: "an answer seen before its question", breaks: .causal, anomaly: .causalityViolation,
            transactions: [
                (0, "ok", "[:append x 1]"), (1, "ok", "[:r x [1]] [:append y 1]"), (2, "ok", "[:r y [1]]"),
                (2, "ok", "[:r x nil]"),
            ]),
        Case(
            name: "an answer seen before its question, of registers", breaks: .causal, anomaly: .causalityViolation,
            transactions: [
                (0, "ok", "[:w x 1]"), (0, "ok", "[:w x 2]"), (1, "ok", "[:r x 2] [:w y 1]"), (2, "ok", "[:r y 1]"),
                (2, "ok", "[:r x 1]"),
            ]),
        Case(
            name: "long fork: causal, not more", breaks: nil, anomaly: nil,
            transactions: [
                (0, "ok", "[:append x 1]"), (1, "ok", "[:append y 1]"), (2, "ok", "[:r x [1]] [:r y nil]"),
                (3, "ok", "[:r x nil] [:r y [1]]"),
            ]),
        Case(
            name: "unsure but seen", breaks: .readAtomic, anomaly: .fracturedRead,
            transactions: [(0, "info", "[:append x 1] [:append y 1]"), (1, "ok", "[:r y nil] [:r x [1]]")]),
        Case(
            name: "unsure and never seen", breaks: nil, anomaly: nil,
            transactions: [(0, "info", "[:append x 1] [:append y 1]"), (1, "ok", "[:r y nil] [:r x nil]")]),
    ]

    @Test("Each anomaly breaks its level and those above, and no level below", arguments: cases)
    func anomalies(_ example: Case) throws {
        var check = TransactionCheck(try Self.history(example.transactions))
        let results = check.run(Self.levels)
        #expect(results.map(\.consistency) == Self.levels)
        let first = results.first { $0.answer == .invalid }
        #expect(first?.consistency == example.breaks)
        #expect(first?.findings.first?.anomaly == example.anomaly)
        if let breaks = example.breaks, let index = Self.levels.firstIndex(of: breaks) {
            #expect(results[index...].allSatisfy { $0.answer == .invalid })
        }
        for finding in results.flatMap(\.findings) { #expect(!finding.sentences.isEmpty && !finding.operations.isEmpty) }
    }

    @Test("A register value that was written twice and read makes the answer unknown, not wrong")
    func ambiguous() throws {
        var check = TransactionCheck(try Self.history([(0, "ok", "[:w x 1]"), (1, "ok", "[:w x 1]"), (2, "ok", "[:r x 1]")]))
        #expect(check.run([.causal]).map(\.answer) == [.unknown])
    }

    /// By definition: is there an order of the transactions that keeps sessions, reads and the level's rule?
    static func holds(_ level: Consistency, _ transactions: [(Int, String, String)], _ table: TransactionTable) -> Bool {
        let count = transactions.count
        var before = Array(repeating: Array(repeating: false, count: count), count: count)
        for one in 0..<count {
            for other in one + 1..<max(one + 1, count) where transactions[one].0 == transactions[other].0 {
                before[one][other] = true
            }
        }
        for read in table.reads where read.source >= 0 { before[Int(read.source)][Int(read.reader)] = true }
        var causal = before
        for middle in 0..<count {
            for one in 0..<count where causal[one][middle] {
                for other in 0..<count where causal[middle][other] { causal[one][other] = true }
            }
        }
        func sees(_ reader: Int, _ writer: Int, _ read: Int) -> Bool {
            switch level {
            case .monotonicAtomicView:
                table.reads(of: reader).contains { $0 < read && Int(table.reads[$0].source) == writer }
            case .readAtomic: before[writer][reader]
            default: causal[writer][reader]
            }
        }
        func fits(_ order: [Int]) -> Bool {
            let place = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
            func precedes(_ one: Int, _ other: Int) -> Bool { (place[one] ?? 0) < (place[other] ?? 0) }
            for one in 0..<count {
                for other in 0..<count where before[one][other] && !precedes(one, other) { return false }
            }
            for (index, read) in table.reads.enumerated() {
                for writer in 0..<count where writer != Int(read.source) && table.written(by: writer).contains(read.key) {
                    guard writer != Int(read.reader), sees(Int(read.reader), writer, index) else { continue }
                    if read.source < 0 || !precedes(writer, Int(read.source)) { return false }
                }
            }
            return true
        }
        func search(_ order: [Int]) -> Bool {
            if order.count == count { return fits(order) }
            return (0..<count).contains { !order.contains($0) && search(order + [$0]) }
        }
        return search([])
    }

    @Test("The levels are those of the definition: seeded transactions on registers, against every order", arguments: 0..<4)
    func definition(_ quarter: Int) throws {
        var chance = Chance(seed: UInt64(quarter))
        func below(_ bound: Int) -> Int { Int(chance.next() >> 33) % bound }
        var broken: [Consistency: Int] = [:]
        for round in 0..<400 {
            var written: [String: [Int]] = ["x": [], "y": []]
            var transactions: [(Int, String, String)] = []
            for number in 0..<5 {
                var steps: [String] = []
                for key in ["x", "y"].shuffled(using: &chance) where below(4) > 0 {
                    let known = written[key] ?? []
                    if below(2) == 0 {
                        let pick = below(known.count + 1)
                        steps.append("[:r \(key) \(pick == known.count ? "nil" : String(known[pick]))]")
                    } else {
                        steps.append("[:w \(key) \(number)]")
                        written[key, default: []].append(number)
                    }
                }
                transactions.append((below(3), "ok", steps.joined(separator: " ")))
            }
            let history = try Self.history(transactions)
            let table = TransactionTable(history)
            for level in Self.levels.dropFirst() {
                var check = TransactionCheck(history)
                let answer = check.run([level]).first?.answer
                let expected = Self.holds(level, transactions, table)
                #expect(answer == (expected ? .valid : .invalid), "round \(round) \(level) \(transactions)")
                if !expected { broken[level, default: 0] += 1 }
            }
        }
        #expect(Self.levels.dropFirst().allSatisfy { (broken[$0] ?? 0) > 4 && (broken[$0] ?? 0) < 390 }, "\(broken)")
    }
}
