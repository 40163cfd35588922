/// Reads one record, a JSON object, into a log. Members may come in any order, so those whose meaning depends on the kind wait
/// until all have been seen. Holds only scratch space.
struct TraceRecordReader: Sendable {
    /// The members that have a meaning, by their place in `names`.
    enum Member: Int, CaseIterable {
        case type, id, process, session, time, task, phase, after, request, intent, slot, key, version, base, value, arguments,
            label
        // These depend on the kind.
        case rank, position, frame, status, optimistic, rollback, user, merge, refetch, holds, guarded, dropped, from, keys,
            shows
        case marked, role, clock, policy

        var name: String { self == .guarded ? "guard" : "\(self)" }
    }

    /// A member's place in the text.
    private struct Waiting: Sendable {
        /// `nil`: unknown.
        let member: Member?
        private let name: Range<Int>
        private let isPlain: Bool
        private let value: Range<Int>

        init(_ member: Member?, _ name: JSONString, _ value: JSONSlice, in text: JSONCursor) {
            self.member = member
            self.name = text.range(of: JSONSlice(start: name.start, count: name.count))
            isPlain = name.isPlain
            self.value = text.range(of: value)
        }

        func name(in text: JSONCursor) -> JSONString {
            let slice = text.slice(name)
            return JSONString(start: slice.start, count: slice.count, isPlain: isPlain)
        }

        func value(in text: JSONCursor) -> JSONSlice { text.slice(value) }
    }

    private let names = JSONNameTable(Member.allCases.map(\.name))
    private let members = Member.allCases
    private let kinds = JSONNameTable(EventKind.allCases.map { "\($0)" })
    private let allKinds = EventKind.allCases
    private var waiting: [Waiting] = []
    private var canonical = JSONCanonicalText()
    private var decoded: [UInt8] = []
    /// The ids so far, as bits by symbol.
    private var ids: [UInt64] = []
    /// The ids that were read of a piece, those of rejected records among them.
    private var idsOfPiece: [Symbol] = []
    private var isPiece = false
    /// The log took no more.
    private(set) var isFull = false

    /// Begins a piece of a file.
    mutating func restart() {
        ids.removeAll(keepingCapacity: true)
        idsOfPiece.removeAll(keepingCapacity: true)
        isPiece = true
        isFull = false
    }

    /// Whether a record of a piece has the id of a record that was read before. One that was rejected for what follows its id counts,
    /// too: it would have been rejected for its id.
    func hasTakenID(of piece: TraceRecordReader, _ map: [Symbol]) -> Bool {
        piece.idsOfPiece.contains { contains(map[Int($0.raw)]) }
    }

    /// Takes note of the ids of events that were appended to the log.
    mutating func takeIDs(of log: TraceLog, from first: Int) {
        for id in log.ids[first...] where !id.isNone { insert(id) }
    }

    private func contains(_ id: Symbol) -> Bool {
        Int(id.raw) >> 6 < ids.count && ids[Int(id.raw) >> 6] & 1 << UInt64(id.raw & 63) != 0
    }

    private mutating func insert(_ id: Symbol) {
        let word = Int(id.raw) >> 6
        if word >= ids.count { ids.append(contentsOf: repeatElement(0, count: max(64, word + 1 - ids.count, ids.count))) }
        ids[word] |= 1 << UInt64(id.raw & 63)
    }

    /// Reads a record to the end of the line and appends it.
    mutating func read(_ cursor: inout JSONCursor, line: UInt32, into log: inout TraceLog) throws(JSONFailure) {
        waiting.removeAll(keepingCapacity: true)
        var row = TraceLog.Row(.note)
        row.line = line
        var seen: UInt64 = 0
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            let index = names.index(of: name)
            guard index >= 0 else {
                waiting.append(Waiting(nil, name, try cursor.skipValue(), in: cursor))
                continue
            }
            guard seen & 1 << UInt64(index) == 0 else { throw cursor.failure("a member that is there twice; leave one out") }
            seen |= 1 << UInt64(index)
            let member = members[index]
            if index > Member.label.rawValue {
                waiting.append(Waiting(member, name, try cursor.skipValue(), in: cursor))
            } else if member == .value {
                try readValue(&cursor, &row, &log)
            } else if try !cursor.takeNull() {
                try read(member, &cursor, &row, &log)
            }
        }
        try cursor.finish()
        guard seen & 1 != 0 else {
            throw JSONFailure(offset: 0, reason: "the record has no type; give it one, \"note\" if nothing fits")
        }
        try finish(&row, &log, cursor)
        guard log.append(row) else {
            isFull = true
            throw JSONFailure(
                offset: 0, reason: "the trace is full (2^32 events, 65,535 processes, 4 GiB of values); split the file")
        }
        if !row.id.isNone { insert(row.id) }
    }

    // MARK: Members of every kind

    private mutating func read(
        _ member: Member, _ cursor: inout JSONCursor, _ row: inout TraceLog.Row, _ log: inout TraceLog
    ) throws(JSONFailure) {
        switch member {
        case .type: try readType(&cursor, &row)
        case .id: row.id = try readID(&cursor, &log)
        case .process: row.process = log.intern(try cursor.string("process must be a text"), &decoded)
        case .session: row.session = log.intern(try cursor.string("session must be a text"), &decoded)
        case .time: row.time = try cursor.integer("time must be a whole number of nanoseconds")
        case .task: row.task = log.intern(try cursor.string("task must be a text"), &decoded)
        case .phase: row.phase = try readPhase(&cursor)
        case .after: try readEdges(&cursor, &log)
        case .request: row.request = log.intern(try cursor.string("request must be a text"), &decoded)
        case .intent: row.intent = log.intern(try cursor.string("intent must be a text"), &decoded)
        case .slot: row.slot = log.intern(try cursor.string("slot must be a text"), &decoded)
        case .key: row.key = log.intern(try cursor.string("key must be a text"), &decoded)
        case .version: row.version = try readVersion(&cursor, &log)
        case .base: row.base = try readVersion(&cursor, &log)
        case .arguments:
            try canonical.read(&cursor)
            row.arguments = canonical.text.withUnsafeBytes { log.intern($0) }
        case .label: row.label = log.intern(try cursor.string("label must be a text"), &decoded)
        case .value, .rank, .position, .frame, .status, .optimistic, .rollback, .user, .merge, .refetch, .holds, .guarded,
            .dropped, .from, .keys, .shows, .marked, .role, .clock, .policy:
            try cursor.skipValue()
        }
    }

    private mutating func readType(_ cursor: inout JSONCursor, _ row: inout TraceLog.Row) throws(JSONFailure) {
        let type = try cursor.string("type must be a text")
        let index = kinds.index(of: type)
        if index >= 0 {
            row.kind = allKinds[index]
        } else {
            // Kept as a note that remembers what it was.
            waiting.append(Waiting(.type, type, type.quoted, in: cursor))
        }
    }

    private mutating func readID(_ cursor: inout JSONCursor, _ log: inout TraceLog) throws(JSONFailure) -> Symbol {
        let id = log.intern(try cursor.string("id must be a text"), &decoded)
        guard id.isNone || !contains(id) else {
            throw cursor.failure("an id that an earlier event has; ids must be unique in the file")
        }
        if isPiece, !id.isNone { idsOfPiece.append(id) }
        return id
    }

    private func readPhase(_ cursor: inout JSONCursor) throws(JSONFailure) -> TurnPhase {
        let phase = try cursor.string("phase must be a text")
        if phase.equals("stack") { return .stack }
        if phase.equals("microtask") { return .microtask }
        if phase.equals("macrotask") { return .macrotask }
        throw cursor.failure("phase must be stack, microtask or macrotask")
    }

    /// A version: a whole number that is not negative, or a text.
    private mutating func readVersion(_ cursor: inout JSONCursor, _ log: inout TraceLog) throws(JSONFailure) -> TraceVersion {
        if cursor.peek() == UInt8(ascii: "\"") { return TraceVersion(text: log.intern(try cursor.string(), &decoded)) }
        let number = try cursor.integer("a version must be a whole number or a text")
        guard number >= 0 else { throw cursor.failure("a version must not be negative") }
        return TraceVersion(number: number)
    }

    private mutating func readValue(
        _ cursor: inout JSONCursor, _ row: inout TraceLog.Row, _ log: inout TraceLog
    ) throws(JSONFailure) {
        try canonical.read(&cursor)
        let isLong = canonical.text.count > TraceLog.maximumValueBytes
        if isLong || canonical.text.starts(with: "{\"digest\":\"".utf8) { row.flags.insert(.redacted) }
        canonical.text.withUnsafeBytes { log.addValue($0) }
    }

    private mutating func readEdges(_ cursor: inout JSONCursor, _ log: inout TraceLog) throws(JSONFailure) {
        var isFirst = true
        try cursor.beginArray()
        while try cursor.nextElement(&isFirst) {
            var edge = TraceLog.Edge(event: .none, kind: .await, confidence: .declared)
            var isFirstMember = true
            try cursor.beginObject()
            while let name = try cursor.nextMember(&isFirstMember) {
                if name.equals("event") {
                    edge.event = log.intern(try cursor.string("an edge's event must be a text"), &decoded)
                } else if name.equals("kind") {
                    let kind = try cursor.string("an edge's kind must be a text").string
                    guard let known = EdgeKind.allCases.first(where: { "\($0)" == kind }) else {
                        throw cursor.failure("an edge's kind must be task, fork, message, await or ack")
                    }
                    edge.kind = known
                } else if name.equals("confidence") {
                    let confidence = try cursor.string("an edge's confidence must be a text").string
                    guard let known = Confidence.allCases.first(where: { "\($0)" == confidence }) else {
                        throw cursor.failure("an edge's confidence must be declared, structural or temporal")
                    }
                    edge.confidence = known
                } else {
                    try cursor.skipValue()
                }
            }
            guard !edge.event.isNone else { throw cursor.failure("an edge must name the event that happened before") }
            log.addEdge(edge)
        }
    }
}

extension TraceRecordReader {
    // MARK: Members that depend on the kind

    private mutating func finish(
        _ row: inout TraceLog.Row, _ log: inout TraceLog, _ cursor: JSONCursor
    ) throws(JSONFailure) {
        guard !waiting.isEmpty || row.kind == .process || row.kind == .slot else { return }
        var declaration = Declaration()
        var shows: JSONSlice?
        var marked: JSONSlice?
        for entry in waiting {
            let slice = entry.value(in: cursor)
            var value = JSONCursor(slice)
            do throws(JSONFailure) {
                switch (entry.member, row.kind) {
                case (.shows?, .render): shows = slice
                case (.marked?, .render): marked = slice
                case (let member?, let kind):
                    if try read(member, of: kind, &value, &row, &log) { continue }
                    try declaration.read(member, kind, &value, &log)
                    addAttribute(entry, &log, cursor)
                case (nil, _): addAttribute(entry, &log, cursor)
                }
            } catch {
                throw JSONFailure(offset: cursor.offset(of: slice) + error.offset, reason: error.reason)
            }
        }
        if shows != nil || marked != nil { try readShown(shows, marked, &log, cursor) }
        declaration.declare(row, &log)
    }

    private mutating func addAttribute(_ entry: Waiting, _ log: inout TraceLog, _ cursor: JSONCursor) {
        let name = entry.member == .type ? log.intern("type") : log.intern(entry.name(in: cursor), &decoded)
        log.addAttribute(TraceLog.Attribute(name: name, value: log.intern(entry.value(in: cursor).bytes)))
    }

    /// Reads a member that an event of this kind has a place for. `false`: it has none, and the member is an attribute.
    private mutating func read(
        _ member: Member, of kind: EventKind, _ value: inout JSONCursor, _ row: inout TraceLog.Row, _ log: inout TraceLog
    ) throws(JSONFailure) -> Bool {
        switch (member, kind) {
        case (.rank, .intent), (.position, .emit), (.position, .signal), (.frame, .render), (.status, .arrive):
            if try value.takeNull() { return true }
            row.number = try value.integer("rank, position, frame and status must be whole numbers")
            row.flags.insert(.numbered)
        case (.optimistic, .write), (.optimistic, .delete): try set(.optimistic, &value, &row)
        case (.rollback, .write), (.rollback, .delete): try set(.rollback, &value, &row)
        case (.user, .write), (.user, .delete): try set(.user, &value, &row)
        case (.merge, .write), (.merge, .delete), (.merge, .commit), (.merge, .emit), (.merge, .signal):
            try set(.merge, &value, &row)
        case (.refetch, .read): try set(.refetch, &value, &row)
        case (.holds, .expect): try set(.holds, &value, &row)
        case (.from, .write), (.from, .delete):
            row.flags.insert(.derived)
            try readKeys(&value, &log)
        case (.keys, .slot): try readKeys(&value, &log)
        case (.guarded, .write), (.guarded, .delete):
            row.flags.insert(.guarded)
            return false
        case (.dropped, .deliver):
            row.flags.insert(.dropped)
            return false
        default: return false
        }
        return true
    }

    private func set(_ flag: EventFlags, _ value: inout JSONCursor, _ row: inout TraceLog.Row) throws(JSONFailure) {
        if try value.boolean("a flag must be true or false") { row.flags.insert(flag) }
    }

    private mutating func readKeys(_ value: inout JSONCursor, _ log: inout TraceLog) throws(JSONFailure) {
        var isFirst = true
        try value.beginArray()
        while try value.nextElement(&isFirst) { log.addFrom(log.intern(try value.string("a key must be a text"), &decoded)) }
    }

    private mutating func readShown(
        _ shows: JSONSlice?, _ marked: JSONSlice?, _ log: inout TraceLog, _ cursor: JSONCursor
    ) throws(JSONFailure) {
        var markedKeys: [Symbol] = []
        var part = marked ?? shows
        do throws(JSONFailure) {
            if let marked {
                var value = JSONCursor(marked)
                var isFirst = true
                try value.beginArray()
                while try value.nextElement(&isFirst) {
                    markedKeys.append(log.intern(try value.string("a marked key must be a text"), &decoded))
                }
            }
            part = shows
            if let shows {
                var value = JSONCursor(shows)
                var isFirst = true
                try value.beginObject()
                while let name = try value.nextMember(&isFirst) {
                    let key = log.intern(name, &decoded)
                    let version = try value.takeNull() ? .none : try readVersion(&value, &log)
                    log.addShown(TraceLog.Shown(key: key, version: version, marked: markedKeys.contains(key)))
                    markedKeys.removeAll { $0 == key }
                }
            }
        } catch {
            throw JSONFailure(offset: (part.map(cursor.offset(of:)) ?? 0) + error.offset, reason: error.reason)
        }
        for key in markedKeys { log.addShown(TraceLog.Shown(key: key, version: .none, marked: true)) }
    }

    /// What a `process` or `slot` event declares.
    private struct Declaration {
        private var role = TraceLog.Role.browser
        private var clock = Symbol.none
        private var policy: SlotPolicy?

        mutating func read(
            _ member: Member, _ kind: EventKind, _ value: inout JSONCursor, _ log: inout TraceLog
        ) throws(JSONFailure) {
            switch (member, kind) {
            case (.role, .process):
                let text = try value.string("role must be a text").string
                guard let known = TraceLog.Role.allCases.first(where: { "\($0)" == text }) else {
                    throw value.failure("role must be browser, server, agent, service or store")
                }
                role = known
            case (.clock, .process): clock = log.intern(try value.string("clock must be a text").string)
            case (.policy, .slot):
                let text = try value.string("policy must be a text").string
                guard let known = SlotPolicy.allCases.first(where: { "\($0)" == text }) else {
                    throw value.failure("policy must be latest, queue, first or merge")
                }
                policy = known
            default: return
            }
        }

        func declare(_ row: TraceLog.Row, _ log: inout TraceLog) {
            if row.kind == .process { log.declareProcess(row.process, role: role, clock: clock) }
            if row.kind == .slot {
                log.declareSlot(TraceLog.Slot(name: row.slot, policy: policy, keys: log.pendingFrom))
            }
        }
    }
}

extension TraceLog {
    /// Interns a text of a file; `scratch` is for one that has escapes.
    package mutating func intern(_ text: JSONString, _ scratch: inout [UInt8]) -> Symbol {
        if text.isPlain { return intern(text.raw) }
        scratch.removeAll(keepingCapacity: true)
        text.decode(into: &scratch)
        return scratch.withUnsafeBytes { intern($0) }
    }
}
