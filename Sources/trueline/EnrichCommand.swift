import ArgumentParser
import Foundation
import GridClient
import GridModel

/// `trueline enrich`: an agent's run, watched from the terminal.
struct EnrichCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrich", abstract: "Let a column's agent fill cells, and show how far it is.",
        discussion: """
            The column has a prompt, written in the page. --estimate says what a run would ask and cost, and begins none. The run \
            belongs to the server: when this command is stopped it goes on, and --run RUN watches it again. \
            \(CommandFailure.explanation) A run that ended with failed cells, was cancelled or refused, or paused, is 1.
            """)

    @OptionGroup var server: ServerOptions
    @OptionGroup var target: TargetOptions

    @Option(help: "The column, by id or name; the only one with an agent when absent.")
    var column: String?

    @Option(help: "empty, all, failed or stale: which rows' cells.")
    var scope = "empty"

    @Option(help: "Only the first so many rows.")
    var first: Int?

    @Option(help: "A saved view, by id or name: only its rows, in its order.")
    var view: String?

    @Option(help: "Calls at once.")
    var concurrency: Int?

    @Option(name: .customLong("most-calls"), help: "Pause before more calls than this.")
    var mostCalls: UInt64?

    @Option(name: .customLong("most-tokens"), help: "Pause before more tokens than this.")
    var mostTokens: UInt64?

    @Option(
        name: .customLong("most-cost"),
        help: "Pause before a higher cost than this, in the currency of the server's price list.")
    var mostCost: Double?

    @Flag(name: .customLong("ask-anew"), help: "Ask also what was asked before.")
    var asksAnew = false

    @Flag(help: "Say what the run would ask and cost, and begin none.")
    var estimate = false

    @Option(help: "Watch this run instead of beginning one.")
    var run: String?

    @Flag(help: "Print the run's JSON document at the end.")
    var json = false

    func validate() throws {
        guard ["empty", "all", "failed", "stale"].contains(scope) else {
            throw ValidationError("--scope is empty, all, failed or stale; found \"\(scope)\"")
        }
        if let first, first < 1 { throw ValidationError("--first takes 1 or more rows") }
        if let mostCost, !(mostCost > 0 && mostCost <= 1e9) {
            throw ValidationError("--most-cost is above 0, at most 1000000000")
        }
        for most in [mostCalls, mostTokens] where most == 0 { throw ValidationError("a budget of 0 asks nothing") }
        if let run, RunID(text: run) == nil { throw ValidationError("\"\(run)\" is not the id of a run, such as run12") }
    }

    func run() async throws {
        try await server.withClient { client in
            if let run, let id = RunID(text: run) {
                return try await watch(id, of: try await target.findGrid(client).id, client)
            }
            let (grid, sheet) = try await target.find(client)
            let wish = try wish(sheet)
            if estimate { return Console.print(try await client.estimateRun(wish, of: grid.id)) }
            let begun = try await client.startRun(wish, of: grid.id)
            if !json { Console.error("\(begun.progress.run) began; it goes on at the server when this command is stopped") }
            try await watch(begun.progress.run, of: grid.id, client)
        }
    }

    private func wish(_ sheet: SheetDescription) throws -> RunWish {
        let scopes: [String: RunWish.Scope] = ["all": .all, "failed": .failed, "stale": .stale]
        return RunWish(
            sheet: sheet.id, column: try findColumn(of: sheet).id, scope: first.map { .first($0) } ?? scopes[scope] ?? .empty,
            view: try findView(of: sheet), concurrency: concurrency,
            budget: RunBudget(calls: mostCalls, tokens: mostTokens, cost: mostCost.map { UInt64($0 * 1e9) }),
            sharesAnswers: !asksAnew)
    }

    private func findColumn(of sheet: SheetDescription) throws -> Column {
        let agents = sheet.columns.filter { $0.agent != nil }
        let list = agents.isEmpty ? "it has none" : "it has " + agents.map { "\($0.id) (\($0.name))" }.joined(separator: ", ")
        guard let column else {
            guard let only = agents.first, agents.count == 1 else {
                throw CommandFailure(.usage, "name a column with an agent with --column: \(list)")
            }
            return only
        }
        guard
            let found = sheet.columns.first(where: { $0.id.description == column })
                ?? sheet.columns.first(where: { $0.name == column })
        else { throw CommandFailure(.notFound, "sheet \(sheet.id) has no column \"\(column)\"; with an agent \(list)") }
        return found
    }

    private func findView(of sheet: SheetDescription) throws -> ViewID? {
        guard let view else { return nil }
        guard let text = try ViewText.selection(view, of: sheet), let id = ViewID(text: text) else {
            throw CommandFailure(.usage, "--view names a saved view")
        }
        return id
    }

    /// Follows a run to its end. The stream tells when something happened, the server's document how the run stands.
    private func watch(_ run: RunID, of grid: GridID, _ client: GridClient) async throws {
        let line = ProgressLine("\(run)", isQuiet: json)
        let events = client.events(of: grid)
        var iterator = events.makeAsyncIterator()
        // The stream is open before the first look: nothing that happens after it is missed.
        _ = try await iterator.next()
        var report = try await client.run(run, of: grid)
        while !report.progress.isSettled {
            Self.show(report.progress, line)
            guard let event = try await iterator.next() else { break }
            if case .run(let progress) = event, progress.run == run, !progress.isSettled {
                report.progress = progress
            } else if event.mayEnd(run) {
                report = try await client.run(run, of: grid)
            }
        }
        line.end()
        Console.print(json ? report.json : Self.words(report.progress))
        if report.progress.state != "finished" || report.progress.failed > 0 { throw ExitCode(1) }
    }

    private static func show(_ progress: RunProgress, _ line: ProgressLine) {
        let ended = progress.done + progress.failed + progress.skipped
        let total = ended + progress.running + progress.queued
        let text = "\(progress.done.grouped) done, \(progress.failed.grouped) failed, \(progress.queued.grouped) queued"
        line.show(text, fraction: total > 0 ? Double(ended) / Double(total) : nil)
    }

    private static func words(_ progress: RunProgress) -> String {
        "\(progress.run) \(progress.state): \(progress.done.counted("answer")), \(progress.failed.grouped) failed, "
            + "\(progress.skipped.grouped) skipped, \(progress.queued.grouped) not asked"
    }
}

extension RunProgress {
    /// Nothing more happens unless a person does something.
    fileprivate var isSettled: Bool { !["running", "ending"].contains(state) }
}

extension GridEvent {
    /// The run may have ended, though the stream may not have told.
    fileprivate func mayEnd(_ run: RunID) -> Bool {
        switch self {
        case .run(let progress): progress.run == run
        case .connected, .gap, .heartbeat, .restored: true
        case .commit, .lost: false
        }
    }
}
