import Foundation
import Trace
import TraceImport

// Reads a file as `trueline diagnose` would, three times, and prints megabytes a second of processor time with the trace built.
// Beside it: node Benchmarks/trace/json_parse.mjs FILE, which only parses.

func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

guard CommandLine.arguments.count == 2 else {
    print("usage: TraceBenchmark FILE")
    exit(2)
}
let file = try Data(contentsOf: URL(filePath: CommandLine.arguments[1]), options: .alwaysMapped)
let clock = ContinuousClock()
for _ in 0..<3 {
    let start = clock.now
    let processorStart = processorSeconds()
    var reader = TraceImport()
    file.withUnsafeBytes { reader.read($0) }
    let trace = reader.finish()
    let processor = processorSeconds() - processorStart
    let megabytes = Double(file.count) / 1e6
    print(
        "\(trace.format.map(\.rawValue) ?? "unknown"): \(Int(megabytes / processor)) MB/s of processor time, wall \(clock.now - start),",
        "\(trace.log.count) events, \(trace.rejections.count) rejections")
}
