package import GridModel

// {"sheet":"s1","column":"c4","scope":"all"|"empty"|"failed"|"stale"|"filtered"|{"rows":["r1"]}|{"first":10}|{"view":"v3"},
//  "view":"v1"|{...},"viewport":["r1"],"concurrency":4,"budget":{"tokens":20000},"sharesAnswers":true}

/// What begins a run. Without a scope it is the empty cells, which never overwrites.
package struct NewRunRequest: Hashable, Sendable {
    package enum Scope: Hashable, Sendable {
        /// Every row of the view.
        case all
        case empty
        case failed
        case stale
        case rows([RowID])
        case first(Int)
        /// All rows of a saved view: `all` with that view.
        case view(ViewID)
    }

    package var sheet: SheetID
    package var column: ColumnID
    package var scope: Scope
    package var view: PagesQuery.View?
    package var viewport: [RowID]
    package var concurrency: Int?
    package var budget = RunBudget()
    /// Equal questions are asked once, also of earlier runs.
    package var sharesAnswers = true

    package init(
        sheet: SheetID, column: ColumnID, scope: Scope = .empty, view: PagesQuery.View? = nil, viewport: [RowID] = [],
        concurrency: Int? = nil
    ) {
        self.sheet = sheet
        self.column = column
        self.scope = scope
        self.view = view
        self.viewport = viewport
        self.concurrency = concurrency
    }

    package init(wire bytes: [UInt8]) throws(WireError) {
        self = try WireReader.read(bytes) { (reader) throws(WireError) in
            var sheet: SheetID?
            var column: ColumnID?
            var request = NewRunRequest(sheet: SheetID(0), column: ColumnID(0))
            try reader.object { (member, reader) throws(WireError) in
                switch member {
                case "sheet": sheet = try reader.identifier(SheetID.self)
                case "column": column = try reader.identifier(ColumnID.self)
                case "scope": request.scope = try Scope(&reader)
                case "view": request.view = try PagesQuery.View(&reader)
                case "viewport":
                    request.viewport = try reader.list { (reader) throws(WireError) in try reader.identifier(RowID.self) }
                case "concurrency": request.concurrency = try reader.takeNull() ? nil : try reader.integer(in: 1...1_000)
                case "budget": request.budget = try RunBudget(&reader)
                case "sharesAnswers": request.sharesAnswers = try reader.boolean()
                default: throw reader.unknownMember()
                }
            }
            if case .view(let id) = request.scope {
                guard request.view == nil else { throw reader.failure("a scope that is a view takes no other view besides") }
                request.scope = .all
                request.view = .saved(id)
            }
            guard let sheet else { throw reader.missing("sheet") }
            guard let column else { throw reader.missing("column") }
            request.sheet = sheet
            request.column = column
            return request
        }
    }

    package var wire: [UInt8] {
        WireWriter.write { writer in
            writer.object { writer in
                writer.name("sheet")
                writer.identifier(sheet)
                writer.name("column")
                writer.identifier(column)
                writer.name("scope")
                scope.write(to: &writer)
                switch view {
                case nil: break
                case .saved(let id):
                    writer.name("view")
                    writer.identifier(id)
                case .inline(let definition):
                    writer.name("view")
                    writer.json(definition.wire)
                }
                if !viewport.isEmpty {
                    writer.arrayMember("viewport") { writer in for row in viewport { writer.identifier(row) } }
                }
                if let concurrency { writer.member("concurrency", concurrency) }
                if budget != RunBudget() {
                    writer.name("budget")
                    budget.write(to: &writer)
                }
                if !sharesAnswers { writer.member("sharesAnswers", false) }
            }
        }
    }
}

extension NewRunRequest.Scope {
    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        guard reader.comes("{") else {
            switch try reader.string() {
            case "all", "filtered": self = .all
            case "empty": self = .empty
            case "failed": self = .failed
            case "stale": self = .stale
            case let name:
                throw reader.failure(
                    "expected all, empty, failed, stale, filtered, rows, first or view, found \"\(name.prefix(40))\"")
            }
            return
        }
        var scope: NewRunRequest.Scope?
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "rows": scope = .rows(try reader.list { (reader) throws(WireError) in try reader.identifier(RowID.self) })
            case "first": scope = .first(try reader.integer(in: 1...Int64(Limits.rowsPerSheet)))
            case "view": scope = .view(try reader.identifier(ViewID.self))
            default: throw reader.unknownMember()
            }
        }
        guard let scope else { throw reader.failure("a scope object names \"rows\", \"first\" or \"view\"") }
        self = scope
    }

    fileprivate func write(to writer: inout WireWriter) {
        switch self {
        case .all: writer.string("all")
        case .empty: writer.string("empty")
        case .failed: writer.string("failed")
        case .stale: writer.string("stale")
        case .rows(let rows):
            writer.object { writer in
                writer.arrayMember("rows") { writer in for row in rows { writer.identifier(row) } }
            }
        case .first(let count): writer.object { $0.member("first", count) }
        case .view(let id):
            writer.object { writer in
                writer.name("view")
                writer.identifier(id)
            }
        }
    }
}
