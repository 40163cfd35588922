import Diagnosis
import Foundation
import Trace
import TraceSynthesis

// What predicting costs: replays and time of groups that are known, and seconds and memory over long traces.
//
//     swift run -c release --package-path Benchmarks PredictionBenchmark [EVENTS]

// Its own clock and memory, as DiagnosisBenchmark has: a benchmark is one file that says all it does.

func seconds(_ work: () -> Void) -> Double {
    var (before, after) = (timespec(), timespec())
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before)
    work()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after)
    return Double(after.tv_sec - before.tv_sec) + Double(after.tv_nsec - before.tv_nsec) / 1e9
}

/// Peak resident memory of this process so far, in millions of bytes.
func peakMegabytes() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) * 1024 / 1_000_000
}

func measure(_ name: String, _ log: TraceLog, _ limits: PredictionLimits = PredictionLimits()) {
    let loaded = peakMegabytes()
    var found: Predictions?
    let time = seconds { found = Predictions(log, limits) }
    guard let found else { return }
    let coverage = found.coverage
    print(
        "\(name): \(log.count) events, \(coverage.deliveries) responses in \(coverage.groups.count) groups, \(coverage.replays) replays,",
        "\(coverage.randomReplays) by chance, \(coverage.ends) other ends:",
        String(format: "%.3f s of processor time,", time), "memory \(loaded) MB loaded, \(peakMegabytes()) MB at the peak")
}

func log(_ program: RaceProgram) -> TraceLog {
    var log = TraceLog()
    for event in program.events { log.append(event) }
    return log
}

measure("12 independent triples (goal <= 72 replays, < 1 s)", log(.independent(groups: 12, of: 3)))
measure("as before, every class", log(.independent(groups: 12, of: 3)), PredictionLimits(hashesStates: false))
measure(
    "8 rivals, every class (8! = 40,320)", log(.independent(groups: 1, of: 8)),
    PredictionLimits(reversals: 1_000, replays: 1_000_000, hashesStates: false))
measure("8 rivals, states hashed", log(.independent(groups: 1, of: 8)), PredictionLimits(reversals: 1_000, replays: 1_000_000))
measure("200 rivals", log(.independent(groups: 1, of: 200)))
measure("1,000 groups of 3", log(.independent(groups: 1_000, of: 3)))

/// Faults put into traces by seed: how many of them `predict` finds in the same run without the fault, and calls by their name; and how many of
/// all ends that it judged have a name, and a guard.
func twins(_ count: Int) {
    var (tried, found, named, judged, withRule, advised) = (0, 0, 0, 0, 0, 0)
    for number in 0..<count {
        guard let twin = HealthyTwin(seed: UInt64(number), shape: HealthyTwin.shape(number)) else { continue }
        let log = TraceReader.read(TraceSynthesis.lines(twin.healthy, id: "twin")).log
        let predictions = Predictions(log).found
        let same = predictions.filter { one in
            one.ends.contains { log.text($0.key) == twin.truth.key && $0.predicted == twin.wrongEnd }
        }
        tried += 1
        found += same.isEmpty ? 0 : 1
        named += same.contains { $0.rule == .staleResponseOverwrite && $0.isViolation } ? 1 : 0
        judged += predictions.count { $0.isJudged }
        withRule += predictions.count { $0.isJudged && ($0.rule ?? $0.repairs) != nil }
        advised += predictions.count { $0.isJudged && $0.advised != nil }
    }
    print(
        "\(tried) healthy twins of faults by seed: the fault's end found in \(found), called A1 in \(named);",
        "\(judged) ends judged, \(withRule) of them by name, \(advised) with a guard that removes them")
}
twins(400)

/// Programs whose ends were all found, and guarded ones in which any was.
func recall() {
    var raced = 0
    var ends = 0
    var wrong = 0
    for seed in UInt64(0)..<1_000 {
        let found = Predictions(log(RaceProgram(seed: seed, deliveries: 2 + Int(seed % 7))), PredictionLimits(judged: 0))
        raced += found.coverage.ends > 0 ? 1 : 0
        ends += found.coverage.ends
        let guarded = RaceProgram(seed: seed, deliveries: 2 + Int(seed % 7), guarded: true)
        wrong += Predictions(log(guarded), PredictionLimits(judged: 0)).found.isEmpty ? 0 : 1
    }
    print("1,000 programs by seed: \(raced) with other ends (\(ends)); 1,000 guarded ones: \(wrong) with any")
}
recall()

let events = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000_000
for count in [100_000, events] {
    var trace = TraceLog()
    var source = LongTrace(seed: 1)
    source.append(events: count, to: &trace)
    measure("long trace", trace)
}
