import ArgumentParser
import Foundation
import ReorderProxy
import Reordering
import UnixSignals

/// `trueline proxy run`: one plan, until it is stopped.
struct ProxyRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Record, and release responses by a plan, until stopped. This is what trueline proxy does.",
        discussion: """
            Prints one line with the address. Open /__trueline/ there to see what is held and to release it by hand. Exit codes: 0 \
            stopped; 1 with --strict, the plan could not be kept; 2 the command line cannot be used.
            """)

    @OptionGroup var options: ProxyOptions
    @OptionGroup var tls: TLSOptions

    @Option(help: "The port; 0 for any.")
    var port = 8788

    @Option(help: "pass, intent, reverse, hand, or a file: a plan, or a witness of trueline predict --witness.")
    var plan: String?

    @Option(help: "A witness of trueline predict --witness: the same as --plan FILE.")
    var witness: String?

    @Option(help: "Try the orders of what comes together, each once, in a sequence drawn by this seed.")
    var seed: UInt64?

    @Option(help: "Write a trace to this file: what passes, and what the recorders in pages send.")
    var record: String?

    @Flag(help: "Put the recorder into HTML pages: it records, and says when a page has handled what was released.")
    var inject = false

    @Option(help: "What the recorder that is put in keeps of values: digests or keep.")
    var values = "digests"

    @Flag(help: "Exit with 1 when the plan could not be kept.")
    var strict = false

    func validate() throws {
        guard [plan, witness, seed.map { "\($0)" }].compactMap(\.self).count <= 1 else {
            throw ValidationError("one of --plan, --witness and --seed")
        }
        guard ["digests", "keep"].contains(values) else { throw ValidationError("--values is digests or keep") }
        guard (0...65_535).contains(port) else { throw ValidationError("--port is from 0 to 65535") }
    }

    func run() async throws {
        let file = try record.map(RecordFile.init)
        var configuration = try options.configuration(port: port, plan: try chosenPlan())
        configuration.certificate = try tls.shown(options)?.certificate
        configuration.injects = inject
        configuration.keepsValues = values == "keep"
        let environment = try options.environment(record: file) { Console.error("trueline: \($0)") }
        let proxy: ReorderProxy
        do {
            proxy = try await ReorderProxy.start(configuration, environment)
        } catch {
            throw CommandFailure(.failed, "cannot listen on \(options.listen):\(port): \(error)")
        }
        // The line that scripts wait for: also when it goes to a pipe.
        Console.print(configuration.address(port: proxy.port))
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { break }
        let summary = try await proxy.summary()
        try await proxy.stop()
        file?.close()
        if strict, summary.isInexact { throw ExitCode(CommandFailure.Status.failed.rawValue) }
    }

    private func chosenPlan() throws -> ReorderingPlan {
        if let seed { return .drawn(seed: seed) }
        guard let name = plan ?? witness else { return .pass }
        if plan != nil, let known = ReorderingPlan(named: name) { return known }
        do {
            return try PlanReader.read(try ProxyOptions.read(name))
        } catch let failure as PlanFailure {
            throw CommandFailure(.usage, "\(name) is no plan: \(failure.message)")
        }
    }
}
