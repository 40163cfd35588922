import ArgumentParser
import Diagnosis
import Foundation
import TraceImport

/// `trueline diagnose`: what went wrong, where it first diverged, which guard prevents it.
struct DiagnoseCommand: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, html
    }

    static let configuration = CommandConfiguration(
        commandName: "diagnose",
        abstract: "Find what went wrong in a recorded trace, where it first diverged, and which guard prevents it.",
        discussion: """
            Several files are taken as one trace: a browser's and its server's, say, linked by their requests. \
            Exit codes: 0 clean; 1 findings at or above --fail-on; 2 the command line or the input cannot be used.
            """)

    @Argument(help: "Traces; - is standard input.")
    var files: [String]

    @Option(help: "The files' format, when their content does not show it: trueline, har, otlp, redux or chrome.")
    var from: TraceFormat?

    @Option(help: "text for people, json for programs (documented, stable), html is one file that opens from disk.")
    var format = Format.text

    @Option(help: "The least severity that makes the exit code 1: latent, transient, visible or durable.")
    var failOn = "latent"

    @Option(help: "Write the report to this file instead of standard output.")
    var output: String?

    func validate() throws {
        guard Severity.allCases.contains(where: { $0.name == failOn }) else {
            throw ValidationError("--fail-on is \(failOn); give latent, transient, visible or durable")
        }
    }

    func run() async throws {
        let traces = try await TraceFiles.read(files, format: from)
        let diagnosis = Diagnosis(traces.log)
        let report = DiagnosisReport(traces.log, diagnosis, inputs: traces.inputs)
        let bytes =
            switch format {
            case .text: Array(report.text(isColoured: output == nil && Console.isTerminal).utf8)
            case .json: report.json()
            case .html: Array(report.html().utf8)
            }
        if let output {
            try Data(bytes).write(to: URL(fileURLWithPath: output))
        } else {
            Console.write(bytes, to: STDOUT_FILENO)
        }
        let least = Severity.allCases.first { $0.name == failOn } ?? .latent
        if let worst = diagnosis.worst, worst >= least { throw ExitCode(CommandFailure.Status.failed.rawValue) }
    }
}
