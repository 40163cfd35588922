import Diagnosis
import Foundation
import Trace
import TraceSynthesis

// The rules over a long trace: seconds and peak memory, and whether time grows as the events do; then the report that explains it.
//
//     swift run -c release --package-path Benchmarks DiagnosisBenchmark [EVENTS]

/// Processor and wall time of some work, in seconds.
func seconds(_ work: () -> Void) -> (processor: Double, wall: Double) {
    func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let (processor, wall) = (now(CLOCK_PROCESS_CPUTIME_ID), now(CLOCK_MONOTONIC))
    work()
    return (now(CLOCK_PROCESS_CPUTIME_ID) - processor, now(CLOCK_MONOTONIC) - wall)
}

/// Peak resident memory of this process so far, in millions of bytes.
func peakMegabytes() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) * 1024 / 1_000_000
}

/// Diagnoses a long trace and returns the processor time.
func measure(_ events: Int) -> Double {
    var log = TraceLog()
    var source = LongTrace(seed: 1)
    source.append(events: events, to: &log)
    let before = peakMegabytes()
    var result: Diagnosis?
    let time = seconds { result = Diagnosis(log) }
    guard let result else { return time.processor }
    print(
        String(format: "%d events: %.2f s of processor time, %.2f s of wall time,", log.count, time.processor, time.wall),
        "\(result.findings.count) findings, \(result.divergences.count) episodes;",
        "memory \(before) MB loaded, \(peakMegabytes()) MB at the peak")
    var length = 0
    let report = seconds { length = DiagnosisReport(log, result, inputs: []).text(isColoured: false).utf8.count }
    print(
        String(
            format: "  explained in a report of %d bytes: %.2f s, with the diagnosis %.2f s of wall time (goal at 100,000 events: 2 s)",
            length, report.wall, time.wall + report.wall))
    return time.processor
}

let events = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 10_000_000
_ = measure(100_000)
let tenth = measure(max(1, events / 10))
let whole = measure(events)
print("t(\(events)) / t(\(events / 10)) = \(String(format: "%.1f", whole / tenth)); goal <= 11, <= 15 s and <= 1,500 MB at 10,000,000")
