package import GridModel
package import Ordering

// The event stream (text/event-stream): signals, never values.
//
// id: 12
// event: commit
// data: {"revision":12,"from":10,"sheets":{"s1":{"rows":"r5-r9,r12","columns":["c3"],"structure":false,"order":false}},"changes":40}

/// One event of a grid's stream.
package enum StreamEvent: Hashable, Sendable {
    /// The first event: where the stream begins, and how many milliseconds lie between heartbeats, when the server says so.
    case hello(Revision, heartbeat: Int? = nil, server: Server? = nil)
    /// What the commits `from...revision` touched.
    case commit(CommitEvent)
    /// How a run stands.
    case run(RunEvent)
    /// The asked position is no longer kept, or the reader was too slow: reload from this revision.
    case gap(Revision)
    /// The heartbeat: the stream is alive, and the grid is at this revision. It has no id: it tells of no commit, and a reader
    /// that does not know of one by now has lost a signal.
    case beat(Revision)

    /// An instance of the server, and where the grid stood when that one opened it.
    package struct Server: Hashable, Sendable {
        package var run: String
        package var opened: Revision

        package init(run: String, opened: Revision) {
            self.run = run
            self.opened = opened
        }
    }

    /// The event as it goes over the wire, ready to be written.
    package var frame: [UInt8] {
        switch self {
        case .hello(let revision, let heartbeat, let server):
            Self.hello(revision, id: revision, heartbeat: heartbeat, server: server.map { ($0.run, $0.opened) })
        case .commit(let event):
            Self.frame(id: event.revision, "commit") { event.write(to: &$0) }
        case .run(let event):
            Self.frame(id: nil, "run") { event.write(to: &$0) }
        case .gap(let revision):
            Self.frame(id: revision, "gap") { $0.member("revision", revision) }
        case .beat(let revision):
            Self.frame(id: nil, "beat") { $0.member("revision", revision) }
        }
    }

    /// The first event. Its id is the asked position of a stream that is resumed, until what was missed is sent.
    /// - Parameters:
    ///   - heartbeat: milliseconds between heartbeats.
    ///   - server: the server's run, and the revision at which that run opened the grid.
    package static func hello(
        _ revision: Revision, id: Revision, heartbeat: Int?, server: (run: String, opened: Revision)? = nil
    ) -> [UInt8] {
        frame(id: id, "hello") { writer in
            writer.member("revision", revision)
            if let heartbeat { writer.member("heartbeat", heartbeat) }
            guard let server else { return }
            writer.member("server", server.run)
            writer.member("opened", server.opened)
        }
    }

    /// How long a client waits before it connects again.
    package static func retry(milliseconds: Int) -> [UInt8] {
        Array("retry: \(milliseconds)\n\n".utf8)
    }

    /// An event of a name and a document.
    package static func frame(id: Revision?, _ name: String, _ members: (inout WireWriter) -> Void) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(192)
        if let id { bytes.append(contentsOf: "id: \(id)\n".utf8) }
        bytes.append(contentsOf: "event: \(name)\ndata: ".utf8)
        bytes.append(contentsOf: WireWriter.write { writer in writer.object { members(&$0) } })
        bytes.append(contentsOf: "\n\n".utf8)
        return bytes
    }

    /// Reads an event from its name and data; `nil` for a name that is not known.
    package static func read(name: String, data: [UInt8]) throws(WireError) -> StreamEvent? {
        try WireReader.read(data) { (reader) throws(WireError) in
            switch name {
            case "hello": try Self.hello(&reader)
            case "gap": .gap(try Self.position(&reader))
            case "beat": .beat(try Self.position(&reader))
            case "commit": .commit(try CommitEvent(&reader))
            case "run": .run(try RunEvent(&reader))
            default: try Self.unknown(&reader)
            }
        }
    }

    private static func unknown(_ reader: inout WireReader) throws(WireError) -> StreamEvent? {
        _ = try reader.skipValue()
        return nil
    }

    private static func hello(_ reader: inout WireReader) throws(WireError) -> StreamEvent {
        var revision: Revision?
        var heartbeat: Int?
        var run: String?
        var opened = Revision.zero
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "revision": revision = try reader.revision()
            case "heartbeat": heartbeat = try reader.takeNull() ? nil : try reader.integer(in: 1...86_400_000)
            case "server": run = try reader.string()
            case "opened": opened = try reader.revision()
            default: _ = try reader.skipValue()
            }
        }
        guard let revision else { throw reader.missing("revision") }
        return .hello(revision, heartbeat: heartbeat, server: run.map { Server(run: $0, opened: opened) })
    }

    private static func position(_ reader: inout WireReader) throws(WireError) -> Revision {
        var revision: Revision?
        try reader.object { (member, reader) throws(WireError) in
            if member == "revision" { revision = try reader.revision() } else { _ = try reader.skipValue() }
        }
        guard let revision else { throw reader.missing("revision") }
        return revision
    }
}

/// What a span of commits touched.
package struct CommitEvent: Hashable, Sendable {
    package struct Touched: Hashable, Sendable {
        /// Ranges of row ids in ascending order; `nil` for many.
        package var rows: [ClosedRange<RowID>]?
        /// In ascending order; `nil` for any.
        package var columns: [ColumnID]?
        /// Columns, sheets or views changed.
        package var structure: Bool
        /// Rows came, went or moved.
        package var order: Bool

        package init(rows: [ClosedRange<RowID>]?, columns: [ColumnID]?, structure: Bool, order: Bool) {
            self.rows = rows
            self.columns = columns
            self.structure = structure
            self.order = order
        }
    }

    package var revision: Revision
    package var from: Revision
    /// In ascending order of sheet.
    package var sheets: [(id: SheetID, touched: Touched)]
    /// The grid's name or its list of sheets changed.
    package var structure: Bool
    package var changes: Int

    package init(
        revision: Revision, from: Revision, sheets: [(id: SheetID, touched: Touched)], structure: Bool = false, changes: Int
    ) {
        self.revision = revision
        self.from = from
        self.sheets = sheets
        self.structure = structure
        self.changes = changes
    }

    package static func == (a: CommitEvent, b: CommitEvent) -> Bool {
        a.revision == b.revision && a.from == b.from && a.changes == b.changes && a.structure == b.structure
            && a.sheets.elementsEqual(b.sheets) { $0.id == $1.id && $0.touched == $1.touched }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(revision)
        hasher.combine(from)
        for sheet in sheets { hasher.combine(sheet.id) }
    }

    func write(to writer: inout WireWriter) {
        writer.member("revision", revision)
        writer.member("from", from)
        writer.objectMember("sheets") { writer in
            for sheet in sheets {
                writer.name(sheet.id)
                sheet.touched.write(to: &writer)
            }
        }
        if structure { writer.member("structure", true) }
        writer.member("changes", changes)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        var revision: Revision?
        var from: Revision?
        var sheets: [(id: SheetID, touched: Touched)] = []
        var structure = false
        var changes = 0
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "structure": structure = try reader.boolean()
            case "revision": revision = try reader.revision()
            case "from": from = try reader.revision()
            case "sheets":
                try reader.object { (name, reader) throws(WireError) in
                    guard let id = SheetID(text: name) else { throw reader.failure("not a sheet's id") }
                    sheets.append((id, try Touched(&reader)))
                }
            case "changes": changes = try reader.integer(in: 0...Int64.max)
            default: _ = try reader.skipValue()
            }
        }
        guard let revision else { throw reader.missing("revision") }
        self.init(revision: revision, from: from ?? revision, sheets: sheets, structure: structure, changes: changes)
    }
}

extension CommitEvent.Touched {
    fileprivate func write(to writer: inout WireWriter) {
        writer.object { writer in
            writer.member("rows", rows.map(Self.text) ?? "many")
            if let columns {
                writer.arrayMember("columns") { writer in
                    for column in columns { writer.identifier(column) }
                }
            } else {
                writer.member("columns", "many")
            }
            writer.member("structure", structure)
            writer.member("order", order)
        }
    }

    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        self.init(rows: [], columns: [], structure: false, order: false)
        var touched = self
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "rows":
                let text = try reader.string()
                touched.rows = text == "many" ? nil : try Self.ranges(text, reader)
            case "columns":
                touched.columns =
                    reader.comes("\"")
                    ? try Self.many(&reader)
                    : try reader.list { (reader) throws(WireError) in try reader.identifier(ColumnID.self) }
            case "structure": touched.structure = try reader.boolean()
            case "order": touched.order = try reader.boolean()
            default: _ = try reader.skipValue()
            }
        }
        self = touched
    }

    private static func many(_ reader: inout WireReader) throws(WireError) -> [ColumnID]? {
        guard try reader.string() == "many" else { throw reader.failure("expected \"many\" or a list of columns") }
        return nil
    }

    /// Ranges of rows as the stream names them: "r5-r9,r12".
    package static func text(_ ranges: [ClosedRange<RowID>]) -> String {
        ranges.map { $0.lowerBound == $0.upperBound ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }

    private static func ranges(_ text: String, _ reader: WireReader) throws(WireError) -> [ClosedRange<RowID>] {
        var ranges: [ClosedRange<RowID>] = []
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { RowID(text: $0) }
            guard (1...2).contains(ends.count), let low = ends.first ?? nil, let high = ends.last ?? nil, low <= high else {
                throw reader.failure("expected ranges of rows such as r5-r9,r12")
            }
            ranges.append(low...high)
        }
        return ranges
    }
}

/// How a run stands; counts come from the server.
package struct RunEvent: Hashable, Sendable {
    package var run: RunID
    package var state: String
    package var done: Int
    package var running: Int
    package var queued: Int
    package var failed: Int
    package var skipped: Int
    package var tokens: Int
    /// In the currency of the model's price list; `nil` when no price is known.
    package var cost: Double?
    /// Seconds left; `nil` when unknown.
    package var eta: Int?
    /// Why the run is in this state, where that needs saying.
    package var reason: String?

    package init(
        run: RunID, state: String, done: Int = 0, running: Int = 0, queued: Int = 0, failed: Int = 0, skipped: Int = 0,
        tokens: Int = 0, cost: Double? = nil, eta: Int? = nil, reason: String? = nil
    ) {
        self.run = run
        self.state = state
        self.done = done
        self.running = running
        self.queued = queued
        self.failed = failed
        self.skipped = skipped
        self.tokens = tokens
        self.cost = cost
        self.eta = eta
        self.reason = reason
    }

    /// Writes the members into an open object.
    package func write(to writer: inout WireWriter) {
        writer.name("run")
        writer.identifier(run)
        writer.member("state", state)
        writer.member("done", done)
        writer.member("running", running)
        writer.member("queued", queued)
        writer.member("failed", failed)
        writer.member("skipped", skipped)
        writer.member("tokens", tokens)
        writer.name("cost")
        if let cost, cost.isFinite { writer.json(String(cost).utf8) } else { writer.null() }
        writer.name("eta")
        if let eta { writer.number(eta) } else { writer.null() }
        if let reason { writer.member("reason", reason) }
    }

    /// Reads a run's document, of which the event is a part.
    package init(wire bytes: [UInt8]) throws(WireError) {
        self = try WireReader.read(bytes) { (reader) throws(WireError) in try RunEvent(&reader) }
    }

    init(_ reader: inout WireReader) throws(WireError) {
        var run: RunID?
        var event = RunEvent(run: RunID(0), state: "")
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "run": run = try reader.identifier(RunID.self)
            case "state": event.state = try reader.string()
            case "done": event.done = try reader.integer(in: 0...Int64.max)
            case "running": event.running = try reader.integer(in: 0...Int64.max)
            case "queued": event.queued = try reader.integer(in: 0...Int64.max)
            case "failed": event.failed = try reader.integer(in: 0...Int64.max)
            case "skipped": event.skipped = try reader.integer(in: 0...Int64.max)
            case "tokens": event.tokens = try reader.integer(in: 0...Int64.max)
            case "cost":
                event.cost = try reader.takeNull() ? nil : Double(String(decoding: try reader.skipValue(), as: UTF8.self))
            case "eta": event.eta = try reader.takeNull() ? nil : try reader.integer(in: 0...Int64.max)
            case "reason": event.reason = try reader.takeNull() ? nil : try reader.string()
            default: _ = try reader.skipValue()
            }
        }
        guard let run else { throw reader.missing("run") }
        event.run = run
        self = event
    }
}
