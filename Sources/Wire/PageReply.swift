package import GridModel
package import Ordering

// {"revision":4711,"sheet":"s1","pageSize":100,"totalRows":28012,"totalPages":281,"totalColumns":3,
//  "columns":[{"id":"c3","name":"City","type":"text"}],
//  "pages":[{"page":1,"tag":"00f1...","rows":[{"id":"r9","cells":{"c3":"Lisbon"},"states":{"c7":"queued"}}]},
//           {"page":2,"tag":"...","unchanged":true}]}
//
// A page's object depends only on what its tag names, so the server keeps it as bytes and copies it into replies.

/// What a reply says once, before its pages.
package struct PageReplyHead: Hashable, Sendable {
    package var revision: Revision
    package var sheet: SheetID
    package var pageSize: Int
    package var totalRows: Int
    package var totalColumns: Int
    package var columns: [Column]

    package init(revision: Revision, sheet: SheetID, pageSize: Int, totalRows: Int, totalColumns: Int, columns: [Column]) {
        self.revision = revision
        self.sheet = sheet
        self.pageSize = pageSize
        self.totalRows = totalRows
        self.totalColumns = totalColumns
        self.columns = columns
    }

    package var totalPages: Int {
        pageSize > 0 ? (totalRows + pageSize - 1) / pageSize : 0
    }

    /// Everything up to and with the bracket that opens the pages.
    /// - Parameter columns: what `columnsJSON` made, when the caller keeps it.
    package func opening(columns encoded: [UInt8]? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        let encoded = encoded ?? Self.columnsJSON(columns)
        bytes.reserveCapacity(160 + encoded.count)
        bytes.append(contentsOf: "{\"revision\":".utf8)
        bytes.append(contentsOf: String(revision.rawValue).utf8)
        bytes.append(contentsOf: ",\"sheet\":\"s".utf8)
        appendDecimal(sheet.rawValue, to: &bytes)
        bytes.append(contentsOf: "\",\"pageSize\":".utf8)
        bytes.append(contentsOf: String(pageSize).utf8)
        bytes.append(contentsOf: ",\"totalRows\":".utf8)
        bytes.append(contentsOf: String(totalRows).utf8)
        bytes.append(contentsOf: ",\"totalPages\":".utf8)
        bytes.append(contentsOf: String(totalPages).utf8)
        bytes.append(contentsOf: ",\"totalColumns\":".utf8)
        bytes.append(contentsOf: String(totalColumns).utf8)
        bytes.append(contentsOf: ",\"columns\":".utf8)
        bytes.append(contentsOf: encoded)
        bytes.append(contentsOf: ",\"pages\":[".utf8)
        return bytes
    }

    /// What closes a reply after its pages.
    package static let closing: [UInt8] = Array("]}".utf8)

    package static func columnsJSON(_ columns: [Column]) -> [UInt8] {
        WireWriter.write(capacity: columns.count * 48 + 2) { writer in
            writer.array { writer in
                for column in columns { column.write(to: &writer) }
            }
        }
    }
}

/// Writes one page's object; cells are copied as the JSON they already are.
package struct PageWriter {
    private enum Stage {
        case row, cells, states
    }

    private var bytes: [UInt8]
    /// What stands before the value of each of the window's columns: `"c3":`.
    private let keys: [[UInt8]]
    private var stage = Stage.row
    private var isFirst = true

    /// - Parameter columns: the window's, which cells and states are given by their place in.
    package init(page: Int, tag: PageTag, columns: [ColumnID], capacity: Int = 16_384) {
        keys = columns.map { Array("\"\($0)\":".utf8) }
        bytes = []
        bytes.reserveCapacity(capacity)
        bytes.append(contentsOf: "{\"page\":\(page),\"tag\":\"\(tag)\",\"rows\":[".utf8)
    }

    /// A page that the client holds already.
    package static func unchanged(page: Int, tag: PageTag) -> [UInt8] {
        Array("{\"page\":\(page),\"tag\":\"\(tag)\",\"unchanged\":true}".utf8)
    }

    package mutating func beginRow(_ row: RowID) {
        if bytes.last == UInt8(ascii: "}") { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: "{\"id\":\"r".utf8)
        appendDecimal(row.rawValue, to: &bytes)
        bytes.append(contentsOf: "\",\"cells\":{".utf8)
        stage = .cells
        isFirst = true
    }

    /// A cell that is not empty. All cells of a row come before its states.
    package mutating func cell(_ index: Int, json: UnsafeRawBufferPointer) {
        key(index)
        bytes.append(contentsOf: json)
    }

    package mutating func cell(_ index: Int, json: some Collection<UInt8>) {
        key(index)
        bytes.append(contentsOf: json)
    }

    package mutating func state(_ index: Int, _ state: CellState) {
        if stage == .cells {
            bytes.append(contentsOf: "},\"states\":{".utf8)
            stage = .states
            isFirst = true
        }
        key(index)
        bytes.append(contentsOf: WireWriter.write(capacity: 32) { state.write(to: &$0) })
    }

    package mutating func endRow() {
        bytes.append(UInt8(ascii: "}"))
        bytes.append(UInt8(ascii: "}"))
        stage = .row
    }

    package consuming func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "]"))
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private mutating func key(_ index: Int) {
        if isFirst { isFirst = false } else { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: keys[index])
    }
}

/// A reply to a read of pages, as a client holds it.
package struct PageReply: Hashable, Sendable {
    package struct Page: Hashable, Sendable {
        package var page: Int
        package var tag: PageTag
        /// `nil` when the client holds the page already.
        package var rows: [Row]?
    }

    package struct Row: Hashable, Sendable {
        package var id: RowID
        package var cells: [ColumnID: CellValue]
        package var states: [ColumnID: CellState]
    }

    package var head: PageReplyHead
    package var pages: [Page]

    /// Reads a reply; members that are not known are stepped over.
    package init(wire bytes: [UInt8]) throws(WireError) {
        self = try WireReader.read(bytes) { (reader) throws(WireError) in
            var revision: Revision?
            var sheet: SheetID?
            var head = PageReplyHead(
                revision: .zero, sheet: SheetID(0), pageSize: 0, totalRows: 0, totalColumns: 0, columns: [])
            var pages: [Page] = []
            try reader.object { (member, reader) throws(WireError) in
                switch member {
                case "revision": revision = try reader.revision()
                case "sheet": sheet = try reader.identifier(SheetID.self)
                case "pageSize": head.pageSize = try reader.integer(in: 1...Int64(PagesQuery.pageSizeLimit))
                case "totalRows": head.totalRows = try reader.integer(in: 0...Int64(UInt32.max))
                case "totalColumns": head.totalColumns = try reader.integer(in: 0...Int64(UInt32.max))
                case "columns": head.columns = try reader.list { (reader) throws(WireError) in try Column(&reader) }
                case "pages": pages = try reader.list { (reader) throws(WireError) in try Page(&reader) }
                default: _ = try reader.skipValue()
                }
            }
            guard let revision else { throw reader.missing("revision") }
            guard let sheet else { throw reader.missing("sheet") }
            head.revision = revision
            head.sheet = sheet
            return PageReply(head: head, pages: pages)
        }
    }

    package init(head: PageReplyHead, pages: [Page]) {
        self.head = head
        self.pages = pages
    }
}

extension PageReply.Page {
    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        var page: Int?
        var tag: PageTag?
        var rows: [PageReply.Row]?
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "page": page = try reader.integer(in: 1...Int64(PagesQuery.pageLimit))
            case "tag":
                tag = PageTag(text: try reader.string())
                if tag == nil { throw reader.failure("not a page's tag") }
            case "rows": rows = try reader.list { (reader) throws(WireError) in try PageReply.Row(&reader) }
            default: _ = try reader.skipValue()
            }
        }
        guard let page else { throw reader.missing("page") }
        guard let tag else { throw reader.missing("tag") }
        self.init(page: page, tag: tag, rows: rows)
    }
}

extension PageReply.Row {
    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        var id: RowID?
        var cells: [ColumnID: CellValue] = [:]
        var states: [ColumnID: CellState] = [:]
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "id": id = try reader.identifier(RowID.self)
            case "cells":
                try reader.object { (name, reader) throws(WireError) in
                    guard let column = ColumnID(text: name) else { throw reader.failure("not a column's id") }
                    cells[column] = try reader.cellValue()
                }
            case "states":
                try reader.object { (name, reader) throws(WireError) in
                    guard let column = ColumnID(text: name) else { throw reader.failure("not a column's id") }
                    states[column] = try CellState(&reader)
                }
            default: _ = try reader.skipValue()
            }
        }
        guard let id else { throw reader.missing("id") }
        self.init(id: id, cells: cells, states: states)
    }
}
