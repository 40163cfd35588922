import ArgumentParser
import Foundation
import GridClient
import GridModel
import Wire

/// `trueline import`: a file into a sheet.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Import a CSV, TSV or JSON-lines file into a sheet.",
        discussion: """
            The file's rows appear in one revision; a broken upload leaves nothing behind. Rows that cannot be read are listed \
            with line and reason, and the others are imported. Separator, quote, header, encoding and types are guessed; \
            --preview shows the guesses and imports nothing. \(CommandFailure.explanation)
            """)

    @Argument(help: "The file; - for standard input.")
    var file: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var target: TargetOptions

    @Option(help: "Make a new grid of this name and import into it.")
    var new: String?

    @Option(help: "csv, tsv or jsonl; guessed when absent.")
    var format: String?

    @Option(help: "One ASCII character, or tab.")
    var separator: String?

    @Option(help: "One ASCII character, or none.")
    var quote: String?

    @Option(help: "true or false: whether the first row names the columns.")
    var header: Bool?

    @Option(help: "utf-8, utf-16le, utf-16be or windows-1252.")
    var encoding: String?

    @Option(name: .customLong("type"), help: "A column's type, as NAME=text|number|boolean|date|json. May be repeated.")
    var types: [String] = []

    @Option(help: "Import nothing; show what would be done with the first N rows (1 to 100).")
    var preview: Int?

    @Option(help: "Write all rejected rows to this file, as JSON lines: line, reason, and how the row begins.")
    var rejects: String?

    @Flag(help: "Print one JSON document.")
    var json = false

    func validate() throws {
        if new != nil, target.grid != nil { throw ValidationError("--new makes a grid, --grid names one: give one of them") }
        if let preview, !(1...100).contains(preview) { throw ValidationError("--preview takes 1 to 100 rows") }
        for type in types where !type.contains("=") { throw ValidationError("--type takes NAME=TYPE, found \"\(type)\"") }
    }

    func run() async throws {
        let source = try FileSource(path: file)
        try await server.withClient { client in
            if preview != nil { return try await showPreview(client, source) }
            let grid = new == nil ? try await target.findGrid(client) : try await client.createGrid(named: new ?? "")
            let sheet = try target.findSheet(of: grid)
            do {
                let outcome = try await send(client, source, grid, sheet)
                try report(outcome, grid, sheet)
                if let rejects { try await write(outcome, to: rejects, client) }
            } catch let error as ClientError where new != nil {
                // A failed import leaves nothing behind, the grid made for it neither. The import's error is the one to tell.
                try? await client.deleteGrid(grid.id)
                throw error
            }
        }
    }

    private func send(
        _ client: GridClient, _ source: FileSource, _ grid: GridDescription, _ sheet: SheetDescription
    ) async throws -> ImportOutcome {
        let meter = ImportMeter(total: source.length, isQuiet: json)
        defer { meter.end() }
        let stream = ByteStream {
            let chunk = try await source.next()
            meter.sent(chunk?.count ?? 0)
            return chunk
        }
        return try await client.importFile(
            stream, length: source.length, into: sheet.id, of: grid.id, options: options
        ) { status in meter.stored(status) }
    }

    private func showPreview(_ client: GridClient, _ source: FileSource) async throws {
        let (grid, sheet) = try await target.find(client)
        var beginning: [UInt8] = []
        while beginning.count < 262_144, let chunk = try await source.next() { beginning += chunk }
        let document = try await client.previewImport(
            beginning: beginning, rows: preview ?? 20, into: sheet.id, of: grid.id, options: options)
        Console.print(String(decoding: document, as: UTF8.self))
    }

    private func report(_ outcome: ImportOutcome, _ grid: GridDescription, _ sheet: SheetDescription) throws {
        if json {
            let document = WireWriter.write { writer in
                writer.object { writer in
                    writer.member("grid", grid.id.text)
                    writer.member("sheet", sheet.id.description)
                    writer.member("revision", outcome.revision)
                    writer.member("rows", outcome.rows)
                    writer.member("rejected", outcome.rejected)
                }
            }
            return Console.print(String(decoding: document, as: UTF8.self))
        }
        Console.print(
            "imported \(outcome.rows.counted("row")) into \(grid.name), \(sheet.name) (grid \(grid.id), revision \(outcome.revision))"
        )
        guard outcome.rejected > 0 else { return }
        Console.error("rejected \(outcome.rejected.counted("row")):")
        for reject in outcome.rejects.prefix(10) { Console.error("  line \(reject.line): \(reject.reason)") }
        if outcome.rejected > 10, rejects == nil { Console.error("  ... --rejects FILE writes all of them") }
    }

    /// The rows are in the grid: what fails here must not sound as if they were not.
    private func write(_ outcome: ImportOutcome, to path: String, _ client: GridClient) async throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path) else {
            throw CommandFailure(
                .usage, "the rows were imported, but \(path) cannot be written; check its directory and permissions")
        }
        do {
            for try await chunk in try await client.rejects(of: outcome) { try file.write(contentsOf: chunk) }
            try file.close()
        } catch {
            throw CommandFailure(
                .failed, "the rows were imported, but the list of rejected ones is not whole in \(path): \(error)")
        }
        // The server forgets it by itself, only later.
        try? await client.forgetRejects(of: outcome)
    }

    private var options: [(name: String, value: String)] {
        var options: [(name: String, value: String)] = []
        for (name, value) in [
            ("format", format), ("separator", separator), ("quote", quote), ("header", header.map(String.init)),
            ("encoding", encoding),
        ] {
            if let value { options.append((name, value)) }
        }
        guard !types.isEmpty else { return options }
        let document = WireWriter.write { writer in
            writer.object { writer in
                for type in types {
                    let halves = type.split(separator: "=", omittingEmptySubsequences: false)
                    writer.name(text: halves.dropLast().joined(separator: "="))
                    writer.string(String(halves.last ?? ""))
                }
            }
        }
        return options + [("types", String(decoding: document, as: UTF8.self))]
    }
}
