import ArgumentParser
import Diagnosis
import Foundation
import TimelinePage
import Trace
import TraceImport

/// `trueline open`: the timeline of a trace, with its diagnosis, in a browser.
struct OpenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open", abstract: "Show a trace's timeline, with its diagnosis, in a browser.",
        discussion: """
            Makes one HTML file that needs no server and makes no request, and opens it. Exit codes: 0 done; 1 no browser could be \
            started (the file is there); 2 the command line or the input cannot be used.
            """)

    @Argument(help: "Traces; - is standard input.")
    var files: [String]

    @Option(help: "The files' format, when their content does not show it: trueline, har, otlp, redux or chrome.")
    var from: TraceFormat?

    @Option(help: "Where the HTML file goes. Without it: a new file in the directory for temporary files.")
    var output: String?

    @Flag(help: "Only write the file and print its path.")
    var noBrowser = false

    @Option(help: "Where the page's files are, as for serve.")
    var web: String?

    func run() async throws {
        let traces = try await TraceFiles.read(files, format: from)
        let report = DiagnosisReport(traces.log, Diagnosis(traces.log), inputs: traces.inputs)
        let settings = try Settings(file: nil)
        guard let directory = settings.value("web", flag: web) ?? ServePlan.webDirectory() else {
            throw CommandFailure(.usage, "the page's files were not found; name their directory with --web")
        }
        let name = traces.inputs.map(\.name).joined(separator: ", ")
        let page = try TimelinePage.html(name: name, trace: TraceWriter.bytes(of: traces.log), diagnosis: report.json()) {
            path in
            FileManager.default.contents(atPath: directory + "/" + path).map { [UInt8]($0) }
        }
        let path =
            output
            ?? FileManager.default.temporaryDirectory
            .appendingPathComponent("trueline-\(ProcessInfo.processInfo.processIdentifier)-timeline.html").path
        do {
            try Data(page).write(to: URL(fileURLWithPath: path))
        } catch {
            throw CommandFailure(
                .usage, "\(path) cannot be written: \(error.localizedDescription); choose another place with --output")
        }
        Console.print(path)
        if !noBrowser, !Browser.open(URL(fileURLWithPath: path).absoluteString) {
            throw CommandFailure(.failed, "no browser could be started; open \(path) yourself")
        }
    }
}
