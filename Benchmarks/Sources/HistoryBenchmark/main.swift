import Foundation
import HistoryCheck

// Makes histories and checks them, with the time of each part. `Benchmarks/history/history_bench.py` runs it beside Porcupine.
//
//     HistoryBenchmark generate KEY=VALUE...          a history, as a log (format=edn: as EDN), on standard output
//     HistoryBenchmark check FILE [search]            reads and checks it; `search` never takes the zone test
//     HistoryBenchmark levels FILE                    reads it and checks the levels of transactions
//     HistoryBenchmark batch COUNT SEED FILE ANSWERS  small histories, one behind the other, and an answer a line
//
// Keys: operations, clients, values, reads, swaps, crashes, failures, lies (the last five of 1,000), seed, format.

func number(_ name: String, _ otherwise: Int) -> Int {
    for argument in CommandLine.arguments.dropFirst(2) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        if parts.count == 2, parts[0] == name { return Int(parts[1]) ?? otherwise }
    }
    return otherwise
}

/// Of this process, in megabytes.
func peakMemory() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1_024
}

func generate() {
    var shape = GeneratedHistory.Shape(operations: number("operations", 1_000), clients: number("clients", 8))
    shape.values = number("values", 0)
    shape.reads = number("reads", 500)
    shape.swaps = number("swaps", 0)
    shape.crashes = number("crashes", 0)
    shape.failures = number("failures", 0)
    shape.lies = number("lies", 0)
    let events = GeneratedHistory.events(shape, seed: UInt64(number("seed", 1)))
    let isEDN = CommandLine.arguments.contains("format=edn")
    FileHandle.standardOutput.write(Data(isEDN ? GeneratedHistory.edn(events) : GeneratedHistory.log(events)))
}

func check(_ path: String, search: Bool) throws {
    let clock = ContinuousClock()
    guard let file = FileHandle(forReadingAtPath: path) else {
        throw HistoryInputError(line: 0, column: 0, reason: "no \(path)")
    }
    let before = clock.now
    var reader = HistoryReader()
    while let data = try file.read(upToCount: 1 << 20), !data.isEmpty { try reader.read([UInt8](data)) }
    let history = try reader.finish()
    let middle = clock.now
    var check = LinearizabilityCheck(history, forcesSearch: search)
    let result = check.run()
    let after = clock.now
    // The first run pays for touching new memory; a second shows the test alone.
    var again = LinearizabilityCheck(history, forcesSearch: search)
    _ = again.run()
    let end = clock.now
    func seconds(_ duration: Duration) -> String { String(format: "%.6f", duration / .seconds(1)) }
    print(
        "operations=\(history.count) answer=\(result.answer) read=\(seconds(middle - before)) check=\(seconds(after - middle))",
        "again=\(seconds(end - after)) peak_mb=\(String(format: "%.1f", peakMemory()))")
}

func levels(_ path: String) throws {
    let clock = ContinuousClock()
    guard let file = FileHandle(forReadingAtPath: path) else {
        throw HistoryInputError(line: 0, column: 0, reason: "no \(path)")
    }
    var reader = HistoryReader()
    while let data = try file.read(upToCount: 1 << 20), !data.isEmpty { try reader.read([UInt8](data)) }
    let history = try reader.finish()
    let before = clock.now
    var check = TransactionCheck(history)
    let results = check.run([.readCommitted, .monotonicAtomicView, .readAtomic, .causal])
    let seconds = String(format: "%.3f", (clock.now - before) / .seconds(1))
    print("operations=\(history.count) levels=\(results.map(\.answer.rawValue).joined(separator: ",")) check=\(seconds)")
    print("peak_mb=\(String(format: "%.1f", peakMemory()))")
}

func batch(_ count: Int, seed: UInt64, histories: String, answers: String) throws {
    var text = Data()
    var found = Data()
    _ = FileManager.default.createFile(atPath: histories, contents: nil)
    guard let file = FileHandle(forWritingAtPath: histories) else { return }
    for index in 0..<UInt64(count) {
        var chance = Chance(seed: seed &+ index)
        var shape = GeneratedHistory.Shape(operations: 3 + Int(chance.next() % 22), clients: 2 + Int(chance.next() % 5))
        shape.values = [0, 2, 3, 5][Int(chance.next() % 4)]
        shape.swaps = [0, 0, 250, 500][Int(chance.next() % 4)]
        shape.reads = [300, 500][Int(chance.next() % 2)]
        shape.crashes = [0, 100, 300][Int(chance.next() % 3)]
        shape.failures = [0, 100][Int(chance.next() % 2)]
        shape.lies = [0, 30, 100][Int(chance.next() % 3)]
        let log = GeneratedHistory.log(GeneratedHistory.events(shape, seed: chance.next()))
        text.append(contentsOf: "HISTORY \(index)\n".utf8)
        text.append(contentsOf: log)
        if text.count > 1 << 20 {
            file.write(text)
            text.removeAll(keepingCapacity: true)
        }
        var reader = HistoryReader()
        try reader.read(log)
        var check = LinearizabilityCheck(try reader.finish())
        found.append(contentsOf: "\(check.run().answer)\n".utf8)
    }
    file.write(text)
    try found.write(to: URL(filePath: answers))
}

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "generate": generate()
case "check" where arguments.count >= 3: try check(arguments[2], search: arguments.contains("search"))
case "levels" where arguments.count == 3: try levels(arguments[2])
case "batch" where arguments.count == 6:
    try batch(Int(arguments[2]) ?? 0, seed: UInt64(arguments[3]) ?? 1, histories: arguments[4], answers: arguments[5])
default:
    print("HistoryBenchmark generate KEY=VALUE... | check FILE [search] | levels FILE | batch COUNT SEED FILE ANSWERS")
    exit(2)
}
