import ChangePipeline
import Foundation
import GridModel

/// How fast commits are, what the disk and an in-place design make of the same changes, how fast a restart is.
///
/// Rounds of the two designs alternate, so that another program's load falls on both. During the rounds the fold gets no gaps:
/// all of its work lies within the measured time.
struct CommitsBenchmark {
    static let batch = 1_000
    let rows: Int
    let columns: Int
    let directory: String

    private struct Figures {
        var syncs = Timings()
        var flood = Timings()
        var alone = Timings()
        var appends = Timings()
        var slices = Timings()
        var checkpoints = Timings()
        var updates = Timings()
        var changesPerSecond: [Double] = []
        var updatesPerSecond: [Double] = []
    }

    func run() async throws {
        print("== \(rows) x \(columns), \(Self.batch) changes a commit, synchronous=FULL, history in, fold running")
        var workload = Workload(rows: rows, columns: columns)
        let pipeline = try await PipelineBench(directory: directory, workload: &workload)
        let inPlace = try InPlaceBench(path: directory + "/in-place.sqlite", workload: &workload)
        try await pipeline.reopen { $0.foldQuietDelay = .seconds(3_600) }
        while pipeline.folded.completed == 0 {
            _ = await pipeline.flood(commands: workload.commands(200, changes: Self.batch), inFlight: 3)
        }
        pipeline.reset()
        let unfolded = pipeline.unfolded
        var figures = Figures()
        for _ in 1...5 { try await round(pipeline, inPlace, &workload, &figures) }
        report(figures, pipeline, unfoldedBefore: unfolded)
        await others(pipeline, &workload)
        try await restart(pipeline, &workload)
    }

    private func round(
        _ pipeline: PipelineBench, _ inPlace: InPlaceBench, _ workload: inout Workload, _ figures: inout Figures
    ) async throws {
        figures.syncs += try fdatasyncs(path: directory + "/sync", count: 300)
        let flood = workload.commands(400, changes: Self.batch)
        let alone = workload.commands(400, changes: Self.batch)
        let (throughput, latencies) = await pipeline.flood(commands: flood, inFlight: 3)
        figures.flood += latencies
        figures.changesPerSecond.append(throughput)
        figures.alone += await pipeline.flood(commands: alone, inFlight: 1).latencies
        figures.appends += pipeline.takeAppends()
        figures.slices += pipeline.takeSlices()
        figures.checkpoints += pipeline.takeCheckpoints()
        let (inPlaceThroughput, inPlaceLatencies) = try inPlace.run(commands: workload.commands(40, changes: Self.batch))
        figures.updates += inPlaceLatencies
        figures.updatesPerSecond.append(inPlaceThroughput)
    }

    private func report(_ figures: Figures, _ pipeline: PipelineBench, unfoldedBefore: Int) {
        func line(_ name: String, _ timings: Timings) {
            print(
                "\(name.padding(toLength: 36, withPad: " ", startingAt: 0)) p50 \(timings[50]) ms, p99 \(timings[99]) ms, "
                    + "longest \(timings[100]) ms, of \(timings.count)")
        }
        line("fdatasync of 4 KB appended", figures.syncs)
        line("commit, one waiting", figures.alone)
        line("commit, three waiting", figures.flood)
        line("of it: append of the record", figures.appends)
        line("between commits: slice of the fold", figures.slices)
        line("between commits: checkpoint", figures.checkpoints)
        line("commit in place, indexed history", figures.updates)
        let changes = figures.changesPerSecond.map { figure($0 / 1_000, 0) }
        let updates = figures.updatesPerSecond.map { figure($0 / 1_000, 0) }
        print("thousand changes a second: \(changes); in place: \(updates)")
        let folded = pipeline.folded
        print(
            "folded meanwhile: \(folded.rows) rows in \(folded.slices) slices, \(folded.completed) passes completed; "
                + "changes not folded: \(unfoldedBefore) before, \(pipeline.unfolded) after")
        print("a change in the log: \(figure(pipeline.bytesPerChange, 1)) bytes; file \(pipeline.storedBytes / 1_048_576) MB")
        let ratios = zip(figures.changesPerSecond, figures.updatesPerSecond).map { $0 / $1 }
        Goals.report("commits against in place, \(rows) x \(columns)", median(ratios), "Rounds: \(ratios.map { figure($0, 1) })")
        Goals.report(
            "p99 of a commit against p50 of fdatasync, \(rows) x \(columns)", figures.alone.value(99) / figures.syncs.value(50))
    }

    /// Shapes that have no goal: a person alone, and many small commands, each with its intent.
    private func others(_ pipeline: PipelineBench, _ workload: inout Workload) async {
        let single = await pipeline.flood(commands: workload.commands(500, changes: 1), inFlight: 1, person: true)
        print("one person's edit: p50 \(single.latencies[50]) ms, p99 \(single.latencies[99]) ms")
        let small = await pipeline.flood(commands: workload.commands(100_000, changes: 1), inFlight: 2_000)
        print("commands of one change, 2,000 waiting: \(figure(small.throughput / 1_000, 0)) thousand a second")
    }

    /// Leaves much to replay, and opens the grid in a process of its own: once so, once with everything folded.
    private func restart(_ pipeline: PipelineBench, _ workload: inout Workload) async throws {
        try await pipeline.reopen()
        await pipeline.untilFolded()
        _ = await pipeline.flood(commands: workload.commands(900, changes: Self.batch), inFlight: 3)
        await pipeline.close()
        try Opening.measureElsewhere(directory)
        try await pipeline.reopen { $0.changesBeforeFold = 1 }
        _ = try await pipeline.submit([.renameGrid(name: "Folded")], intent: 1)
        await pipeline.untilFolded()
        await pipeline.close()
        try Opening.measureElsewhere(directory)
    }
}
