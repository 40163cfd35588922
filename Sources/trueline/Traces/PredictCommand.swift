import ArgumentParser
import Diagnosis
import Foundation
import TraceImport

/// `trueline predict`: which other orders of a trace's responses end otherwise.
struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "From a trace, healthy or not: which other orders of the same responses end in another state.",
        discussion: """
            Each prediction has an order that leads there, the rule it breaks, who would see it, and the guard that removes it. This is T1: \
            the recorded payloads in another order of arrival. Exit codes: 0 no prediction at or above --fail-on; 1 predictions; \
            2 the command line or the input cannot be used.
            """)

    @Argument(help: "Traces; - is standard input.")
    var files: [String]

    @Option(help: "The files' format, when their content does not show it: trueline, har, otlp, redux or chrome.")
    var from: TraceFormat?

    @Option(help: "text for people, json for programs (documented, stable), html is one file that opens from disk.")
    var format = DiagnoseCommand.Format.text

    @Option(help: "How many pairs of responses may come the other way round than recorded, in one order.")
    var bound = PredictionLimits.defaultReversals

    @Option(help: "How many orders of one group of responses are replayed before further ones are drawn by chance.")
    var budget = PredictionLimits.defaultReplays

    @Option(help: "What chance is drawn from: the same seed gives the same report.")
    var seed: UInt64 = 1

    @Option(help: "Predict as if every response went through this guard, G1 to G5 or G9.")
    var `guard`: GuardOption?

    @Option(help: "What makes the exit code 1: visible (a person would see it), or any other end.")
    var failOn = PredictionReport.Threshold.any

    @Option(help: "Write an order for each prediction to this directory: trueline replay FILE --order DIR/1.json.")
    var witness: String?

    @Option(help: "Also write JUnit XML to this file.")
    var junit: String?

    @Option(help: "Also write SARIF 2.1.0 to this file.")
    var sarif: String?

    @Option(help: "Write the report to this file instead of standard output.")
    var output: String?

    func validate() throws {
        guard bound > 0, budget > 0 else { throw ValidationError("--bound and --budget are above 0") }
        try `guard`?.validate()
    }

    func run() async throws {
        let traces = try await TraceFiles.read(files, format: from)
        let limits = PredictionLimits(
            reversals: bound, replays: budget, seed: seed, guard: `guard`?.guard)
        let predictions = Predictions(traces.log, limits)
        guard predictions.hasWrites else {
            throw CommandFailure(
                .usage,
                "nothing can be predicted from \(traces.inputs.map(\.name).joined(separator: ", ")): no write of a response is recorded. \(TraceFiles.howToRecordWrites)"
            )
        }
        let report = PredictionReport(
            traces.log, predictions, inputs: traces.inputs, replayCommand: replayCommand, artifact: files.first ?? "")
        try write(report)
        if !report.failing(failOn).isEmpty { throw ExitCode(CommandFailure.Status.failed.rawValue) }
    }

    private var replayCommand: String {
        (["trueline", "replay"] + files.map(Self.quoted) + (from.map { ["--from", $0.rawValue] } ?? []) + ["--order"])
            .joined(separator: " ")
    }

    /// A name as a shell takes it for one word: the report's commands are there to be pasted.
    private static func quoted(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-._/@:+,=".utf8.contains(byte)
        }
        return isPlain && !name.isEmpty ? name : "'" + name.replacing("'", with: "'\\''") + "'"
    }

    private func write(_ report: PredictionReport) throws {
        if let witness { try writeWitnesses(report, to: witness) }
        if let junit { try Self.write(report.junit(failOn), to: junit) }
        if let sarif { try Self.write(report.sarif(toolVersion: Trueline.version), to: sarif) }
        let bytes =
            switch format {
            case .text:
                Array(report.text(isColoured: output == nil && Console.isTerminal, witnesses: witness.map(Self.quoted)).utf8)
            case .json: report.json()
            case .html: Array(report.html(witnesses: witness.map(Self.quoted)).utf8)
            }
        if let output { try Self.write(bytes, to: output) } else { Console.write(bytes, to: STDOUT_FILENO) }
    }

    private func writeWitnesses(_ report: PredictionReport, to directory: String) throws {
        let folder = URL(fileURLWithPath: directory, isDirectory: true)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure(
                .usage, "\(directory) cannot be made: \(error.localizedDescription); give --witness another place")
        }
        for (index, prediction) in report.predictions.found.enumerated() {
            try Self.write(
                report.witness(prediction), to: folder.appendingPathComponent(PredictionReport.witnessName(index)).path)
        }
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        } catch {
            throw CommandFailure(.usage, "\(path) cannot be written: \(error.localizedDescription); choose another place")
        }
    }
}

extension PredictionReport.Threshold: ExpressibleByArgument {}
