import ArgumentParser
import ChangePipeline
import Enrichment
import Foundation
import GridModel
import GridServer
import GridStore
import Logging
import SQLiteStore
import ServiceLifecycle

/// `trueline serve`: the composition root of a server. It picks clocks, chance, stores and the model.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve grids over HTTP, with the page to work in.",
        discussion: """
            Prints one line with the address when it is ready; logs go to standard error. Every option can also be set as \
            TRUELINE_NAME in the environment, or as a line "name = value" in the file of --config.
            """)

    @Option(help: "Where grids are kept.")
    var data: String?

    @Option(help: "The address to listen on; 127.0.0.1 when absent.")
    var host: String?

    @Option(help: "The port; 8787 when absent, 0 for any.")
    var port: Int?

    @Option(name: .customLong("allow-host"), help: "A host name to answer to, besides the loopback ones. May be repeated.")
    var allowHost: [String] = []

    @Option(help: "Where the page's files are.")
    var web: String?

    @Option(help: "A file of lines name = value.")
    var config: String?

    @Option(name: .customLong("log-level"), help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel: String?

    @Option(name: .customLong("demo-delay-ms"), help: "How long each answer of the demo rules takes, to watch a flood come in.")
    var demoDelay: Int?

    @Option(name: .customLong("call-seconds"), help: "How long one call to a model may take; 120 seconds when absent.")
    var callSeconds: Int?

    @Flag(
        name: .customLong("private-model"),
        help: "The model's host may be at a private address, though its name does not say so.")
    var privateModel = false

    @Option(
        name: .customLong("attest-every"),
        help: "Seconds between two checks of what a page shows, on average; 30 when absent, 0 for none.")
    var attestEvery: Int?

    @Option(help: "A JSON file with what models cost, for estimates, budgets and the ledger of runs.")
    var prices: String?

    @Flag(help: "Keep grids in memory only.")
    var memory = false

    @Flag(help: "Make a grid of airports when there is none.")
    var sample = false

    @Flag(help: "Open the page in the browser.")
    var open = false

    @Flag(help: "Keep traces that pages of this server post, and list them under /api/v1/traces.")
    var traces = false

    @Option(
        name: .customLong("trace-origin"),
        help: "An origin whose pages may post traces, as https://shop.example; with --traces. May be repeated.")
    var traceOrigin: [String] = []

    @Option(help: "Record the server itself to this file, as a trace: commits and what the event stream hands out.")
    var record: String?

    @Flag(name: .customLong("unsafe-control"), help: ArgumentHelp(visibility: .hidden))
    var unsafeControl = false

    func run() async throws {
        let plan = try ServePlan(self)
        try await ServedProcess(plan: plan).run()
    }
}

/// What a server is to be, after flags, environment, file and defaults.
struct ServePlan {
    var dataDirectory: String
    var server: GridServerConfiguration
    var keepsInMemory: Bool
    var wantsSample: Bool
    var opensBrowser: Bool
    var logLevel: Logger.Level
    /// What each answer of the demo rules takes at least.
    var demoDelay: Duration
    /// What one call to a model may take.
    var callTime: Duration
    /// Whether the model's host may turn out to have a private address.
    var allowsPrivateModel: Bool
    var prices: PriceTable
    /// Where the server records itself.
    var recordFile: String?
    var settings: Settings

    init(_ command: ServeCommand) throws {
        let settings = try Settings(file: command.config)
        self.settings = settings
        dataDirectory = settings.value("data", flag: command.data) ?? Self.defaultDirectory(settings)
        keepsInMemory = settings.isSet("memory", flag: command.memory)
        wantsSample = settings.isSet("sample", flag: command.sample)
        opensBrowser = command.open
        recordFile = settings.value("record", flag: command.record)
        let level = settings.value("log-level", flag: command.logLevel) ?? "info"
        guard let known = Logger.Level(rawValue: level) else { throw ValidationError("\"\(level)\" is not a log level") }
        logLevel = known
        let port = try Self.number("port", command.port, 0...65_535, or: 8_787, "a port", settings)
        demoDelay = .milliseconds(
            try Self.number(
                "demo-delay-ms", command.demoDelay, 0...60_000, or: 0, "a delay from 0 to 60000 milliseconds", settings))
        callTime = .seconds(
            try Self.number(
                "call-seconds", command.callSeconds, 1...3_600, or: 120, "a number of seconds from 1 to 3600", settings))
        allowsPrivateModel = settings.isSet("private-model", flag: command.privateModel)
        let attestEvery = try Self.number(
            "attest-every", command.attestEvery, 0...86_400, or: 30, "a number of seconds from 0 to 86400", settings)
        prices = try settings.value("prices", flag: command.prices).map { try PriceFile.read($0) } ?? PriceTable()
        let names = Self.list("allow-host", command.allowHost, settings)
        server = GridServerConfiguration(
            host: settings.value("host", flag: command.host) ?? "127.0.0.1", port: port, allowedHosts: names,
            webDirectory: settings.value("web", flag: command.web)
                ?? Self.webDirectory(),
            spoolDirectory: keepsInMemory ? nil : dataDirectory + "/spool", sampleFile: Self.found(Self.sample),
            version: Trueline.version,
            servesControl: command.unsafeControl)
        server.attestationInterval = attestEvery == 0 ? nil : attestEvery
        server.traces = try Self.traces(command, settings, dataDirectory: keepsInMemory ? nil : dataDirectory)
    }

    private static func number(
        _ name: String, _ flag: Int?, _ range: ClosedRange<Int>, or usual: Int, _ words: String, _ settings: Settings
    ) throws -> Int {
        guard let text = settings.value(name, flag: flag.map(String.init)) else { return usual }
        guard let number = Int(text), range.contains(number) else { throw ValidationError("\"\(text)\" is not \(words)") }
        return number
    }

    /// What may be given several times as a flag, and with commas elsewhere.
    private static func list(_ name: String, _ flags: [String], _ settings: Settings) -> [String] {
        guard flags.isEmpty else { return flags }
        return (settings.value(name, flag: nil) ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private static func traces(
        _ command: ServeCommand, _ settings: Settings, dataDirectory: String?
    ) throws -> GridServerConfiguration.Traces? {
        let origins = list("trace-origin", command.traceOrigin, settings)
        guard settings.isSet("traces", flag: command.traces) else {
            guard origins.isEmpty else { throw ValidationError("--trace-origin says who may post traces: give --traces too") }
            return nil
        }
        guard let dataDirectory else { throw ValidationError("--traces keeps files: leave out --memory") }
        for origin in origins {
            let parts = URLComponents(string: origin)
            guard let parts, let host = parts.host, !host.isEmpty, parts.path.isEmpty,
                parts.scheme == "http" || parts.scheme == "https"
            else { throw ValidationError("\"\(origin)\" is not an origin: write it as https://shop.example, without a path") }
        }
        return GridServerConfiguration.Traces(directory: dataDirectory + "/traces", origins: origins)
    }

    /// Where the sample lies in the project.
    static let sample = "Examples/data/airports.csv"

    static func defaultDirectory(_ settings: Settings) -> String {
        let base = settings["XDG_DATA_HOME"] ?? FileManager.default.homeDirectoryForCurrentUser.path + "/.local/share"
        return base + "/trueline"
    }

    /// A file of the project: beside the program or above it, else from where we are.
    static func webDirectory() -> String? { found("Web/index.html").map { String($0.dropLast(11)) } }

    static func found(_ path: String) -> String? {
        let program = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent()
        for start in [program, URL(filePath: FileManager.default.currentDirectoryPath)] {
            var folder = start
            while let current = folder {
                for candidate in [
                    current.appending(path: path), current.appending(path: "share/trueline").appending(path: path),
                ]
                where FileManager.default.fileExists(atPath: candidate.path) {
                    return candidate.path
                }
                folder = current.path == "/" ? nil : current.deletingLastPathComponent()
            }
        }
        return nil
    }
}
