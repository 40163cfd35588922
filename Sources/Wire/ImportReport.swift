package import Ordering

// The answer to an import: {"revision":12,"rows":28297,"rejected":2,"rejects":[{"line":7,"reason":"...","text":"..."}]}
//
// With Accept: text/event-stream: event: progress {"bytes":65536,"rows":600,"rejected":0} now and then, and last either
// event: done with the report, or event: problem with the problem's document.

/// What an import came to.
package struct ImportReport: Hashable, Sendable {
    package struct Reject: Hashable, Sendable {
        /// Counted from 1.
        package var line: Int
        package var reason: String
        /// The beginning of the rejected row; empty when it is not given.
        package var text: String

        package init(line: Int, reason: String, text: String = "") {
            self.line = line
            self.reason = reason
            self.text = text
        }
    }

    /// Rejects that are listed in a report; the rest are counted.
    package static let rejectsListed = 1_000

    package var revision: Revision
    package var rows: Int
    package var rejected: Int
    /// The first `rejectsListed` of them.
    package var rejects: [Reject]
    /// Where all of them can be read, when there are more.
    package var more: String?

    package init(revision: Revision, rows: Int, rejected: Int, rejects: [Reject], more: String? = nil) {
        self.revision = revision
        self.rows = rows
        self.rejected = rejected
        self.rejects = rejects
        self.more = more
    }

    package func write(to writer: inout WireWriter) {
        writer.object { writer in
            writer.member("revision", revision)
            writer.member("rows", rows)
            writer.member("rejected", rejected)
            writer.arrayMember("rejects") { writer in
                for reject in rejects {
                    writer.object { writer in
                        writer.member("line", reject.line)
                        writer.member("reason", reject.reason)
                        if !reject.text.isEmpty { writer.member("text", reject.text) }
                    }
                }
            }
            if let more { writer.member("more", more) }
        }
    }

    package var wire: [UInt8] { WireWriter.write { write(to: &$0) } }

    /// Reads what `wire` makes; members that are not known are stepped over.
    package init(wire bytes: [UInt8]) throws(WireError) {
        self = try WireReader.read(bytes) { (reader) throws(WireError) in
            var revision: Revision?
            var report = ImportReport(revision: .zero, rows: 0, rejected: 0, rejects: [])
            try reader.object { (member, reader) throws(WireError) in
                switch member {
                case "revision": revision = try reader.revision()
                case "rows": report.rows = try reader.integer(in: 0...Int64.max)
                case "rejected": report.rejected = try reader.integer(in: 0...Int64.max)
                case "more": report.more = try reader.string()
                case "rejects": report.rejects = try reader.list { (reader) throws(WireError) in try Reject(&reader) }
                default: _ = try reader.skipValue()
                }
            }
            guard let revision else { throw reader.missing("revision") }
            report.revision = revision
            return report
        }
    }
}

extension ImportReport.Reject {
    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        var reject = ImportReport.Reject(line: 0, reason: "")
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "line": reject.line = try reader.integer(in: 0...Int64.max)
            case "reason": reject.reason = try reader.string()
            case "text": reject.text = try reader.string()
            default: _ = try reader.skipValue()
            }
        }
        self = reject
    }
}

/// How far an import has come.
package struct ImportProgress: Hashable, Sendable {
    package var bytes: Int
    package var rows: Int
    package var rejected: Int

    package init(bytes: Int, rows: Int, rejected: Int) {
        self.bytes = bytes
        self.rows = rows
        self.rejected = rejected
    }

    /// Writes the members into an open object.
    package func write(to writer: inout WireWriter) {
        writer.member("bytes", bytes)
        writer.member("rows", rows)
        writer.member("rejected", rejected)
    }

    package init(wire bytes: [UInt8]) throws(WireError) {
        self = try WireReader.read(bytes) { (reader) throws(WireError) in
            var progress = ImportProgress(bytes: 0, rows: 0, rejected: 0)
            try reader.object { (member, reader) throws(WireError) in
                switch member {
                case "bytes": progress.bytes = try reader.integer(in: 0...Int64.max)
                case "rows": progress.rows = try reader.integer(in: 0...Int64.max)
                case "rejected": progress.rejected = try reader.integer(in: 0...Int64.max)
                default: _ = try reader.skipValue()
                }
            }
            return progress
        }
    }
}
