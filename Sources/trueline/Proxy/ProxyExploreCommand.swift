import ArgumentParser
import Foundation

/// `trueline proxy explore`: a browser script once per order of the responses, and which orders end otherwise.
struct ProxyExploreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explore",
        abstract: "Run a script once per order of the responses it asks for, and report the orders that end otherwise.",
        discussion: """
            The script is any command; the proxy's address is in TRUELINE_PROXY_URL, and with --tls the certificate of its authority in the file \
            TRUELINE_PROXY_AUTHORITY, and its hash for Chromium in TRUELINE_PROXY_SPKI. An end is what the recorder in the page saw written last, \
            what the script posted to /__trueline/final, and its exit code. Exit codes: 0 every order ends alike; 1 some end otherwise; \
            2 the command line cannot be used, or the script fails undisturbed.
            """)

    @OptionGroup var options: ProxyOptions
    @OptionGroup var tls: TLSOptions

    @Option(
        help:
            "A command for the shell: it opens TRUELINE_PROXY_URL, acts without waiting for answers, waits until all is quiet, and ends."
    )
    var script: String

    @Option(name: .customLong("max-orders"), help: "How many orders are tried; those nearest to the recorded one first.")
    var maximum = 24

    @Option(help: "Which of equally near orders come first.")
    var seed: UInt64 = 1

    @Option(help: "Seconds that one run of the script may take.")
    var timeout = 120.0

    @Option(help: "Keep each run's recording and the script's output in this directory.")
    var keep: String?

    @Flag(name: .customLong("no-inject"), help: "Do not put the recorder into pages: only what the script posts is compared.")
    var noInject = false

    @Flag(help: "Print one JSON document.")
    var json = false

    func validate() throws {
        guard maximum > 0, maximum <= 100_000 else { throw ValidationError("--max-orders is from 1 to 100000") }
        guard timeout > 0 else { throw ValidationError("--timeout is above 0") }
    }

    func run() async throws {
        let folder = keep ?? NSTemporaryDirectory() + "trueline-explore-\(ProcessInfo.processInfo.processIdentifier)"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure(.usage, "\(folder) cannot be made: \(error.localizedDescription)")
        }
        // A recording that nobody asked for leaves with the run.
        defer { if keep == nil { try? FileManager.default.removeItem(atPath: folder) } }
        // One for all runs, so that a script can be told once whom to trust.
        let shown = try tls.shown(options)
        var script = ScriptRun(command: script, seconds: timeout)
        if let made = shown?.made {
            let file = tls.authority ?? folder + "/authority.pem"
            if tls.authority == nil { try TLSOptions.write(made.authority, to: file) }
            script.environment = ["TRUELINE_PROXY_AUTHORITY": file, "TRUELINE_PROXY_SPKI": made.pin]
        }
        var exploration = OrderExploration(
            options: options, certificate: shown?.certificate, script: script, folder: folder, injects: !noInject,
            maximum: maximum, seed: seed)
        let report = try await exploration.run { Console.error("trueline: \($0)") }
        let document = ExplorationReport(report, keeps: keep != nil)
        Console.print(json ? document.json(upstream: options.upstream, script: self.script) : document.text)
        if report.others > 0 { throw ExitCode(CommandFailure.Status.failed.rawValue) }
    }
}
