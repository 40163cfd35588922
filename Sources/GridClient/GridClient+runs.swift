public import GridModel
import Wire

/// What an agent is asked to do.
public struct RunWish: Hashable, Sendable {
    /// Which rows.
    public enum Scope: Hashable, Sendable {
        case all
        /// Those whose cell is empty.
        case empty
        /// Those whose cell says that the agent gave up.
        case failed
        /// Those whose inputs changed after the value was computed.
        case stale
        case first(Int)
    }

    public var sheet: SheetID
    public var column: ColumnID
    public var scope: Scope
    /// A saved view: only its rows, in its order.
    public var view: ViewID?
    /// Calls at once; `nil` for the server's default.
    public var concurrency: Int?
    public var budget: RunBudget
    /// Equal questions are asked once, also of earlier runs.
    public var sharesAnswers: Bool

    public init(
        sheet: SheetID, column: ColumnID, scope: Scope = .empty, view: ViewID? = nil, concurrency: Int? = nil,
        budget: RunBudget = RunBudget(), sharesAnswers: Bool = true
    ) {
        self.sheet = sheet
        self.column = column
        self.scope = scope
        self.view = view
        self.concurrency = concurrency
        self.budget = budget
        self.sharesAnswers = sharesAnswers
    }

    var wire: [UInt8] {
        var request = NewRunRequest(
            sheet: sheet, column: column, scope: NewRunRequest.Scope(scope), view: view.map { .saved($0) },
            concurrency: concurrency)
        request.budget = budget
        request.sharesAnswers = sharesAnswers
        return request.wire
    }
}

extension NewRunRequest.Scope {
    fileprivate init(_ scope: RunWish.Scope) {
        switch scope {
        case .all: self = .all
        case .empty: self = .empty
        case .failed: self = .failed
        case .stale: self = .stale
        case .first(let count): self = .first(count)
        }
    }
}

/// A run as the server tells it.
public struct RunReport: Hashable, Sendable {
    public var progress: RunProgress
    /// The server's whole document, as JSON text.
    public var json: String

    init(_ bytes: [UInt8]) throws {
        progress = RunProgress(try GridClient.read { () throws(WireError) in try RunEvent(wire: bytes) })
        json = String(decoding: bytes, as: UTF8.self)
    }
}

/// What may be asked of a run.
public enum RunAction: String, Hashable, Sendable {
    case pause
    case resume
    /// Stops; what was committed stays.
    case cancel
    /// Gives the cells that it answered their values from before.
    case undo
}

extension GridClient {
    /// Lets a column's agent fill cells. It goes on at the server, whatever becomes of this client.
    public func startRun(_ wish: RunWish, of grid: GridID) async throws -> RunReport {
        try RunReport(try await post("/api/v1/grids/\(grid)/runs", wish.wire))
    }

    /// What a run would ask and cost, as the server's JSON document. It begins none.
    public func estimateRun(_ wish: RunWish, of grid: GridID) async throws -> String {
        String(decoding: try await post("/api/v1/grids/\(grid)/runs/estimate", wish.wire), as: UTF8.self)
    }

    /// How a run stands.
    public func run(_ run: RunID, of grid: GridID) async throws -> RunReport {
        try RunReport(try await get("/api/v1/grids/\(grid)/runs/\(run)"))
    }

    /// Changes what a run does.
    public func act(_ action: RunAction, on run: RunID, of grid: GridID) async throws -> RunReport {
        try RunReport(try await post("/api/v1/grids/\(grid)/runs/\(run)/\(action.rawValue)", Array("{}".utf8)))
    }

    private func post(_ target: String, _ body: [UInt8]) async throws -> [UInt8] {
        let request = TransportRequest("POST", target, headers: Self.json, body: .bytes(body), timeout: Self.timeout)
        return try await succeed(request).body.collect(upTo: Self.replyLimit)
    }
}
