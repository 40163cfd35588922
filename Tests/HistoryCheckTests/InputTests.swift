import Testing

@testable import HistoryCheck

@Suite("History input")
struct InputTests {
    static let event = "{:process 0, :type :invoke, :f :read, :value nil}\n"

    @Test(
        "What is no history is refused at its byte",
        arguments: [
            ("{:process 0, :type :invoke, :f :read :value}", 1, 44, "no value"),
            (event + "{:process 0 :type :ok :f :read :value ]}", 2, 39, "closes nothing"),
            (event + "{:process 0 :type :ok :f :write :value 1}", 2, 26, "something else"),
            (event + event, 2, 1, "is open"),
            (event + "{:process 1 :type :ok :f :read :value 1}", 2, 1, "no open operation"),
            (event + "{:process 0 :type :done :f :read :value 1}", 2, 19, "unknown type"),
            ("{:process 0 :type :invoke :f :dance}", 1, 30, "unknown operation"),
            ("{:process 0 :type :invoke :f :read :f :read}", 1, 36, "twice"),
            ("{:process 0 :type :invoke :f :write :value 012}", 1, 44, "begins with 0"),
            ("{:process 0 :type :invoke :f :write :value 1.2.3}", 1, 44, "no number"),
            ("{:process 0 :type :invoke :f :write :value \"a\\q\"}", 1, 47, "no escape"),
            ("{:process 0 :type :invoke :f :write :value \"a}", 1, 44, "closes this string"),
            ("[" + event, 2, 1, "closes the vector"),
            ("[]\n 3", 2, 2, "follows"),
            (event + "17", 2, 1, "is a map"),
            ("{:process 0 :type :invoke :f :cas :value [1]}", 1, 42, "[old new]"),
            ("{:process 0 :type :invoke :f :txn :value [[:q x 1]]}", 1, 42, "a txn is"),
            ("{:process 0 :type :invoke :f :write :value \(String(repeating: "[", count: 70))", 1, 109, "deeper"),
            ("{:process 0 :type :invoke :f :write :value 1}\n{:process 0 :type :ok :f :write :value 2}", 2, 40, "differs"),
            ("", 1, 1, "no operation"),
            ("hello\nworld\n", 1, 1, "no operation"),
            ("0 :invoke :write 1\n0 :ok :write 2\n", 2, 14, "differs"),
            ("0 :invoke :write 1 2\n", 1, 20, "follows"),
            ("INFO  jepsen.util - 0\t:invoke\t:write\t[\n", 1, 38, "closes"),
        ])
    func refused(_ text: String, line: Int, column: Int, reason: String) {
        do {
            _ = try history(text)
            Issue.record("\(text) was read")
        } catch {
            #expect(error.line == line && error.column == column, "\(text): \(error)")
            #expect(error.reason.contains(reason), "\(error)")
        }
    }

    @Test("A byte that is not UTF-8 is refused at its place")
    func encoding() {
        var bytes = Array("{:process 0 :type :invoke :f :write\n :value \"ab".utf8)
        bytes += [0xFF] + Array("\"}".utf8)
        var reader = HistoryReader()
        do {
            try reader.read(bytes)
            _ = try reader.finish()
            Issue.record("it was read")
        } catch {
            #expect(error.line == 2 && error.column == 12, "\(error)")
        }
    }

    @Test("Jepsen's spellings are read: tags, comments, discards, commas, sets, other keys, other processes, keys in values")
    func spellings() throws {
        let read = try history(
            """
            ; a comment
            [#jepsen.history.Op{:index 0, :time 12, :type :invoke, :process 0, :f :write, :value [x 5], :error nil}
             {:type :info, :process :nemesis, :f :start-partition, :value {:n1 #{"n2" \\a #inst "2020"}}}
             {:type :ok, :process 0, :f :write, :value [x 5], :more #_ 7 (1 2.5e3 -3N 1/2 :a/b)}
             {:type :invoke, :process 0, :f :read, :value [x nil]} #_ {:not :here}
             {:type :ok, :process 0, :f :read, :value [x 5]}]
            """)
        #expect(read.count == 2 && read.keyCount == 1 && read.skipped == 1)
        #expect(read.words(0) == "write 5" && read.words(1) == "read 5")
        #expect(read.id(1) == 6 && read.invocationLine(1) == 5)
    }

    @Test("Text logs of Jepsen are read, other programs' lines counted")
    func logs() throws {
        let read = try history(
            """
            2015-01-01 INFO  jepsen.core - Running test
            INFO  jepsen.util - 3 :invoke :write 2
            INFO  jepsen.util - :nemesis :info :start nil
            INFO  jepsen.util: 3\t:info\t:write\t:timed-out
            7\t:invoke\t:cas\t[2 3]
            7\t:fail\t:cas\t[2 3]\t:did-not-work
            """)
        #expect(read.count == 2 && read.skipped == 2)
        #expect(read.outcomes == [.info, .fail])
    }

    @Test("A history reads the same however its bytes are cut")
    func pieces() throws {
        var shape = GeneratedHistory.Shape(operations: 30, clients: 4)
        shape.crashes = 100
        shape.swaps = 200
        let events = GeneratedHistory.events(shape, seed: 5)
        for bytes in [GeneratedHistory.log(events), GeneratedHistory.edn(events)] {
            var whole = HistoryReader()
            try whole.read(bytes)
            let expected = try whole.finish()
            for size in [1, 2, 3, 7, 64] {
                var reader = HistoryReader()
                for start in stride(from: 0, to: bytes.count, by: size) {
                    try reader.read(bytes[start..<min(bytes.count, start + size)])
                }
                let read = try reader.finish()
                #expect(read.values == expected.values && read.lines == expected.lines && read.outcomes == expected.outcomes)
                #expect(read.invoked == expected.invoked && read.completed == expected.completed)
            }
        }
    }

    @Test("Bytes changed at random never trap, and every refusal names a place in the input", arguments: 0..<4)
    func mutations(_ quarter: Int) {
        var chance = Chance(seed: UInt64(quarter) &+ 77)
        var shape = GeneratedHistory.Shape(operations: 4, clients: 2)
        shape.swaps = 200
        let events = GeneratedHistory.events(shape, seed: UInt64(quarter))
        let lists =
            "{:process 0 :type :invoke :f :txn :value [[:r x nil] [:append y 1]]}\n{:process 0 :type :ok :f :txn :value [[:r x [1 \"a\"]] [:append y 1]]}\n"
        let texts =
            "{:process 0 :type :invoke :f :append :key \"k\" :value \"ab\"}\n{:process 0 :type :ok :f :append :key \"k\" :value \"ab\"}\n"
        for bytes in [GeneratedHistory.log(events), GeneratedHistory.edn(events), Array(lists.utf8), Array(texts.utf8)] {
            for _ in 0..<1_500 {
                var mutated = bytes
                for _ in 0...Int(chance.next() % 3) where !mutated.isEmpty {
                    let place = Int(chance.next() % UInt64(mutated.count))
                    switch chance.next() % 4 {
                    case 0: mutated[place] = UInt8(truncatingIfNeeded: chance.next())
                    case 1: mutated.remove(at: place)
                    case 2: mutated.insert("[]{}()\"\\#_;:-0 n".utf8.randomElement(using: &chance) ?? 0, at: place)
                    default: mutated = Array(mutated.prefix(place + 1))
                    }
                }
                var reader = HistoryReader()
                do {
                    try reader.read(mutated)
                    let report = try HistoryReport(try reader.finish(), file: "f", HistoryQuestion())
                    _ = HistoryReport.json([report])
                    _ = report.text
                } catch let error as HistoryInputError {
                    let lines = mutated.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                    #expect(error.line >= 1 && error.line <= lines.count)
                    #expect(
                        error.column >= 1 && error.column <= (lines.map(\.count).max() ?? 0) + 1,
                        "\(error) \(String(decoding: mutated, as: UTF8.self))")
                } catch {
                    #expect(error is HistoryReport.WrongModel)
                }
            }
        }
    }
}
