import GridModel
import Trace
import Wire

/// A posted part of a trace, checked and without credentials.
struct TracePart: Sendable {
    /// The trace's id.
    var trace: String
    /// Which part; `nil` is the next.
    var number: Int?
    /// Lines, the header first, each ended by LF.
    var bytes: [UInt8]
    /// What the page's expectations came to since the part before.
    var expectations: [ExpectationCount] = []

    /// Reads a part: a header, then an object a line. Throws the problem with the line and the byte.
    init(_ body: [UInt8]) throws(Problem) {
        let lines = body.split(separator: UInt8(ascii: "\n")).map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
        var redactor = TraceRedactor()
        try Self.each(lines) { (line) throws(JSONFailure) in try redactor.learn(line) }
        guard let first = lines.first else { throw .trace(line: 1, byte: 0, "expected a trace's header") }
        (trace, number) = try Self.header(first)
        bytes = []
        bytes.reserveCapacity(body.count + 1)
        var clean = bytes
        try Self.each(lines) { (line) throws(JSONFailure) in
            clean.append(contentsOf: try redactor.redacted(line))
            clean.append(UInt8(ascii: "\n"))
        }
        bytes = clean
        for line in lines where line.starts(with: ExpectationCount.beginning) {
            expectations += ExpectationCount.read(line, most: ExpectationCount.limit - expectations.count)
        }
    }

    private static func each(
        _ lines: [ArraySlice<UInt8>], _ body: (ArraySlice<UInt8>) throws(JSONFailure) -> Void
    ) throws(Problem) {
        for (index, line) in lines.enumerated() {
            do {
                try body(line)
            } catch {
                throw .trace(line: index + 1, byte: error.offset, "\(error.reason)")
            }
        }
    }

    private static func header(_ line: ArraySlice<UInt8>) throws(Problem) -> (String, Int?) {
        var type: String?
        var version: Int64?
        var id: String?
        var part: Int64?
        do {
            var scanner = JSONScanner(line)
            try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
                switch name {
                case "type": type = try scanner.string()
                case "version": version = try integer(&scanner)
                case "id": id = try scanner.string()
                case "part": part = try integer(&scanner)
                default: _ = try scanner.skipValue()
                }
            }
        } catch {
            throw .trace(line: 1, byte: error.position, error.reason)
        }
        guard type == "trace", version == 1 else {
            throw .trace(line: 1, byte: 0, "expected the header of a trace of version 1")
        }
        guard let id, isTraceID(id) else {
            throw .trace(line: 1, byte: 0, "\"id\" must be 1 to 64 letters, digits, dots, dashes and underlines")
        }
        guard let part else { return (id, nil) }
        guard (1...partLimit).contains(part) else { throw .trace(line: 1, byte: 0, "\"part\" must be from 1 to \(partLimit)") }
        return (id, Int(part))
    }

    private static func integer(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> Int64? {
        Int64(String(decoding: try scanner.skipValue(), as: UTF8.self))
    }

    /// Parts are numbered up to here; how many are kept is `TraceArchive.Limits`.
    private static let partLimit: Int64 = 99_999_999

    /// A name that is safe as a directory's.
    static func isTraceID(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 64, first != UInt8(ascii: "."), first != UInt8(ascii: "-") else {
            return false
        }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }
}

extension Problem {
    fileprivate static func trace(line: Int, byte: Int, _ reason: String) -> Problem {
        Problem(
            "malformed", "The request was not understood", status: 400, detail: "line \(line), byte \(byte): \(reason)",
            errors: [.init(["line": .number(line), "byte": .number(byte), "reason": .text(reason)])])
    }
}
