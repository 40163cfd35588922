import ArgumentParser
import Foundation
import GridClient
import GridModel
import GridStore
import Ordering
import SQLiteStore
import Wire

/// `trueline doctor`: is everything that a server needs there and sound?
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check the data directory, every grid in it, the page's files and the port.",
        discussion: """
            Reads every record and row of every grid, so it needs the data directory for itself: stop the server first, or read \
            only what it says of the rest. It changes nothing but the lock file. Ends with 1 when something is wrong. \
            \(CommandFailure.explanation)
            """)

    @Option(help: "Where grids are kept, as for serve.")
    var data: String?

    @Option(help: "Where the page's files are, as for serve.")
    var web: String?

    @Option(help: "The port that a server would listen on.")
    var port = 8_787

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() async throws {
        let settings = try Settings(file: nil)
        var findings: [Finding] = []
        findings += Self.sqlite()
        findings += Self.page(settings.value("web", flag: web))
        findings += Self.data(settings.value("data", flag: data) ?? ServePlan.defaultDirectory(settings))
        findings += await Self.port(port)
        if json {
            let bytes = WireWriter.write { writer in
                writer.object { writer in
                    writer.member("sound", !findings.contains { $0.verdict == .wrong })
                    writer.arrayMember("findings") { writer in
                        for finding in findings { finding.write(to: &writer) }
                    }
                }
            }
            Console.print(String(decoding: bytes, as: UTF8.self))
        } else {
            for finding in findings { Console.print("\(finding.verdict.mark)  \(finding.subject): \(finding.text)") }
        }
        if findings.contains(where: { $0.verdict == .wrong }) { throw ExitCode(CommandFailure.Status.failed.rawValue) }
    }

    private static func sqlite() -> [Finding] {
        let version = SQLiteVersion.text
        if SQLiteVersion.toleratesSeveralWriters { return [Finding(.fine, "SQLite", "version \(version)")] }
        return [
            Finding(
                .note, "SQLite",
                "version \(version); before 3.51.3 a second program that writes to a grid's file can damage it: open the files "
                    + "with no other program while a server runs")
        ]
    }

    private static func page(_ web: String?) -> [Finding] {
        guard let folder = web ?? ServePlan.found("Web/index.html").map({ String($0.dropLast("/index.html".count)) }) else {
            return [Finding(.wrong, "page", "Web/index.html was not found; name its directory with --web")]
        }
        guard FileManager.default.fileExists(atPath: folder + "/index.html") else {
            return [Finding(.wrong, "page", "\(folder) holds no index.html")]
        }
        guard FileManager.default.fileExists(atPath: folder + "/ordering.wasm") else {
            return [
                Finding(
                    .wrong, "page", "\(folder)/ordering.wasm is missing, so the page cannot start; run Scripts/build-wasm.sh")
            ]
        }
        return [Finding(.fine, "page", "\(folder), with ordering.wasm")]
    }

    private static func data(_ directory: String) -> [Finding] {
        guard FileManager.default.fileExists(atPath: directory) else {
            return [Finding(.note, "data", "\(directory) does not exist yet; serve makes it")]
        }
        guard FileManager.default.isWritableFile(atPath: directory) else {
            return [Finding(.wrong, "data", "\(directory) cannot be written; check its owner and permissions")]
        }
        var findings = [Finding(.fine, "data", directory)]
        let values = try? URL(filePath: directory).resourceValues(forKeys: [.volumeAvailableCapacityKey])
        if let free = values?.volumeAvailableCapacity {
            let text = "\(free / 1_000_000) MB free"
            findings.append(
                Finding(free < 1_000_000_000 ? .note : .fine, "disk", free < 1_000_000_000 ? text + "; that is little" : text))
        }
        do throws(StoreError) {
            let catalog = try SQLiteGridCatalog(directory: directory, startedAt: "by trueline doctor")
            defer { catalog.close() }
            findings.append(Finding(.fine, "lock", "no other process holds the directory"))
            for grid in try catalog.grids() { findings.append(check(grid.id, damage: grid.damage, catalog)) }
        } catch {
            let isHeld = error.code == .locked
            findings.append(
                Finding(
                    isHeld ? .note : .wrong, isHeld ? "lock" : "data",
                    error.message + (isHeld ? "; grids were not read" : "")))
        }
        return findings
    }

    /// Opens a grid as a server does, and reads everything in it: settings, page checks, sums, and the log without a gap (S2).
    private static func check(_ id: GridID, damage: String?, _ catalog: SQLiteGridCatalog) -> Finding {
        if let damage { return Finding(.wrong, "grid \(id)", damage) }
        do throws(StoreError) {
            let store = try catalog.open(id)
            defer { store.close() }
            var records = 0
            var last = Revision.zero
            try store.forEachRecord(after: .zero) { record in
                records += 1
                last = record.revision
                return true
            }
            var rows = 0
            try store.forEachRow { _, _ in rows += 1 }
            let documents = try store.documents(withPrefix: "").count
            guard last == store.lastRevision else {
                return Finding(.wrong, "grid \(id)", "the log ends at revision \(last) instead of \(store.lastRevision)")
            }
            return Finding(
                .fine, "grid \(id)",
                "revision \(last), \(records.grouped) log records, \(rows.grouped) folded rows, \(documents) documents, "
                    + "durability \(store.durability)")
        } catch {
            return Finding(.wrong, "grid \(id)", error.message)
        }
    }

    /// Whether a server could listen on the port, or one of ours does.
    private static func port(_ port: Int) async -> [Finding] {
        guard (1...65_535).contains(port) else { return [Finding(.wrong, "port", "\(port) is not a port")] }
        if isFree(port) { return [Finding(.fine, "port", "\(port) is free")] }
        do {
            let client = try GridClient(
                baseURL: "http://127.0.0.1:\(port)",
                environment: .live(clock: ContinuousClock(), chance: { UInt64.random(in: .min ... .max) }))
            let grids = try? await client.grids()
            await client.shutdown()
            if let grids { return [Finding(.fine, "port", "a Trueline server with \(grids.count) grids answers on \(port)")] }
        } catch {
            // Then it is somebody else's.
        }
        return [Finding(.wrong, "port", "another program listens on \(port); stop it or serve with --port")]
    }

    private static func isFree(_ port: Int) -> Bool {
        #if canImport(Glibc)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { return false }
        defer { _ = Foundation.close(descriptor) }
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// One thing that was looked at.
private struct Finding {
    enum Verdict: String {
        case fine
        /// Nothing is wrong, but somebody should know.
        case note
        case wrong

        var mark: String {
            switch self {
            case .fine: "ok   "
            case .note: "note "
            case .wrong: "WRONG"
            }
        }
    }

    var verdict: Verdict
    var subject: String
    var text: String

    init(_ verdict: Verdict, _ subject: String, _ text: String) {
        self.verdict = verdict
        self.subject = subject
        self.text = text
    }

    func write(to writer: inout WireWriter) {
        writer.object { writer in
            writer.member("verdict", verdict.rawValue)
            writer.member("subject", subject)
            writer.member("text", text)
        }
    }
}
