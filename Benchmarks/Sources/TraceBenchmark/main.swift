import Dispatch
import Foundation
import Trace
import TraceImport

// Reads a file as `trueline diagnose` would, and prints megabytes a second with the trace built: five times alone, five times with a
// second thread. Beside it: node Benchmarks/trace/json_parse.mjs FILE, which only parses; `Benchmarks/trace/bench.py` runs both in turn.
//
//     TraceBenchmark FILE [ROUNDS]

func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func wallSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

LargePages.useForHeap()
let arguments = CommandLine.arguments
guard arguments.count >= 2 else {
    print("usage: TraceBenchmark FILE [ROUNDS]")
    exit(2)
}
let rounds = arguments.count > 2 ? Int(arguments[2]) ?? 5 : 5
let twoThreads = Concurrency(width: 2) { count, work in DispatchQueue.concurrentPerform(iterations: count) { work($0) } }
for (threads, concurrency) in [(1, Concurrency.none), (2, twoThreads)] {
    for _ in 0..<rounds {
        let (start, processorStart) = (wallSeconds(), processorSeconds())
        let file = try Data(contentsOf: URL(filePath: arguments[1]), options: .alwaysMapped)
        var reader = TraceImport(concurrency: concurrency)
        file.withUnsafeBytes { reader.read($0) }
        let trace = reader.finish()
        let (processor, wall) = (processorSeconds() - processorStart, wallSeconds() - start)
        let megabytes = Double(file.count) / 1e6
        print(
            "\(trace.format.map(\.rawValue) ?? "unknown") \(threads) threads: \(Int(megabytes / processor)) MB/s of processor time,",
            "\(Int(megabytes / wall)) MB/s of wall time, \(trace.log.count) events, \(trace.rejections.count) rejections")
    }
}
