package import GridModel
package import Ordering

// {"sheet":"s1","revision":4711,"view":"v1"|{...},"first":120,"rows":"r121-r160","columns":"c1-c12","hash":"16 hexadecimal digits"}

/// What a page says that it shows: which rows and columns, at which revision, and the hash of what stands in their value slots.
package struct ScreenAttestation: Hashable, Sendable {
    package var sheet: SheetID
    package var revision: Revision
    /// `nil` is the sheet itself.
    package var view: PagesQuery.View?
    /// The rank in the view of the first row, counted from 0.
    package var first: Int
    /// In the order painted.
    package var rows: [RowID]
    package var columns: [ColumnID]
    package var hash: UInt64

    /// Rows of one screen: more than any screen shows, and a page of the control.
    package static let rowLimit = 400
    package static let columnLimit = 256
    /// Bytes of one attestation: a tall screen of a sorted view and a long filter. A page sends at most a quarter of it.
    package static let byteLimit = 4_096

    package init(
        sheet: SheetID, revision: Revision, view: PagesQuery.View? = nil, first: Int, rows: [RowID], columns: [ColumnID],
        hash: UInt64
    ) {
        self.sheet = sheet
        self.revision = revision
        self.view = view
        self.first = first
        self.rows = rows
        self.columns = columns
        self.hash = hash
    }

    package init(wire bytes: [UInt8]) throws(WireError) {
        self = try WireReader.read(bytes) { (reader) throws(WireError) in
            var sheet: SheetID?
            var revision: Int?
            var hash: UInt64?
            var screen = ScreenAttestation(
                sheet: SheetID(0), revision: .zero, first: 0, rows: [], columns: [], hash: 0)
            try reader.object { (member, reader) throws(WireError) in
                switch member {
                case "sheet": sheet = try reader.identifier(SheetID.self)
                case "revision": revision = try reader.integer(in: 0...Int64.max)
                case "view": screen.view = try PagesQuery.View(&reader)
                case "first": screen.first = try reader.integer(in: 0...Int64(Limits.rowsPerSheet))
                case "rows": screen.rows = try Self.list(&reader, most: Self.rowLimit)
                case "columns": screen.columns = try Self.list(&reader, most: Self.columnLimit)
                case "hash": hash = try Self.digits(&reader)
                default: throw reader.unknownMember()
                }
            }
            guard let sheet else { throw reader.missing("sheet") }
            guard let revision else { throw reader.missing("revision") }
            guard !screen.rows.isEmpty else { throw reader.missing("rows") }
            guard !screen.columns.isEmpty else { throw reader.missing("columns") }
            guard let hash else { throw reader.missing("hash") }
            screen.sheet = sheet
            screen.revision = Revision(UInt64(revision))
            screen.hash = hash
            return screen
        }
    }

    /// Reads "r5-r9,r12": ascending runs, one after another in the order painted. No id comes twice.
    private static func list<ID: NumberedIdentifier>(_ reader: inout WireReader, most: Int) throws(WireError) -> [ID] {
        let text = try reader.string()
        var ids: [ID] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { ID(text: $0) }
            guard (1...2).contains(ends.count), let low = ends.first ?? nil, let high = ends.last ?? nil, low <= high else {
                throw reader.failure(
                    "expected ids and runs of them such as \(ID.prefix)5-\(ID.prefix)9,\(ID.prefix)12, found \"\(part.prefix(40))\""
                )
            }
            // In 64 bits: a run may end at the highest number there is.
            guard UInt64(high.rawValue) - UInt64(low.rawValue) < UInt64(most - ids.count) else {
                throw reader.failure("at most \(most) of one screen")
            }
            for number in low.rawValue...high.rawValue { ids.append(ID(number)) }
        }
        guard Set(ids).count == ids.count else { throw reader.failure("an id comes twice") }
        return ids
    }

    private static func digits(_ reader: inout WireReader) throws(WireError) -> UInt64 {
        let text = try reader.string()
        guard let tag = PageTag(text: text) else {
            throw reader.failure("expected sixteen hexadecimal digits, found \"\(text.prefix(40))\"")
        }
        return tag.rawValue
    }
}
