import ArgumentParser
import Exploration
import Foundation
import Trace

/// `trueline museum`: public bugs of temporal state inversion, as executable traces.
struct MuseumCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "museum", abstract: "Run public bugs of this class on two reference clients and on Trueline.",
        discussion: """
            Each piece is a script of what a person, others, a server and a network did (Docs/museum.md). Exit codes: 0 every piece breaks \
            the reference clients it names, and Trueline passes; 1 not so; 2 the command line or a piece cannot be used.
            """,
        subcommands: [List.self, Run.self, Trace.self], defaultSubcommand: List.self)

    struct Place: ParsableArguments {
        @Option(help: "Where the pieces are. Without it: Fixtures/museum, beside the program or above it.")
        var pieces: String?

        /// The pieces of the given names, all without names; in order of name.
        func read(_ names: [String] = []) throws -> [MuseumPiece] {
            guard let directory = pieces ?? ServePlan.found("Fixtures/museum") else {
                throw CommandFailure(.usage, "the museum's pieces were not found; name their directory with --pieces")
            }
            let files: [String]
            do {
                files = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".json") }.sorted()
            } catch {
                throw CommandFailure(.usage, "\(directory) cannot be read: \(error.localizedDescription)")
            }
            var found: [MuseumPiece] = []
            for file in files where names.isEmpty || names.contains(String(file.dropLast(5))) {
                guard let bytes = FileManager.default.contents(atPath: directory + "/" + file) else {
                    throw CommandFailure(.usage, "\(directory)/\(file) cannot be read")
                }
                do {
                    found.append(try MuseumReader.piece([UInt8](bytes)))
                } catch {
                    throw CommandFailure(.usage, "\(directory)/\(file), \(error)")
                }
            }
            if let missing = names.first(where: { name in !found.contains { $0.name == name } }) {
                throw CommandFailure(.usage, "there is no piece \(missing) in \(directory); trueline museum list names them")
            }
            return found
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What there is.")

        @OptionGroup var place: Place
        @Flag(help: "One JSON document.")
        var json = false

        func run() throws {
            let pieces = try place.read()
            if json { return Console.print(MuseumRun.json(pieces)) }
            let width = pieces.map(\.name.count).max() ?? 0
            for piece in pieces {
                let name = piece.name.padding(toLength: width, withPad: " ", startingAt: 0)
                let anomaly = piece.anomaly.padding(toLength: 3, withPad: " ", startingAt: 0)
                Console.print("\(name)  \(anomaly)  \(piece.invariant)  \(piece.title)")
            }
        }
    }

    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Live through pieces with every client, and judge.")

        @Argument(help: "Names of pieces; without any, all.")
        var names: [String] = []
        @OptionGroup var place: Place
        @Flag(help: "One JSON document.")
        var json = false

        func run() throws {
            let runs = try place.read(names).map { MuseumRun($0) }
            if json {
                Console.print(MuseumRun.json(runs))
            } else {
                for run in runs {
                    Console.print(run.line)
                    if !names.isEmpty { explain(run) }
                }
                Console.print("\(runs.count { $0.holds }) of \(runs.count) pieces hold")
            }
            if !runs.allSatisfy(\.holds) { throw ExitCode(CommandFailure.Status.failed.rawValue) }
        }

        private func explain(_ run: MuseumRun) {
            for outcome in run.outcomes {
                for verdict in outcome.verdicts {
                    let name = verdict.anomaly.isEmpty ? "end" : verdict.anomaly
                    Console.print("       \(outcome.client.rawValue): \(name): \(verdict.sentence)")
                }
            }
        }
    }

    struct Trace: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write what a client lived through as a trace, for trueline diagnose and trueline open.")

        @Argument(help: "The piece.")
        var name: String
        @Option(help: "\(MuseumClientKind.allCases.map(\.rawValue).joined(separator: ", ")).")
        var client = MuseumClientKind.last
        @Option(name: .shortAndLong, help: "Where the trace goes; standard output without it.")
        var output: String?
        @OptionGroup var place: Place

        func run() throws {
            guard let piece = try place.read([name]).first else { return }
            let bytes = TraceWriter.bytes(of: MuseumWorld.live(piece, as: client).trace)
            guard let output else { return Console.write(bytes, to: STDOUT_FILENO) }
            do {
                try Data(bytes).write(to: URL(fileURLWithPath: output))
            } catch {
                throw CommandFailure(.usage, "\(output) cannot be written: \(error.localizedDescription)")
            }
        }
    }
}

extension MuseumClientKind: ExpressibleByArgument {}
