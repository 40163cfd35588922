import Foundation
import Testing
import Trace
import TraceImport

struct TraceImportTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/traces")

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: name)))
    }

    static let files: [(String, TraceFormat)] = [
        ("shop.har", .har), ("shop.otlp.jsonl", .otlp), ("shop.otlp.json", .otlp), ("shop.redux-lifted.json", .redux),
        ("shop.redux.json", .redux), ("shop.chrome.json", .chrome), ("shop.chrome-cut.json", .chrome),
        // Written by Redux DevTools' own instrument around a store of Redux Toolkit whose second answer comes first.
        ("toolkit.redux-lifted.json", .redux), ("toolkit.redux.json", .redux),
    ]

    /// The expected trace stands beside each file; TRUELINE_UPDATE_FIXTURES=1 writes it anew, to be read before it is committed.
    @Test(arguments: files) func `a file of another tool becomes the trace that stands beside it`(
        name: String, format: TraceFormat
    ) throws {
        let trace = TraceImport.read(try Self.bytes(name))
        #expect(trace.format == format)
        #expect(trace.rejections.kept == [])
        #expect(!trace.limits.isEmpty && trace.limits == trace.log.limits)
        let written = TraceWriter.bytes(of: trace.log)
        let expected = Self.folder.appending(path: name + ".trace.jsonl")
        if ProcessInfo.processInfo.environment["TRUELINE_UPDATE_FIXTURES"] == "1" { try Data(written).write(to: expected) }
        #expect(String(decoding: written, as: UTF8.self) == String(decoding: try Data(contentsOf: expected), as: UTF8.self))
        #expect(TraceReader.read(written).rejections.isEmpty)
    }

    @Test(arguments: files) func `no credential of the file is in the trace`(name: String, format: TraceFormat) throws {
        let text = String(decoding: TraceWriter.bytes(of: TraceImport.read(try Self.bytes(name)).log), as: UTF8.self)
        for secret in ["tok-0123456789", "abcdefgh-12345", "hunter2", "u:p@"] { #expect(!text.contains(secret)) }
    }

    @Test(arguments: files) func `the size of the chunks changes nothing`(name: String, format: TraceFormat) throws {
        let bytes = try Self.bytes(name)
        let whole = TraceWriter.bytes(of: TraceImport.read(bytes).log)
        for size in [1, 7, 1000] {
            let chunks = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
            #expect(TraceWriter.bytes(of: TraceImport.read(contentsOf: chunks).log) == whole)
        }
    }

    @Test(arguments: files) func `a file that ends early is read up to there, and the place is named`(
        name: String, format: TraceFormat
    ) throws {
        let bytes = try Self.bytes(name)
        guard name != "shop.chrome-cut.json" else { return }
        let trace = TraceImport.read(Array(bytes.prefix(bytes.count - 20)), hint: format)
        #expect(trace.rejections.count == 1)
        #expect((trace.rejections.kept.first?.offset ?? 0) > 0)
    }

    @Test func `a trace of our own is read as it is`() throws {
        let bytes = try Self.bytes("shop.har.trace.jsonl")
        let trace = TraceImport.read(bytes)
        #expect(trace.format == .trueline && trace.rejections.isEmpty && TraceWriter.bytes(of: trace.log) == bytes)
        #expect(!trace.limits.isEmpty)
    }

    @Test(
        arguments: [
            ("{\"a\":1}", nil), ("", nil), ("[]", nil), ("hello", nil), ("{\"data\":[{\"traceID\":\"x\"}]}", nil),
            ("[{\"a\":1}]", nil),
            ("{\"log\":{}}", .har), (" \n{\"metadata\":{\"log\":1},\"traceEvents\":[]}", .chrome),
            ("[{\"args\":{},\"ph\":\"X\"}", .chrome),
            ("{\"resourceSpans\":[", .otlp), ("{\"resourceLogs\":[]}", .otlp), ("[{\"type\":\"a\"}]", .redux),
            ("{\"monitor\":{},\"actionsById\":{}}", .redux), ("{\"version\":1,\"type\":\"trace\"}", .trueline),
            ("{\"type\":\"PERFORM\",\"payload\":\"[]\"}", .redux),
        ] as [(String, TraceFormat?)])
    func `the format is found out from the content`(text: String, expected: TraceFormat?) {
        #expect(TraceImport.detect(Array(text.utf8)) == expected)
        if expected == nil { #expect(TraceImport.read(Array(text.utf8)).rejections.count == 1) }
    }
}
