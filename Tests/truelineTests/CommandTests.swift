import ArgumentParser
import Diagnosis
import Enrichment
import Foundation
import GridClient
import GridModel
import GridStore
import Ordering
import Testing

@testable import trueline

@Suite("Commands")
struct CommandTests {
    @Test("Nothing in a cell reaches the terminal as a command, or turns the reading direction")
    func clean() {
        let hostile = "a\u{1B}[2J\u{7}\r\nb\u{9B}31m\u{202E}c\u{200B}\u{2028}d\u{0}"
        let shown = TerminalFrame.clean(hostile)
        #expect(shown == "a·[2J···b·31m·c··d·")
        #expect(TerminalFrame.clean("Zürich 東京 🛫") == "Zürich 東京 🛫")
    }

    @Test("A line is never wider than the terminal, wide characters counted twice", arguments: [10, 20, 33, 80])
    func fits(columns: Int) {
        let names = ["City 東京", "n", "long name of a column"]
        let columnIDs = names.indices.map { ColumnID(UInt32($0) + 1) }
        var snapshot = Snapshot.empty
        snapshot.columns = zip(columnIDs, names).map { Column(id: $0, name: $1, type: .text) }
        let lines = TerminalFrame(columns: columns, lines: 10).lines(snapshot, page: 1, title: "東京東京東京東京東京東京")
        for line in lines { #expect(TerminalFrame.width(line) <= columns, "\(line)") }
    }

    @Test("predict takes limits, a guard that a replay can hold, and what fails a build")
    func predict() throws {
        let command = try PredictCommand.parse([
            "t.jsonl", "--bound", "3", "--budget", "9", "--guard", "G9", "--fail-on", "visible",
        ])
        #expect(command.bound == 3 && command.budget == 9)
        #expect(command.guard?.guard == .waitForDependency && command.failOn == .visible)
        for bad in [["--bound", "0"], ["--budget", "0"], ["--guard", "G6"], ["--guard", "G99"], ["--fail-on", "latent"]] {
            #expect(throws: (any Error).self) { try PredictCommand.parse(["t.jsonl"] + bad) }
        }
    }

    @Test(
        "an order file is a witness when it is JSON, names of requests otherwise, and is refused when it is neither whole nor known"
    )
    func witnesses() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "trueline-witness-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func file(_ text: String) throws -> String {
            let path = folder.appendingPathComponent("order").path
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            return path
        }
        let whole = #"{"type":"order","version":1,"process":"tab","steps":[{"event":"L4","kind":"delivered"}]}"#
        #expect(try WitnessFile.read(file(whole))?.steps.map(\.event) == ["L4"])
        #expect(try WitnessFile.read(file("r2\nr1\n")) == nil)
        for bad in ["{", #"{"type":"order","version":2,"process":"tab","steps":[]}"#, #"{"type":"trace","version":1}"#] {
            #expect(throws: CommandFailure.self) { try WitnessFile.read(file(bad)) }
        }
    }

    @Test("enrich takes a scope, a budget or a run, and refuses what makes no sense")
    func enrich() throws {
        let command = try EnrichCommand.parse(["--scope", "failed", "--most-tokens", "5000", "--concurrency", "8"])
        #expect(command.scope == "failed" && command.mostTokens == 5_000 && command.concurrency == 8)
        for bad in [["--scope", "some"], ["--first", "0"], ["--most-cost", "0"], ["--most-calls", "0"], ["--run", "7"]] {
            #expect(throws: (any Error).self) { try EnrichCommand.parse(bad) }
        }
    }

    @Test("A price list says what a million tokens cost, and a damaged one what it should be like")
    func prices() throws {
        let path = NSTemporaryDirectory() + "trueline-prices-\(UInt64.random(in: 0 ... .max)).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(#"{"models":{"gpt-*":{"input":0.15,"output":0.6}}}"#.utf8).write(to: URL(fileURLWithPath: path))
        let usage = try PriceFile.read(path).priced(RunUsage(input: 1_000_000, output: 500_000), model: "gpt-x")
        #expect(usage.cost == 450_000_000)
        try Data(#"{"models":{"gpt":{"input":-1,"output":0}}}"#.utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: Settings.Failure.self) { try PriceFile.read(path) }
        try Data("[]".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: Settings.Failure.self) { try PriceFile.read(path) }
    }

    @Test("A flood is a function of its seed, writes each change once, and keeps to its rate")
    func flood() {
        func plan(seed: UInt64) -> FloodPlan {
            FloodPlan(
                grid: GridID("g") ?? Self.grid, rows: (1...50).map { RowID($0) },
                columns: [Column(id: ColumnID(1), name: "t", type: .text), Column(id: ColumnID(2), name: "n", type: .number)],
                changes: 250, batch: 100, rate: 1_000, seed: seed, cause: .program)
        }
        let commands = (0..<plan(seed: 1).commands).map { plan(seed: 1).command($0) }
        #expect(commands.map(\.count) == [100, 100, 50])
        #expect(commands == (0..<3).map { plan(seed: 1).command($0) })
        #expect(commands != (0..<3).map { plan(seed: 2).command($0) })
        #expect((0..<3).map { plan(seed: 1).due($0) } == [0, 100, 200])
        for case .setCell(_, let column, let value, _) in commands.joined() {
            #expect(value?.kind == (column == ColumnID(2) ? .number : .text))
        }
    }

    private static let grid = GridID("other") ?? { preconditionFailure("other is a grid's id") }()

    @Test("Only addresses of this machine are flooded unasked")
    func loopback() {
        for address in [
            "http://127.0.0.1:8787", "http://localhost:1", "http://127.9.9.9", "http://[::1]:8787", "http://LOCALHOST",
        ] {
            #expect(FloodCommand.isLoopback(address), "\(address)")
        }
        for address in [
            "http://example.com", "http://127.0.0.1.example.com", "http://10.0.0.1", "http://0.0.0.0",
            "http://localhost.example",
            "http://user@example.com#@127.0.0.1", "nonsense", "",
        ] {
            #expect(!FloodCommand.isLoopback(address), "\(address)")
        }
    }

    @Test("Each failure has its documented exit code")
    func exitCodes() {
        let codes: [(any Error, CommandFailure.Status)] = [
            (ClientError(.unreachable, ""), .unreachable), (ClientError(.timedOut, ""), .unreachable),
            (ClientError(.refused(status: 404, problem: "not-found"), ""), .notFound),
            (ClientError(.refused(status: 507, problem: "full"), ""), .failed), (ClientError(.damagedReply, ""), .failed),
            (ClientError(.invalid, ""), .usage), (StoreError(.corrupt, ""), .failed), (CommandFailure(.usage, ""), .usage),
        ]
        for (error, status) in codes { #expect(CommandFailure(error).status == status, "\(error)") }
    }

    @Test("Thousands are marked")
    func grouped() {
        #expect(
            [0, 999, 1_000, 28_297, 1_000_000, -1_234].map(\.grouped) == ["0", "999", "1,000", "28,297", "1,000,000", "-1,234"])
        #expect([1, 2].map { $0.counted("row") } == ["1 row", "2 rows"])
    }
}
