package import GridModel
package import Ordering

// {"id":"...","name":"...","revision":12,"sheets":[{"id":"s1","name":"Sheet 1","rows":3,"columns":[...],"views":[...]}]}

/// What the API says of a grid.
package struct GridDocument: Hashable, Sendable {
    package var id: GridID
    package var name: String
    package var revision: Revision
    package var sheets: [SheetDocument]

    package init(id: GridID, name: String, revision: Revision, sheets: [SheetDocument]) {
        self.id = id
        self.name = name
        self.revision = revision
        self.sheets = sheets
    }

    package func write(to writer: inout WireWriter) {
        writer.object { writer in
            writer.member("id", id.text)
            writer.member("name", name)
            writer.member("revision", revision)
            writer.arrayMember("sheets") { writer in
                for sheet in sheets { sheet.write(to: &writer) }
            }
        }
    }

    package var wire: [UInt8] { WireWriter.write(capacity: 4096) { write(to: &$0) } }

    /// Reads what `write` makes; members it does not know are stepped over, so that an older client reads a newer server.
    package init(wire bytes: [UInt8]) throws(WireError) {
        self = try WireReader.read(bytes) { (reader) throws(WireError) in try GridDocument(&reader) }
    }

    package init(_ reader: inout WireReader) throws(WireError) {
        var id: GridID?
        var name = ""
        var revision: Revision?
        var sheets: [SheetDocument] = []
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "id":
                id = GridID(try reader.string())
                if id == nil { throw reader.failure("not a grid's id") }
            case "name": name = try reader.string()
            case "revision": revision = try reader.revision()
            case "sheets": sheets = try reader.list { (reader) throws(WireError) in try SheetDocument(&reader) }
            default: _ = try reader.skipValue()
            }
        }
        guard let id else { throw reader.missing("id") }
        guard let revision else { throw reader.missing("revision") }
        self.init(id: id, name: name, revision: revision, sheets: sheets)
    }
}

/// What the API says of a sheet.
package struct SheetDocument: Hashable, Sendable {
    package var sheet: Sheet
    package var rows: Int

    package init(sheet: Sheet, rows: Int) {
        self.sheet = sheet
        self.rows = rows
    }

    package func write(to writer: inout WireWriter) {
        writer.object { writer in
            writer.name("id")
            writer.identifier(sheet.id)
            writer.member("name", sheet.name)
            writer.member("rows", rows)
            writer.arrayMember("columns") { writer in
                for column in sheet.columns { column.write(to: &writer) }
            }
            writer.arrayMember("views") { writer in
                for view in sheet.views { view.write(to: &writer) }
            }
        }
    }

    package init(_ reader: inout WireReader) throws(WireError) {
        var id: SheetID?
        var sheet = Sheet(id: SheetID(0), name: "")
        var rows = 0
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "id": id = try reader.identifier(SheetID.self)
            case "name": sheet.name = try reader.string()
            case "rows": rows = try reader.integer(in: 0...Int64(UInt32.max))
            case "columns": sheet.columns = try reader.list { (reader) throws(WireError) in try Column(&reader) }
            case "views": sheet.views = try reader.list { (reader) throws(WireError) in try SavedView(&reader) }
            default: _ = try reader.skipValue()
            }
        }
        guard let id else { throw reader.missing("id") }
        sheet.id = id
        self.init(sheet: sheet, rows: rows)
    }
}

extension Column {
    package func write(to writer: inout WireWriter) {
        writer.object { writer in
            writer.name("id")
            writer.identifier(id)
            writer.member("name", name)
            writer.member("type", type.rawValue)
            if let width { writer.member("width", Int(width)) }
            if let agent {
                writer.name("agent")
                agent.write(to: &writer)
            }
        }
    }

    package init(_ reader: inout WireReader) throws(WireError) {
        var id: ColumnID?
        var column = Column(id: ColumnID(0), name: "", type: .text)
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "id": id = try reader.identifier(ColumnID.self)
            case "name": column.name = try reader.string()
            case "type": column.type = try reader.columnType()
            case "width": column.width = try reader.takeNull() ? nil : UInt16(try reader.integer(in: 0...Int64(UInt16.max)))
            case "agent": column.agent = try AgentSettings(&reader)
            default: _ = try reader.skipValue()
            }
        }
        guard let id else { throw reader.missing("id") }
        column.id = id
        self = column
    }
}

extension SavedView {
    package func write(to writer: inout WireWriter) {
        writer.object { writer in
            writer.name("id")
            writer.identifier(id)
            writer.member("name", name)
            definition.write(to: &writer)
        }
    }

    package init(_ reader: inout WireReader) throws(WireError) {
        var id: ViewID?
        var name = ""
        var definition = ViewDefinition()
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "id": id = try reader.identifier(ViewID.self)
            case "name": name = try reader.string()
            default: if try definition.readMember(member, &reader) == false { _ = try reader.skipValue() }
            }
        }
        guard let id else { throw reader.missing("id") }
        self.init(id: id, name: name, definition: definition)
    }
}

extension WireReader {
    package mutating func revision() throws(WireError) -> Revision {
        let number = try integer()
        guard number >= 0 else { throw failure("a revision is not negative, found \(number)") }
        return Revision(UInt64(number))
    }
}
