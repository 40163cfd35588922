package import GridModel
import Ordering

// {"revision":12,"results":[{},{"rows":["r10","r11"]},{"column":"c4"},{"keptAsSuggestion":true}]}

extension CommandOutcome {
    package var wire: [UInt8] {
        WireWriter.write(capacity: 64 + results.count * 8) { writer in
            writer.object { writer in
                writer.member("revision", revision)
                writer.arrayMember("results") { writer in
                    for result in results { result.write(to: &writer) }
                }
            }
        }
    }

    /// Reads what `wire` makes.
    package init(wire bytes: [UInt8]) throws(WireError) {
        self = try WireReader.read(bytes) { (reader) throws(WireError) in
            var revision: Revision?
            var results: [ChangeResult] = []
            try reader.object { (member, reader) throws(WireError) in
                switch member {
                case "revision": revision = try reader.revision()
                case "results": results = try reader.list { (reader) throws(WireError) in try ChangeResult(&reader) }
                default: _ = try reader.skipValue()
                }
            }
            guard let revision else { throw reader.missing("revision") }
            return CommandOutcome(revision: revision, results: results)
        }
    }
}

extension ChangeResult {
    fileprivate func write(to writer: inout WireWriter) {
        writer.object { writer in
            switch self {
            case .done: break
            case .rows(let first, let count):
                writer.arrayMember("rows") { writer in
                    for offset in 0..<count { writer.identifier(RowID(first.rawValue &+ offset)) }
                }
            case .column(let id):
                writer.name("column")
                writer.identifier(id)
            case .sheet(let id):
                writer.name("sheet")
                writer.identifier(id)
            case .view(let id):
                writer.name("view")
                writer.identifier(id)
            case .keptAsSuggestion: writer.member("keptAsSuggestion", true)
            case .inputsChanged: writer.member("inputsChanged", true)
            }
        }
    }

    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        var result = ChangeResult.done
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "rows":
                let rows = try reader.list { (reader) throws(WireError) in try reader.identifier(RowID.self) }
                guard let first = rows.first else { throw reader.failure("\"rows\" names at least one row") }
                result = .rows(first: first, count: UInt32(rows.count))
            case "column": result = .column(try reader.identifier(ColumnID.self))
            case "sheet": result = .sheet(try reader.identifier(SheetID.self))
            case "view": result = .view(try reader.identifier(ViewID.self))
            case "keptAsSuggestion": if try reader.boolean() { result = .keptAsSuggestion }
            case "inputsChanged": if try reader.boolean() { result = .inputsChanged }
            default: _ = try reader.skipValue()
            }
        }
        self = result
    }
}
