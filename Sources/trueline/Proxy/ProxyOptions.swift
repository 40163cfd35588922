import ArgumentParser
import Foundation
import ReorderProxy
import Reordering

/// What every form of the proxy is told.
struct ProxyOptions: ParsableArguments {
    @Option(help: "The one server to ask, such as http://127.0.0.1:8790 or https://shop.example.")
    var upstream: String

    @Option(help: "The address to listen on.")
    var listen = "127.0.0.1"

    @Option(name: .customLong("allow-host"), help: "A host name to answer to, besides the loopback ones. May be repeated.")
    var allowHost: [String] = []

    @Option(name: .customLong("ignore"), help: "An argument that does not count when requests are compared. May be repeated.")
    var ignored: [String] = []

    @Option(help: "Seconds without anything new after which a plan no longer waits for a request that was not made.")
    var patience = 2.0

    @Flag(name: .customLong("keep-host"), help: "The server sees the Host, Origin and Referer that the browser sent.")
    var keepHost = false

    @Option(name: .customLong("trust"), help: "A file of certificates in PEM to trust besides the system's.")
    var trust: String?

    @Option(help: "Where the page's files are.")
    var web: String?

    func validate() throws {
        guard Upstream(upstream) != nil else {
            throw ValidationError("--upstream is \(upstream); give it as http://host:port or https://host, without a path")
        }
        guard patience > 0, patience <= 3_600 else { throw ValidationError("--patience is above 0 and at most 3600 seconds") }
    }

    func configuration(port: Int, plan: ReorderingPlan) throws -> ProxyConfiguration {
        guard let upstream = Upstream(upstream) else { throw CommandFailure(.usage, "--upstream is no address") }
        var configuration = ProxyConfiguration(upstream: upstream, host: listen, port: port, plan: plan)
        configuration.limits = ReorderingLimits(patience: UInt64(patience * 1e9))
        configuration.allowedHosts = allowHost
        configuration.ignoredArguments = Set(ignored)
        configuration.keepsHost = keepHost
        configuration.files = try files()
        return configuration
    }

    func environment(
        record file: RecordFile?, say: @escaping @Sendable (String) -> Void
    ) throws -> ProxyEnvironment {
        var record: (@Sendable ([UInt8]) -> Void)?
        if let file { record = { file.append($0) } }
        return ProxyEnvironment(
            now: { DispatchTime.now().uptimeNanoseconds }, random: { UInt64.random(in: .min ... .max) }, record: record,
            trusted: try trust.map(Self.read) ?? [], say: say)
    }

    /// The proxy's own page, and the recorder.
    private func files() throws -> [String: [UInt8]] {
        guard let directory = web ?? ServePlan.webDirectory() else {
            throw CommandFailure(.usage, "the page's files were not found; name their directory with --web")
        }
        let paths = [
            "index.html": "proxy/index.html", "proxy.css": "proxy/proxy.css", "proxy.js": "proxy/proxy.js",
            "tokens.css": "styles/tokens.css", "recorder.js": "trueline-recorder.js",
        ]
        return try paths.mapValues { try Self.read(directory + "/" + $0) }
    }

    static func read(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(.usage, "\(path) cannot be read")
        }
        return Array(data)
    }
}

/// A file that lines are added to, away from who adds them.
final class RecordFile: Sendable {
    private let handle: FileHandle
    private let queue = DispatchQueue(label: "trueline.proxy.record")

    init(_ path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let handle = FileHandle(forWritingAtPath: path)
        else {
            throw CommandFailure(.usage, "\(path) cannot be written; choose another place")
        }
        self.handle = handle
    }

    func append(_ lines: [UInt8]) {
        queue.async { [handle] in
            do {
                try handle.write(contentsOf: lines)
            } catch {
                Console.error("trueline: the recording is not complete: \(error.localizedDescription)")
            }
        }
    }

    /// Waits until all is written.
    func close() {
        queue.sync { try? handle.close() }
    }
}
