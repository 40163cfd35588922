import ArgumentParser
import Diagnosis
import Foundation
import Trace
import TraceImport

/// `trueline replay`: the recorded payloads in another order, the resulting states side by side.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Deliver a trace's recorded responses in another order, with or without a guard, and compare the states.",
        discussion: """
            This is T1: the payloads are the recorded ones, only the order of their arrival changes. What the server would have \
            answered to requests in another order is not known to it. Exit codes: 0 the states are equal; 1 they differ; 2 the command \
            line or the input cannot be used.
            """)

    @Argument(help: "Traces; - is standard input.")
    var files: [String]

    @Option(help: "The files' format, when their content does not show it: trueline, har, otlp, redux or chrome.")
    var from: TraceFormat?

    @Option(
        help:
            "intent (as asked for), completion (as recorded), or a file: a witness of trueline predict, or a request's name on each line."
    )
    var order = "intent"

    @Option(
        help:
            "A guard between delivery and write: G1 to G5 or G9. G6 to G8 decide about commits, rollbacks and frames: see diagnose."
    )
    var `guard`: GuardOption?

    @Flag(help: "Also list the keys that end the same.")
    var all = false

    @Flag(help: "Print one JSON document.")
    var json = false

    func validate() throws {
        try `guard`?.validate()
    }

    func run() async throws {
        let traces = try await TraceFiles.read(files, format: from)
        let option = `guard`?.guard
        let result: Replay.Result
        if let witness = try WitnessFile.read(order) {
            let replayed = try witness.replay(traces.log, guard: option, path: order)
            if let event = replayed.inexactBeyond {
                Console.error(
                    "trueline: inexact beyond \(traces.log.name(of: event)), which reads something else in this order")
            }
            result = replayed.replay
        } else {
            result = Replay(traces.log).run(try readOrder(), guard: option)
        }
        for name in result.unknownNames.prefix(5) {
            Console.error("trueline: \(order) names \(name), which is no request of this trace")
        }
        let rows = result.rows.filter { all || $0.differs }
        if json {
            Console.print(ReplayDocument(result: result, rows: rows, log: traces.log).text)
        } else {
            show(result, rows, traces)
        }
        if result.rows.contains(where: \.differs) { throw ExitCode(CommandFailure.Status.failed.rawValue) }
    }

    private func readOrder() throws -> Replay.Order {
        switch order {
        case "intent": return .intent
        case "completion": return .completion
        default:
            guard let text = try? String(contentsOfFile: order, encoding: .utf8) else {
                throw CommandFailure(.usage, "--order is \(order): neither intent nor completion nor a file that can be read")
            }
            return .named(
                text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty })
        }
    }

    private func show(_ result: Replay.Result, _ rows: [Replay.Row], _ traces: TraceFiles) {
        let log = traces.log
        Console.print(
            "Recorded: \(result.recordedInversions) writes out of order. Replayed (\(order)\(`guard`?.guard.map { ", \($0.code)" } ?? "")): \(result.replayedInversions), \(result.blocked) writes blocked."
        )
        for row in rows {
            let slot = row.slot.isNone ? "" : "\(log.text(row.slot)) "
            Console.print(
                "\(slot)`\(log.text(row.key))`: recorded \(row.recorded)\(row.differs ? ", replayed \(row.replayed)" : ", the same")"
            )
        }
        if rows.isEmpty { Console.print("Every key ends the same.") }
    }
}
