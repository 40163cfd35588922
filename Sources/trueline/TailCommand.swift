import ArgumentParser
import Foundation
import GridClient
import GridModel
import Ordering
import Wire

/// `trueline tail`: what happens in a grid, a line an event.
struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Print a grid's events as they come: revisions and what they touched, never values.",
        discussion: "A stream that breaks is opened again after the last event, without a loss. \(CommandFailure.explanation)")

    @OptionGroup var server: ServerOptions

    @Option(help: "The grid, by id or name; the only one when absent.")
    var grid: String?

    @Option(help: "Begin after this revision; with what happens from now on when absent.")
    var after: UInt64?

    @Option(help: "End after so many events.")
    var count: Int?

    @Flag(help: "Print a JSON document a line.")
    var json = false

    func run() async throws {
        var target = TargetOptions()
        target.grid = grid
        let found = target
        try await server.withClient { client in
            let grid = try await found.findGrid(client)
            var printed = 0
            for try await event in client.events(of: grid.id, after: after.map { Revision($0) }) {
                guard let line = json ? Self.document(event) : Self.line(event) else { continue }
                Console.print(line)
                printed += 1
                if let count, printed >= count { return }
            }
        }
    }

    static func line(_ event: GridEvent) -> String? {
        switch event {
        case .connected(let revision, let after):
            "connected at revision \(revision)" + (after.map { ", resumed after \($0)" } ?? "")
        case .commit(let commit):
            "\(span(commit))  \(commit.changes.grouped) changes  "
                + commit.sheets.sorted { $0.key < $1.key }.map { "\($0.key): \(words($0.value))" }.joined(separator: "; ")
        case .run(let run):
            "\(run.run) \(run.state)  done \(run.done), running \(run.running), queued \(run.queued), failed \(run.failed), "
                + "skipped \(run.skipped)"
        case .gap(let revision): "gap: events before revision \(revision) are no longer kept"
        case .heartbeat: nil
        case .restored(let revision, let heard):
            "restored: the server serves an older copy, at revision \(revision); what it had up to \(heard) is gone"
        case .lost(let error): "lost: \(error.message); connecting again"
        }
    }

    private static func span(_ commit: CommitSignal) -> String {
        commit.from == commit.revision ? "\(commit.revision)" : "\(commit.from)-\(commit.revision)"
    }

    private static func words(_ touched: CommitSignal.Touched) -> String {
        var words = ["rows " + rows(touched)]
        words.append("columns " + (touched.columns.map { $0.map(\.description).joined(separator: ",") } ?? "many"))
        if touched.order { words.append("order") }
        if touched.structure { words.append("structure") }
        return words.joined(separator: " ")
    }

    private static func rows(_ touched: CommitSignal.Touched) -> String {
        guard let rows = touched.rows else { return "many" }
        return rows.map { $0.lowerBound == $0.upperBound ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }

    static func document(_ event: GridEvent) -> String? {
        let bytes = WireWriter.write { writer in
            writer.object { writer in
                switch event {
                case .connected(let revision, let after):
                    writer.member("event", "connected")
                    writer.member("revision", revision)
                    if let after { writer.member("resumedAfter", after) }
                case .commit(let commit):
                    writer.member("event", "commit")
                    writer.member("from", commit.from)
                    writer.member("revision", commit.revision)
                    writer.member("changes", commit.changes)
                    writer.objectMember("sheets") { writer in
                        for (id, touched) in commit.sheets.sorted(by: { $0.key < $1.key }) {
                            writer.name(id)
                            writer.object { writer in
                                writer.member("rows", rows(touched))
                                writer.arrayMember("columns") { writer in
                                    for column in touched.columns ?? [] { writer.identifier(column) }
                                }
                                writer.member("order", touched.order)
                                writer.member("structure", touched.structure)
                            }
                        }
                    }
                case .run(let run):
                    writer.member("event", "run")
                    writer.member("run", run.run.description)
                    writer.member("state", run.state)
                    writer.member("done", run.done)
                    writer.member("running", run.running)
                    writer.member("queued", run.queued)
                    writer.member("failed", run.failed)
                    writer.member("skipped", run.skipped)
                case .gap(let revision):
                    writer.member("event", "gap")
                    writer.member("revision", revision)
                case .heartbeat: writer.member("event", "heartbeat")
                case .restored(let revision, let heard):
                    writer.member("event", "restored")
                    writer.member("revision", revision)
                    writer.member("heard", heard)
                case .lost(let error):
                    writer.member("event", "lost")
                    writer.member("reason", error.message)
                }
            }
        }
        return event == .heartbeat ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
