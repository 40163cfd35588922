import ArgumentParser
import Foundation
import GridClient
import GridModel
import Ordering
import Synchronization
import Wire

/// `trueline flood`: a writer for load.
struct FloodCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flood", abstract: "Change many cells at a steady rate, to see how a server and its screens bear it.",
        discussion: """
            It overwrites cells of the columns named: use a grid made for it. Only servers on this machine are flooded unless \
            --allow-remote says so. The same seed writes the same values. \(CommandFailure.explanation)
            """)

    @OptionGroup var server: ServerOptions
    @OptionGroup var target: TargetOptions

    @Option(help: "How many cells to change.")
    var changes = 10_000

    @Option(help: "Changes a second; 0 for as fast as the server takes them.")
    var rate = 1_000

    @Option(help: "The columns to write, by id or name, separated by commas; the last one when absent.")
    var columns: String?

    @Option(help: "Changes of one command.")
    var batch = 100

    @Option(help: "Commands in flight at one time.")
    var writers = 4

    @Option(help: "Change only the first N rows of the sheet.")
    var rows = 10_000

    @Option(help: "What the rows and values are chosen by.")
    var seed: UInt64 = 1

    @Flag(help: "Write as a person, whose changes commit at once, rather than as a program.")
    var person = false

    @Flag(help: "Flood a server on another machine.")
    var allowRemote = false

    @Flag(help: "Print one JSON document.")
    var json = false

    func validate() throws {
        for (name, value, range) in [
            ("changes", changes, 1...1_000_000_000), ("rate", rate, 0...10_000_000), ("batch", batch, 1...10_000),
            ("writers", writers, 1...256), ("rows", rows, 1...1_000_000),
        ] where !range.contains(value) {
            throw ValidationError("--\(name) takes \(range.lowerBound) to \(range.upperBound), found \(value)")
        }
    }

    func run() async throws {
        guard allowRemote || Self.isLoopback(server.address) else {
            throw CommandFailure(.usage, "\(server.address) is not on this machine; --allow-remote floods it all the same")
        }
        try await server.withClient { client in
            let (grid, sheet) = try await target.find(client)
            let columns = try chosenColumns(sheet)
            let rows = try await rowIDs(client, grid, sheet)
            let plan = FloodPlan(
                grid: grid.id, rows: rows, columns: columns, changes: changes, batch: batch, rate: rate, seed: seed,
                cause: person ? .person : .program)
            let progress = Mutex(ProgressLine("flood", isQuiet: json))
            let result = await Flood(plan: plan, client: client).run(writers: writers) { done, failed in
                progress.withLock {
                    $0.show(
                        "\(done.grouped) changes\(failed > 0 ? ", \(failed.grouped) failed" : "")",
                        fraction: Double(done) / Double(changes))
                }
            }
            progress.withLock { $0.end() }
            report(result)
            if let failure = result.failure { throw failure }
        }
    }

    private func chosenColumns(_ sheet: SheetDescription) throws -> [Column] {
        guard let columns else {
            guard let last = sheet.columns.last else {
                throw CommandFailure(.usage, "sheet \(sheet.id) has no columns; import something first, or make a column")
            }
            return [last]
        }
        return try columns.split(separator: ",").map { name in
            guard let found = sheet.columns.first(where: { $0.id.description == name || $0.name == name }) else {
                let list = sheet.columns.map { "\($0.id) (\($0.name))" }.joined(separator: ", ")
                throw CommandFailure(.usage, "sheet \(sheet.id) has no column \"\(name)\": it has \(list)")
            }
            return found
        }
    }

    private func rowIDs(_ client: GridClient, _ grid: GridDescription, _ sheet: SheetDescription) async throws -> [RowID] {
        var ids: [RowID] = []
        var page = 1
        while ids.count < rows {
            let read = try await client.pages(page...page, of: sheet.id, in: grid.id, pageSize: min(1_000, rows))
            let found = read.pages.first?.rows ?? []
            if found.isEmpty { break }
            ids += found.map(\.id)
            page += 1
        }
        guard !ids.isEmpty else {
            throw CommandFailure(.usage, "sheet \(sheet.id) has no rows to change; import something first")
        }
        return Array(ids.prefix(rows))
    }

    private func report(_ result: Flood.Result) {
        let seconds = max(Double(result.milliseconds) / 1_000, 0.001)
        let perSecond = Int((Double(result.changes) / seconds).rounded())
        if json {
            let bytes = WireWriter.write { writer in
                writer.object { writer in
                    writer.member("changes", result.changes)
                    writer.member("failed", result.failed)
                    writer.member("milliseconds", Int(result.milliseconds))
                    writer.member("changesPerSecond", perSecond)
                    writer.member("commands", result.latencies.count)
                    writer.member("lastRevision", result.lastRevision)
                    writer.member("acknowledgedMillisecondsP50", result.latency(0.5))
                    writer.member("acknowledgedMillisecondsP95", result.latency(0.95))
                    writer.member("acknowledgedMillisecondsP99", result.latency(0.99))
                }
            }
            return Console.print(String(decoding: bytes, as: UTF8.self))
        }
        Console.print(
            "\(result.changes.grouped) changes in \(String(format: "%.1f", seconds)) s: \(perSecond.grouped) a second, "
                + "\(result.latencies.count.grouped) commands, up to revision \(result.lastRevision)")
        Console.print(
            "acknowledged after \(result.latency(0.5)) ms (p50), \(result.latency(0.95)) ms (p95), \(result.latency(0.99)) ms (p99)"
        )
        if result.failed > 0 { Console.error("\(result.failed.grouped) changes failed") }
    }

    /// True for an address that cannot leave this machine.
    static func isLoopback(_ address: String) -> Bool {
        guard let host = URLComponents(string: address)?.host?.lowercased() else { return false }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host == "localhost" || host == "[::1]" || host == "::1"
            || parts.count == 4 && parts.allSatisfy { $0 != nil } && parts[0] == 127
    }
}
