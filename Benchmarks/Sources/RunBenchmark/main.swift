import ChangePipeline
import Enrichment
import Foundation
import GridImage
import GridModel
import GridStore
import Logging
import Ordering
import SQLiteStore
import Synchronization

// What a run costs beside the model: rows a second, asked, answered and durable, with a provider that answers at once. Each answer takes two
// commands, `asked` before the call and the settlement after it, both synced; what waits at the same moment shares one commit.

/// Unbuffered, to be followed as it goes.
func print(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
func figure(_ value: Double, _ digits: Int = 2) -> String { String(format: "%.\(digits)f", value) }

/// Processor time of this process so far, in seconds.
func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Answers at once, without a network: the run's own cost is all there is.
struct InstantProvider: ModelProvider {
    var description: ProviderDescription { ProviderDescription(label: "instant", host: nil, model: "instant") }

    func objection(to template: PromptTemplate, model: String?) -> String? { nil }

    func stream(
        _ request: ModelRequest, deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) async throws(ModelFailure) {
        try deliver(.text("A"))
        try deliver(.text("nswer"))
        try deliver(.usage(RunUsage(input: 20, output: 2)))
        try deliver(.finished(reason: "stop"))
    }
}

struct RunBenchmark {
    static let sheet = SheetID(1)
    let rows: Int
    let workers: Int
    let directory: String
    private let logger = Logger(label: "benchmark", factory: { _ in SwiftLogNoOpLogHandler() })

    init(rows: Int, workers: Int, directory: String) {
        self.rows = rows
        self.workers = workers
        self.directory = directory
    }

    /// - Returns: answered cells a second.
    func run() async throws -> Double {
        guard let id = GridID("bench") else { throw CocoaError(.formatting) }
        let environment = PipelineEnvironment.live(
            clock: ContinuousClock(), wallClock: { UInt64(Date().timeIntervalSince1970 * 1_000) }, logger: logger,
            onFatal: { error in
                print("fatal: \(error)")
                exit(1)
            })
        let catalog = try SQLiteGridCatalog(directory: directory, startedAt: "now")
        let grid = try await LiveGrid.create(id: id, name: "Benchmark", store: catalog.create(id), environment: environment)
        try await fill(grid)
        let coordinator = RunCoordinator(
            provider: InstantProvider(),
            environment: RunEnvironment(
                clock: StandardRunClock(ContinuousClock()),
                newIntent: { IntentID(high: .random(in: .min ... .max), low: .random(in: .min ... .max)) }, newSeed: { 1 },
                firstRun: RunID(1), logger: logger))
        async let work: Void = coordinator.run()
        let feed = coordinator.activity(of: id)
        let before = grid.snapshot().revision.rawValue
        let clock = ContinuousClock()
        let (began, used) = (clock.now, processorTime())
        let run = try await coordinator.start(
            RunRequest(sheet: Self.sheet, column: ColumnID(2), scope: .all, concurrency: workers), on: grid)
        var end = run
        for await activity in feed {
            guard let status = activity.statuses.first(where: { $0.run == run.run }) else { continue }
            end = status
            if !status.isActive { break }
        }
        let seconds = (clock.now - began) / .seconds(1)
        guard end.committed == rows else { throw CocoaError(.featureUnsupported) }
        let commits = grid.snapshot().revision.rawValue - before
        coordinator.close()
        await work
        await grid.close()
        print(
            "\(rows) rows, \(workers) in flight: \(figure(Double(rows) / seconds, 0)) a second, \(figure((processorTime() - used) / Double(rows) * 1e6, 0)) us of processor time a row, \(commits) commits of \(figure(Double(2 * rows) / Double(commits), 1)) steps, \(figure(seconds / Double(commits) * 1e3)) ms each"
        )
        return Double(rows) / seconds
    }

    private func fill(_ grid: LiveGrid) async throws {
        let agent = AgentSettings(prompt: "In which country is the city {{City}}? Answer with its English name.")
        var changes: [Change] = [
            .addColumn(sheet: Self.sheet, name: "City", type: .text, width: nil, agent: nil, position: .last),
            .addColumn(sheet: Self.sheet, name: "Country", type: .text, width: nil, agent: agent, position: .last),
        ]
        for first in stride(from: 0, to: rows, by: 5_000) {
            var block = RowsBlock(columns: [ColumnID(1)])
            for row in first..<min(first + 5_000, rows) { block.append([CellValue(text: "City \(row)")]) }
            changes.append(.insertRows(sheet: Self.sheet, position: .last, rows: block))
        }
        for (number, change) in changes.enumerated() {
            _ = try await grid.submit(
                Command(intent: IntentID(high: 8, low: UInt64(number)), cause: Cause(kind: .importer), changes: [change]))
        }
    }
}

let arguments = CommandLine.arguments
guard arguments.count == 3, let rows = Int(arguments[1]) else {
    print("usage: RunBenchmark ROWS DIRECTORY")
    exit(2)
}
print("load of the machine before: \((try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.prefix(14) ?? "unknown")")
for workers in [4, 16, 64] {
    let directory = arguments[2] + "/trueline-run-benchmark"
    try? FileManager.default.removeItem(atPath: directory)
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let rate = try await RunBenchmark(rows: rows, workers: workers, directory: directory).run()
    Goals.report("answered cells a second, \(workers) in flight", rate)
    try? FileManager.default.removeItem(atPath: directory)
}
