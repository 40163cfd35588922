import ChangePipeline
import Foundation
import GridModel

// How fast commits are, and what the disk and an in-place design make of the same changes, in one run on one machine:
//
//     swift run --package-path Benchmarks -c release StoreBenchmark ROWS COLUMNS DIRECTORY
//
// Rounds of the two designs alternate, so that another program's load falls on both. Ratios are to be trusted, not the rest.

enum Setup {
    /// Changes of one commit.
    static let batch = 1_000
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
func figure(_ value: Double, _ digits: Int = 2) -> String { String(format: "%.\(digits)f", value) }

func run() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count == 3, let rows = Int(arguments[1]), let columns = Int(arguments[2]) else {
        FileHandle.standardError.write(Data("usage: StoreBenchmark ROWS COLUMNS DIRECTORY\n".utf8))
        exit(2)
    }
    let directory = arguments[3] + "/trueline-store-benchmark"
    try? FileManager.default.removeItem(atPath: directory)
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }

    var workload = Workload(rows: rows, columns: columns)

    let pipeline = try await PipelineBench(directory: directory, workload: &workload)
    let inPlace = try InPlaceBench(path: directory + "/in-place.sqlite", workload: &workload)
    var commits = Timings()
    var sequential = Timings()
    var appends = Timings()
    var updates = Timings()
    var syncs = Timings()
    var changesPerSecond: [Double] = []
    var updatesPerSecond: [Double] = []

    for round in 1...5 {
        syncs += try fdatasyncs(path: directory + "/sync", count: 300)
        let (throughput, latencies) = await pipeline.flood(commands: workload.commands(120, changes: Setup.batch), inFlight: 3)
        commits += latencies
        changesPerSecond.append(throughput)
        sequential += await pipeline.flood(commands: workload.commands(60, changes: Setup.batch), inFlight: 1).latencies
        appends += pipeline.takeAppends()
        let (inPlaceThroughput, inPlaceLatencies) = try inPlace.run(
            commands: workload.commands(round == 1 ? 20 : 30, changes: Setup.batch))
        updates += inPlaceLatencies
        updatesPerSecond.append(inPlaceThroughput)
    }

    let folded = pipeline.folded
    let single = await pipeline.flood(commands: workload.commands(300, changes: 1), inFlight: 1, person: true)
    let (bytesPerChange, storedBytes) = (pipeline.bytesPerChange, pipeline.storedBytes)
    let (openSeconds, replayed) = try await pipeline.reopen()

    print("grid: \(rows) x \(columns), \(Setup.batch) changes a commit, synchronous=FULL, history in, fold running")
    print("fdatasync of 4 KB appended:   p50 \(syncs[50]) ms, p99 \(syncs[99]) ms")
    print(
        "one person's edit:            p50 \(single.latencies[50]) ms, p99 \(single.latencies[99]) ms, \(figure(single.throughput, 0)) a second"
    )
    print("append of the record:         p50 \(appends[50]) ms, p99 \(appends[99]) ms")
    print("submit to answer, 1 waiting:  p50 \(sequential[50]) ms, p99 \(sequential[99]) ms")
    print("submit to answer, 3 waiting:  p50 \(commits[50]) ms, p99 \(commits[99]) ms")
    print(
        "changes a second:             \(figure(median(changesPerSecond) / 1_000, 0))k (rounds: \(changesPerSecond.map { figure($0 / 1_000, 0) }))"
    )
    print("in place, indexed history:    p50 \(updates[50]) ms, p99 \(updates[99]) ms a commit")
    print(
        "in place, changes a second:   \(figure(median(updatesPerSecond) / 1_000, 0))k (rounds: \(updatesPerSecond.map { figure($0 / 1_000, 0) }))"
    )
    let ratios = zip(changesPerSecond, updatesPerSecond).map { $0 / $1 }
    print("log first is \(figure(median(ratios), 1)) times in place (rounds: \(ratios.map { figure($0, 1) }))")
    print("slices folded meanwhile: \(folded.slices) (\(folded.rows) rows), checkpoints: \(folded.checkpoints)")
    print("a change in the log: \(figure(bytesPerChange, 1)) bytes; file \(storedBytes / 1_048_576) MB")
    print("open: \(figure(openSeconds * 1_000, 0)) ms, of which \(replayed) changes replayed")
}

try await run()
