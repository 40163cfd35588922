import ChangePipeline
import Foundation
import GridModel

/// A sheet of 5,000 x 1,000: changes of single cells beside a table with one blob a row, and pages beside a narrow sheet's.
struct WideBenchmark {
    let directory: String

    func run() async throws {
        print("== 5,000 x 1,000, single-cell changes in groups of 1,000")
        var workload = Workload(rows: 5_000, columns: 1_000)
        let pipeline = try await PipelineBench(directory: directory + "/wide", workload: &workload)
        let rowBlobs = try InPlaceBench(path: directory + "/rows.sqlite", workload: &workload, history: false)
        let groupBlobs = try InPlaceBench(path: directory + "/groups.sqlite", workload: &workload, columnsPerBlob: 64, history: false)
        try await pipeline.reopen { $0.foldQuietDelay = .seconds(3_600) }
        while pipeline.folded.completed == 0 {
            _ = await pipeline.flood(commands: workload.commands(100, changes: 1_000), inFlight: 3)
        }
        var (product, rows, groups): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 1...5 {
            product.append(await pipeline.flood(commands: workload.commands(100, changes: 1_000), inFlight: 3).throughput)
            rows.append(try rowBlobs.run(commands: workload.commands(10, changes: 1_000)).throughput)
            groups.append(try groupBlobs.run(commands: workload.commands(10, changes: 1_000)).throughput)
        }
        func thousands(_ values: [Double]) -> String { "\(values.map { figure($0 / 1_000, 0) })" }
        print("thousand changes a second, the product (history in, fold running): \(thousands(product))")
        print("in place without history, one blob a row:                         \(thousands(rows))")
        print("in place without history, one blob for 64 columns:                \(thousands(groups))")
        Goals.report("changes against one blob a row, 5,000 x 1,000", median(zip(product, rows).map { $0 / $1 }))
        print("of it by the layout alone, both in place: \(figure(median(zip(groups, rows).map { $0 / $1 })))")

        var narrowLoad = Workload(rows: 5_000, columns: 64)
        let narrow = try await PipelineBench(directory: directory + "/narrow", workload: &narrowLoad)
        var reader = PageReader()
        var (wide, plain) = (Timings(), Timings())
        for _ in 1...5 {
            wide += reader.time(pipeline.snapshot, count: 2_000, columns: 64, &workload)
            plain += reader.time(narrow.snapshot, count: 2_000, columns: 64, &workload)
        }
        print("page of 100 x 64 anywhere in the wide sheet: p50 \(wide[50, .microseconds(1)]) us, p99 \(wide[99, .microseconds(1)]) us")
        print("page of 100 x 64 of a 64-column sheet:       p50 \(plain[50, .microseconds(1)]) us, p99 \(plain[99, .microseconds(1)]) us")
        Goals.report("a page of 100 x 64 against a narrow sheet's", wide.value(50) / plain.value(50), "(\(reader.bytes & 1))")
        await pipeline.close()
        await narrow.close()
    }
}
