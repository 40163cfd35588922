import ArgumentParser
import Diagnosis
import Foundation
import Trace
import TraceImport

extension TraceFormat: ExpressibleByArgument {}

/// The traces that a command was given, read and joined.
struct TraceFiles {
    var log: TraceLog
    var inputs: [DiagnosisReport.Input]

    /// What to do about a trace that says who asked and who answered, and not what was done with it.
    static let howToRecordWrites =
        "Record the page with trueline-recorder.js and trueline.write(slot, key, value), or give a Redux DevTools export"

    /// Reads files in chunks; "-" is standard input. What cannot be read of a file is told on standard error, the first 20 places one by one.
    static func read(_ paths: [String], format: TraceFormat?) async throws -> TraceFiles {
        LargePages.useForHeap()
        var files: [(log: TraceLog, input: DiagnosisReport.Input)] = []
        for path in paths { files.append(try await read(path, format)) }
        guard let first = files.first else { throw CommandFailure(.usage, "no trace was given") }
        var log = first.log
        for file in files.dropFirst() {
            guard log.append(contentsOf: file.log, named: file.input.name) else {
                throw CommandFailure(
                    .usage, "the traces together have more than \(TraceLog.maximumEvents) events; diagnose them apart")
            }
        }
        return TraceFiles(log: log, inputs: files.map(\.input))
    }

    private static func read(_ path: String, _ hint: TraceFormat?) async throws -> (log: TraceLog, input: DiagnosisReport.Input)
    {
        let source = try FileSource(path: path)
        var reader = TraceImport(hint: hint, concurrency: .processors)
        while let chunk = try await source.next() { chunk.withUnsafeBytes { reader.read($0) } }
        let reading = reader.finish()
        let name = path == "-" ? "standard input" : URL(fileURLWithPath: path).lastPathComponent
        for rejection in reading.rejections.kept.prefix(20) { Console.error("\(name): \(rejection.description)") }
        if reading.rejections.count > 20 { Console.error("\(name): and \(reading.rejections.count - 20) more places") }
        guard let format = reading.format, reading.log.count > 0 else {
            throw CommandFailure(
                .usage,
                "\(name) has no event that could be read. Traces of Trueline, HAR, OTLP JSON, Redux DevTools exports and Chrome traces are known, by their content"
            )
        }
        return (
            reading.log,
            DiagnosisReport.Input(
                name: name, format: format.rawValue, events: reading.log.count, rejected: reading.rejections.count,
                limits: reading.limits)
        )
    }
}
