import ArgumentParser
import Foundation
import HistoryCheck
import Trace

/// `trueline check-history`: does a consistency model explain what clients were told?
struct CheckHistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-history", abstract: "Check recorded histories for linearizability and weaker consistency.",
        discussion: """
            Reads Jepsen's histories, EDN (a map an event, or one vector of them) and text logs, and traces of ours; - is \
            standard input. Every \
            answer is valid, invalid (with a witness; ids are line numbers) or unknown. Exit codes: 0 all valid; 1 something \
            is invalid; 2 unusable input or command line; 3 nothing is invalid, something is unknown.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Argument(help: "The histories, each a file.")
    var files: [String]

    @Option(help: "\(HistoryModel.allCases.map(\.rawValue).joined(separator: ", ")) or auto: what the operations say.")
    var model = "auto"

    @Option(
        help: """
            \(Consistency.allCases.map(\.rawValue).joined(separator: ", ")), several with commas, or all; without it what fits \
            the model.
            """)
    var consistency: String?

    @Option(help: "How many configurations a search may remember for one key before it answers unknown.")
    var nodeBudget = LinearizabilityCheck.defaultNodeBudget

    @Option(help: "What a failed cas without :error tells: mismatch (the value was another one) or absent (nothing).")
    var failedCas = FailedCas.mismatch.rawValue

    @Option(help: "text or json.")
    var format = Format.text

    /// What the process ends with.
    enum Status: Int32 {
        case valid = 0
        case invalid = 1
        case unusable = 2
        case unknown = 3

        init(_ answers: [HistoryAnswer]) {
            self = answers.contains(.invalid) ? .invalid : answers.contains(.unknown) ? .unknown : .valid
        }
    }

    func run() throws {
        let question = try question()
        guard let failedCas = FailedCas(rawValue: failedCas) else {
            throw CommandFailure(.usage, "--failed-cas is mismatch or absent, not \(failedCas)")
        }
        var reports: [HistoryReport] = []
        var isUnusable = false
        for file in files {
            do {
                let report = try HistoryReport(Self.read(file, failedCas), file: file, question)
                if format == .text { Console.print(report.text) }
                reports.append(report)
            } catch {
                isUnusable = true
                Console.error("trueline: \(file): \(error)")
            }
        }
        if format == .json { Console.print(HistoryReport.json(reports)) }
        let status = isUnusable ? .unusable : Status(reports.map(\.answer))
        if status != .valid { throw ExitCode(status.rawValue) }
    }

    private func question() throws -> HistoryQuestion {
        var question = HistoryQuestion()
        if model != "auto" {
            guard let known = HistoryModel(rawValue: model) else {
                throw CommandFailure(.usage, "there is no model \(model); see trueline help check-history")
            }
            question.model = known
        }
        for name in consistency?.split(separator: ",") ?? [] {
            if name == "all" {
                question.asksAll = true
            } else if let known = Consistency(rawValue: String(name)) {
                question.consistencies.append(known)
            } else {
                throw CommandFailure(.usage, "there is no consistency \(name); see trueline help check-history")
            }
        }
        guard nodeBudget > 0 else { throw CommandFailure(.usage, "--node-budget is at least 1, not \(nodeBudget)") }
        question.nodeBudget = nodeBudget
        return question
    }

    /// Reads a file in pieces: a history, or a trace of ours.
    private static func read(_ path: String, _ failedCas: FailedCas) throws -> History {
        let file: FileHandle
        if path == "-" {
            file = FileHandle.standardInput
        } else {
            guard let opened = FileHandle(forReadingAtPath: path) else { throw CommandFailure(.usage, "it cannot be read") }
            file = opened
        }
        var piece = try [UInt8](file.read(upToCount: 1 << 20) ?? Data())
        guard isTrace(piece) else {
            var reader = HistoryReader(failedCas: failedCas)
            while !piece.isEmpty {
                try reader.read(piece)
                piece = try [UInt8](file.read(upToCount: 1 << 20) ?? Data())
            }
            return try reader.finish()
        }
        LargePages.useForHeap()
        var reader = TraceReader(concurrency: .processors)
        while !piece.isEmpty {
            reader.read(piece)
            piece = try [UInt8](file.read(upToCount: 1 << 20) ?? Data())
        }
        let reading = reader.finish()
        if let first = reading.rejections.kept.first {
            // What is missing could be what explains the rest.
            throw HistoryInputError(line: first.line, column: first.offset + 1, reason: first.reason)
        }
        return try TraceHistory.history(of: reading.log)
    }

    /// Traces begin with a JSON object, whose first name is in quotes; a map of EDN begins with a keyword.
    static func isTrace(_ bytes: [UInt8]) -> Bool {
        let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF]
        let start = bytes.drop { blanks.contains($0) }
        guard start.first == UInt8(ascii: "{") else { return false }
        return start.dropFirst().first { !blanks.contains($0) } == UInt8(ascii: "\"")
    }
}
