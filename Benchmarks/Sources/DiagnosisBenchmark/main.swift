import Diagnosis
import Foundation
import Trace
import TraceSynthesis

// The rules over a long trace: seconds and peak memory, and whether time grows as the events do.
//
//     swift run -c release --package-path Benchmarks DiagnosisBenchmark [EVENTS]

func seconds(_ work: () -> Void) -> Double {
    let start = ContinuousClock.now
    work()
    let time = ContinuousClock.now - start
    return Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
}

/// Peak resident memory of this process so far, in megabytes.
func peakMegabytes() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) / 1024
}

func measure(_ events: Int) -> Double {
    var log = TraceLog()
    var source = LongTrace(seed: 1)
    source.append(events: events, to: &log)
    let before = peakMegabytes()
    var result: Diagnosis?
    let time = seconds { result = Diagnosis(log) }
    let findings = result?.findings.count ?? 0
    let episodes = result?.divergences.count ?? 0
    let text = String(format: "%.2f", time)
    print("\(log.count) events: \(text) s, \(findings) findings, \(episodes) episodes; memory \(before) MB loaded, \(peakMegabytes()) MB at the peak")
    if let first = result?.divergences.first {
        let time = seconds { _ = DiagnosisReport(log, result ?? Diagnosis(log), inputs: []).text(isColoured: false) }
        print("  explanation and report from \(log.name(of: first.event)): \(String(format: "%.2f", time)) s")
    }
    return time
}

let events = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 10_000_000
let tenth = measure(max(1, events / 10))
let whole = measure(events)
print("t(\(events)) / t(\(events / 10)) = \(String(format: "%.1f", whole / tenth)); goal <= 11, <= 15 s and <= 1,500 MB at 10,000,000")
