import GridModel
import Interchange
import Wire

extension ImportJob.Outcome {
    /// Writes the members into an open object.
    func write(to writer: inout WireWriter, rejectsLink: String) {
        writer.member("revision", revision)
        writer.member("rows", counts.rows)
        writer.member("rejected", counts.rejected)
        writer.arrayMember("rejects") { writer in
            for reject in rejects { reject.write(to: &writer) }
        }
        if list != nil { writer.member("more", rejectsLink) }
    }
}

extension ImportJob.Progress {
    /// Writes the members into an open object: rate in rows a second, eta in seconds.
    func write(to writer: inout WireWriter) {
        writer.member("rows", counts.rows)
        writer.member("rejected", counts.rejected)
        writer.member("bytes", counts.bytes)
        writer.member("totalBytes", totalBytes)
        let seconds = Double(nanoseconds) / 1e9
        guard seconds > 0, counts.bytes > 0 else { return }
        writer.member("rate", Int(clamping: Int64(min(Double(counts.rows) / seconds, 1e12))))
        let left = Double(max(0, totalBytes - counts.bytes)) / (Double(counts.bytes) / seconds)
        writer.member("eta", Int(clamping: Int64(min(left.rounded(.up), 1e12))))
    }
}

extension ImportPreview {
    /// Writes the members into an open object.
    func write(to writer: inout WireWriter, sheet: Sheet) {
        if let plan {
            writer.member("format", plan.format.rawValue)
            writer.member("encoding", plan.dialect.encoding.rawValue)
            if plan.format != .jsonl {
                writer.member("separator", String(Unicode.Scalar(plan.dialect.separator)))
                writer.member("quote", plan.dialect.quote.map { String(Unicode.Scalar($0)) } ?? "none")
                writer.member("header", plan.dialect.header)
            }
            writer.arrayMember("columns") { writer in
                for column in plan.columns {
                    writer.object { writer in
                        writer.member("name", column.name)
                        writer.member("type", column.type.rawValue)
                        if let known = sheet.columns.first(where: { $0.name == column.name }) {
                            writer.name("column")
                            writer.identifier(known.id)
                        }
                    }
                }
            }
        }
        writer.arrayMember("rows") { writer in
            for row in rows {
                writer.array { writer in
                    for cell in row {
                        if let cell { writer.json(cell.json.utf8) } else { writer.null() }
                    }
                }
            }
        }
        writer.arrayMember("rejects") { writer in
            for reject in rejects { reject.write(to: &writer) }
        }
        writer.member("partial", isPartial)
        if let failure { writer.member("failure", failure.description) }
    }
}
