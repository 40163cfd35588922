public import GridModel
public import Ordering
public import Wire

extension GridClient {
    /// Commits changes, all or none, and returns after they are durable.
    ///
    /// While the server cannot be reached they are sent again under the same intent, for a minute: however often that happens,
    /// they take effect once (S5).
    /// - Parameters:
    ///   - changes: of cells and rows: `setCell`, `insertRows`, `deleteRows`, `moveRows`. Others are refused as `invalid`.
    ///   - intent: identifies what is asked for; with the same intent the first outcome comes back.
    ///   - cause: `person` commits at once, `program` in groups.
    /// - Throws: ``ClientError``. After `unreachable` or `timedOut` it is not known whether the changes happened: ask again with
    ///   the same intent.
    public func submit(
        _ changes: [Change], to grid: GridID, intent: IntentID, cause: Cause.Kind = .person
    ) async throws -> CommandOutcome {
        let requested = try changes.map { try Self.requested($0) }
        let body = ChangesRequest(intent: intent, cause: cause, changes: requested).wire
        let request = TransportRequest(
            "POST", "/api/v1/grids/\(grid)/changes", headers: Self.json, body: .bytes(body), timeout: Self.timeout)
        let start = environment.clock()
        var backoff = Backoff()
        while true {
            do {
                let bytes = try await succeed(request).body.collect(upTo: Self.replyLimit)
                return try Self.read { () throws(WireError) in try CommandOutcome(wire: bytes) }
            } catch let error as ClientError where error.isTemporary {
                let wait = backoff.next(random: environment.chance(), wish: error.retryAfter)
                let waited = Duration.milliseconds(Int64(environment.clock().milliseconds - start.milliseconds))
                guard waited + wait < Self.patience else { throw error }
                try await environment.sleep(wait)
            }
        }
    }

    private static func requested(_ change: Change) throws -> RequestedChange {
        switch change {
        case .setCell(let row, let column, let value, let ifRevision):
            return .setCell(row: row, column: column, value: value, ifRevision: ifRevision)
        case .insertRows(let sheet, let position, let rows): return .insertRows(sheet: sheet, position: position, rows: rows)
        case .deleteRows(let sheet, let rows): return .deleteRows(sheet: sheet, rows: rows)
        case .moveRows(let sheet, let rows, let position): return .moveRows(sheet: sheet, rows: rows, position: position)
        case .answerCell, .markCell, .takeBack, .noteRun, .stageRows, .publishRows, .discardRows, .addColumn, .renameColumn,
            .retypeColumn,
            .resizeColumn, .setColumnAgent, .moveColumn, .deleteColumn, .addSheet, .renameSheet, .deleteSheet, .addView,
            .changeView, .deleteView, .renameGrid:
            throw ClientError(.invalid, "only changes of cells and rows are sent as changes")
        }
    }

    /// Reads committed pages, all of one snapshot (S3).
    /// - Parameters:
    ///   - pages: counted from 1; at most 10,000 rows.
    ///   - minRevision: the snapshot is not older than this (S4).
    public func pages(
        _ pages: ClosedRange<Int>, of sheet: SheetID, in grid: GridID, view: ViewSelection = .all, pageSize: Int = 100,
        minRevision: Revision? = nil
    ) async throws -> PageRead {
        let query = PagesQuery(
            first: pages.lowerBound, last: pages.upperBound, pageSize: pageSize, view: view.query, minRevision: minRevision)
        let reply = try await read(query, sheet: sheet, grid: grid)
        return PageRead(
            revision: reply.head.revision, totalRows: reply.head.totalRows, columns: reply.head.columns,
            pages: reply.pages.map { SheetPage(number: $0.page, rows: ($0.rows ?? []).map(SheetRow.init)) })
    }

    func read(_ query: PagesQuery, sheet: SheetID, grid: GridID) async throws -> PageReply {
        let bytes = try await get("/api/v1/grids/\(grid)/sheets/\(sheet)/pages?" + query.text)
        return try Self.read { () throws(WireError) in try PageReply(wire: bytes) }
    }
}

/// Committed pages of one snapshot.
public struct PageRead: Hashable, Sendable {
    public var revision: Revision
    /// Rows of the view.
    public var totalRows: Int
    public var columns: [Column]
    public var pages: [SheetPage]
}

/// One page of a sheet.
public struct SheetPage: Hashable, Sendable {
    /// Counted from 1.
    public var number: Int
    public var rows: [SheetRow]
}

/// One row of a sheet.
public struct SheetRow: Hashable, Sendable {
    public var id: RowID
    /// Cells that are not empty.
    public var cells: [ColumnID: CellValue]
    /// What stands beside values, where anything does.
    public var states: [ColumnID: CellState]

    init(_ row: PageReply.Row) {
        id = row.id
        cells = row.cells
        states = row.states
    }
}
