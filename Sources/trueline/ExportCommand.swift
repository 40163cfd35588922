import ArgumentParser
import Foundation
import GridClient
import Interchange

/// `trueline export`: a sheet, or a view of it, as a file of one revision.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Export a sheet as CSV, TSV or JSON lines.",
        discussion: """
            "exact" is for importing again: export, import, export gives the same bytes. "spreadsheet" adds a byte order mark \
            and defuses texts that a spreadsheet would run as formulas. A file that is written whole or not at all. \
            \(CommandFailure.explanation)
            """)

    @OptionGroup var server: ServerOptions
    @OptionGroup var target: TargetOptions

    @Option(help: "csv, tsv or jsonl.")
    var format = ExportFormat.csv

    @Option(help: "exact or spreadsheet.")
    var mode = ExportMode.exact

    @Option(help: "A saved view by id or name, or a filter and sort as JSON.")
    var view: String?

    @Option(name: .shortAndLong, help: "The file to write; standard output when absent.")
    var output: String?

    @Flag(help: "Print one JSON document about the export; needs --output.")
    var json = false

    func validate() throws {
        if json, output == nil { throw ValidationError("--json is about the file of --output: give both") }
    }

    func run() async throws {
        try await server.withClient { client in
            let (grid, sheet) = try await target.find(client)
            var options = [(name: "format", value: format.rawValue), (name: "mode", value: mode.rawValue)]
            if let view = try ViewText.selection(view, of: sheet) { options.append((name: "view", value: view)) }
            let file = try await client.export(sheet.id, of: grid.id, options: options)
            let bytes = try await save(file)
            let revision = file.revision.map { "\($0)" } ?? "null"
            if json {
                return Console.print(
                    #"{"grid":"\#(grid.id)","sheet":"\#(sheet.id)","revision":\#(revision),"bytes":\#(bytes)}"#)
            }
            Console.error("exported \(grid.name), \(sheet.name), revision \(revision): \(bytes.grouped) bytes")
        }
    }

    /// Writes to a file beside the wanted one, which takes its name at the end.
    private func save(_ file: ExportedFile) async throws -> Int {
        let progress = ProgressLine("export", isQuiet: json)
        defer { progress.end() }
        var count = 0
        guard let output else {
            for try await chunk in file.bytes {
                Console.write(chunk, to: STDOUT_FILENO)
                count += chunk.count
            }
            return count
        }
        let partial = output + ".part"
        guard FileManager.default.createFile(atPath: partial, contents: nil), let handle = FileHandle(forWritingAtPath: partial)
        else { throw CommandFailure(.failed, "the file \(partial) cannot be written; check the directory and its permissions") }
        do {
            for try await chunk in file.bytes {
                try handle.write(contentsOf: chunk)
                count += chunk.count
                progress.show("\(count.grouped) bytes", fraction: nil)
            }
            try handle.close()
            guard rename(partial, output) == 0 else {
                throw CommandFailure(.failed, "\(partial) cannot be renamed to \(output): \(String(cString: strerror(errno)))")
            }
        } catch {
            try? handle.close()
            unlink(partial)
            throw error
        }
        return count
    }
}

extension ExportFormat: ExpressibleByArgument {}
extension ExportMode: ExpressibleByArgument {}
