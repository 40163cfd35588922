import ArgumentParser
import Diagnosis
import Foundation
import Trace
import TraceSynthesis

/// `trueline synthesize`: traces whose fault is known, to check the diagnosis against.
struct SynthesizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synthesize",
        abstract: "Make traces whose fault is known because it was put there, and check the diagnosis against them.",
        discussion: """
            With --out the traces and truth.jsonl are written to a directory. With --check nothing is written: --count traces with \
            inversions and as many healthy ones are diagnosed, and the first divergence point is compared with the truth; then \
            a tenth as many small traces with each of the anomalies A2 to A18, whose advised guard must leave none and block nothing wrongly. \
            Exit codes: 0 done, or at least 99 % exact, none reported on a healthy trace and every advice proved; 1 less; \
            2 the command line makes no sense.
            """)

    @Option(help: "The seed: the same seed gives the same traces.")
    var seed: UInt64 = 1

    @Option(help: "How many traces.")
    var count = 100

    @Option(help: "Write the traces to this directory.")
    var out: String?

    @Flag(help: "Diagnose the traces and compare with the truth.")
    var check = false

    @Option(help: "Instead, write one trace of this many events to the file given by --out.")
    var events: Int?

    func validate() throws {
        guard out != nil || check else { throw ValidationError("give --out DIRECTORY, or --check") }
        guard count > 0, (events ?? 1) > 0 else { throw ValidationError("--count and --events are above 0") }
    }

    func run() async throws {
        if let out, let events { return try writeLong(events, to: out) }
        if let out { try write(to: out) }
        if check { try compare() }
    }

    private func write(to directory: String) throws {
        let folder = URL(fileURLWithPath: directory, isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try TraceSynthesis.writeSeries(seed: seed, count: count) { name, bytes in
            try Data(bytes).write(to: folder.appendingPathComponent(name))
        }
        Console.print("\(count) traces and truth.jsonl are in \(directory)")
    }

    private func writeLong(_ events: Int, to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path) else {
            throw CommandFailure(.usage, "\(path) cannot be written")
        }
        var trace = LongTrace(seed: seed)
        try trace.writeLines(events: events) { try file.write(contentsOf: Data($0)) }
        try file.close()
        Console.print("\(events) events are in \(path)")
    }

    private func compare() throws {
        var exact = 0
        for number in 0..<count {
            let sample = TraceSynthesis.sample(seed: seed, number: number, inversions: number % 8 == 7 ? 2 : 1)
            let (log, result) = diagnose(sample.events, sample.name)
            let found = result.divergences.first
            if let truth = sample.truth, let found, log.name(of: found.event) == truth.write,
                log.text(found.request) == truth.late,
                log.text(found.overtaken) == truth.overtaken, found.isSingle
            {
                exact += 1
            } else {
                Console.error(
                    "\(sample.name): expected \(sample.truth?.write ?? "none"), found \(found.map { log.name(of: $0.event) } ?? "none")"
                )
            }
        }
        var reported = 0
        for number in 0..<count {
            let sample = TraceSynthesis.sample(seed: seed &+ 1, number: number, inversions: 0)
            let (_, result) = diagnose(sample.events, sample.name)
            if !result.divergences.isEmpty {
                reported += 1
                Console.error("\(sample.name): healthy, but a divergence was reported")
            }
        }
        Console.print("exact on \(exact) of \(count) traces with inversions; reported on \(reported) of \(count) healthy ones")
        let isAdvised = compareAdvice()
        if exact * 100 < count * 99 || reported > 0 || !isAdvised { throw ExitCode(CommandFailure.Status.failed.rawValue) }
    }

    /// Each anomaly on a tenth of `count` seeds: is it found, is a guard proved, and is its healthy twin clean of it?
    private func compareAdvice() -> Bool {
        var isRight = true
        // There are 17 of them, each tried with its healthy twin.
        let seeds = max(1, count / 10)
        for anomaly in Anomaly.allCases {
            var proved = 0
            var reported = 0
            var guards: [String: Int] = [:]
            for number in 0..<seeds {
                let own = seed &+ UInt64(number)
                let healthy = read(AnomalyTrace.make(anomaly, seed: own, isFaulty: false), anomaly.code)
                if Diagnosis(healthy, withAdvice: false).findings.contains(where: { $0.rule.code == anomaly.code }) {
                    reported += 1
                }
                let result = Diagnosis(read(AnomalyTrace.make(anomaly, seed: own, isFaulty: true), anomaly.code))
                let advice = result.advice.first { $0.rule.code == anomaly.code }
                guard let advised = advice?.trials.first(where: \.isAdvised), advised.residual == 0, advised.wronglyBlocked == 0
                else {
                    Console.error("\(anomaly.code) with seed \(own): \(advice == nil ? "not found" : "no guard proved")")
                    continue
                }
                proved += 1
                guards[advised.guard.code, default: 0] += 1
            }
            isRight = isRight && proved == seeds && reported == 0
            let list = guards.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            Console.print(
                "\(anomaly.code): a guard proved on \(proved) of \(seeds) (\(list)); reported on \(reported) healthy ones")
        }
        return isRight
    }

    private func read(_ events: [TraceEvent], _ name: String) -> TraceLog {
        TraceReader.read(TraceSynthesis.lines(events, id: name)).log
    }

    private func diagnose(_ events: [TraceEvent], _ name: String) -> (TraceLog, Diagnosis) {
        // Through the file's form, as a person would: it is part of what is checked.
        let log = read(events, name)
        return (log, Diagnosis(log, withAdvice: false))
    }
}
