import Trace

// Redux DevTools exports in two shapes: {"payload": "[actions]", "preloadedState": "..."}, both as JSON within a text, or the lifted
// state {"actionsById", "stagedActionIds", "computedStates", ...}, which payload may also hold. Only the lifted state has times and
// the states after each action. Thunks of Redux Toolkit carry meta.requestId, meta.requestStatus and meta.arg; other actions do
// not say which request they belong to.

/// Reads exports of Redux DevTools.
struct ReduxImporter {
    private struct Action {
        var slice: JSONSlice
        var time: Int64 = 0
        var isSkipped = false
        var state: JSONSlice?
    }

    /// What an action says of itself.
    private struct Meaning {
        var type: JSONString?
        var request: JSONString?
        var status: JSONString?
        var arguments: JSONSlice?
        var cacheKey: JSONString?
        var isAborted = false
        var isCondition = false
        var message: JSONString?
    }

    private struct Lifted {
        var actions: [String: Action] = [:]
        var staged: [String] = []
        var skipped: Set<String> = []
        var states: [JSONSlice?] = []
        var hasStaged = false
    }

    private var events = ImportedEvents()
    private var canonical = JSONCanonicalText()
    private var changes = StateChanges()
    private var limits = ReduxImporter.limits
    private var payloadOffset: Int?
    private var requests = 0
    private var plain = 0

    static func read(_ cursor: JSONCursor) -> ImportedTrace {
        var importer = ReduxImporter()
        importer.canonical.isSecret = { Redactor.isTelling($0.raw) }
        importer.document(cursor, initial: nil, depth: 0)
        return importer.finish()
    }

    private mutating func finish() -> ImportedTrace {
        if requests == 0, plain > 0 { limits.append(Self.noRequests) }
        if plain > 0 { limits.append(Self.plainActions) }
        return events.finish(.redux, limits: limits)
    }

    /// Within `payload`, which is JSON in a text, the place in the file is that of the text.
    private mutating func reject(_ failure: JSONFailure) {
        guard let payloadOffset else { return events.reject(failure) }
        let reason = "payload, byte \(failure.offset): \(String(describing: failure.reason))"
        events.rejections.add(TraceRejection(line: 0, offset: payloadOffset, reason: reason))
    }

    // MARK: The two shapes

    /// - Parameter depth: 1 within `payload`.
    private mutating func document(_ cursor: JSONCursor, initial: JSONSlice?, depth: Int) {
        var cursor = cursor
        do throws(JSONFailure) {
            if cursor.peek() == UInt8(ascii: "[") {
                let actions = try list(&cursor)
                try cursor.finish()
                limits.append(Self.noStates)
                try add(actions, initial: initial, cursor)
                return
            }
            var payload: JSONSlice?
            var preloaded: JSONSlice?
            let lifted = try self.lifted(&cursor, &payload, &preloaded)
            try cursor.finish()
            if let payload, depth == 0 {
                unwrap(payload, preloaded, cursor)
            } else {
                try add(ordered(lifted), initial: nil, cursor)
            }
        } catch {
            events.dropPending()
            reject(error)
        }
    }

    /// `payload` and `preloadedState` are texts that hold JSON.
    private mutating func unwrap(_ payload: JSONSlice, _ preloaded: JSONSlice?, _ cursor: JSONCursor) {
        var initial = JSONCursor(preloaded ?? payload, of: cursor)
        guard preloaded != nil, let text = try? initial.string() else {
            unwrap(payload, initial: nil, cursor)
            return
        }
        // Lives as long as the closure runs.
        JSONDocument.with(text) { state in
            var state = state
            unwrap(payload, initial: try? state.skipValue(), cursor)
        }
    }

    private mutating func unwrap(_ payload: JSONSlice, initial: JSONSlice?, _ cursor: JSONCursor) {
        payloadOffset = cursor.offset(of: payload)
        var inner = JSONCursor(payload, of: cursor)
        if let text = try? inner.string() {
            JSONDocument.with(text) { document($0, initial: initial, depth: 1) }
        } else {
            // Some tools write it plainly; a copy ends where it ends.
            JSONDocument.with(Array(payload.bytes)[...]) { document($0, initial: initial, depth: 1) }
        }
    }

    private func list(_ cursor: inout JSONCursor) throws(JSONFailure) -> [Action] {
        var actions: [Action] = []
        var isFirst = true
        try cursor.beginArray()
        while try cursor.nextElement(&isFirst) { actions.append(Action(slice: try cursor.skipValue())) }
        return actions
    }

    private mutating func lifted(
        _ cursor: inout JSONCursor, _ payload: inout JSONSlice?, _ preloaded: inout JSONSlice?
    ) throws(JSONFailure) -> Lifted {
        var lifted = Lifted()
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            let byte = cursor.peek()
            if name.equals("actionsById"), byte == UInt8(ascii: "{") {
                try actions(&cursor, &lifted)
            } else if name.equals("stagedActionIds"), byte == UInt8(ascii: "[") {
                lifted.staged = try identifiers(&cursor)
                lifted.hasStaged = true
            } else if name.equals("skippedActionIds"), byte == UInt8(ascii: "[") {
                lifted.skipped = Set(try identifiers(&cursor))
            } else if name.equals("computedStates"), byte == UInt8(ascii: "[") {
                lifted.states = try states(&cursor)
            } else if name.equals("payload") {
                payload = try cursor.skipValue()
            } else if name.equals("preloadedState") {
                preloaded = try cursor.skipValue()
            } else {
                try cursor.skipValue()
            }
        }
        return lifted
    }

    private mutating func actions(_ cursor: inout JSONCursor, _ lifted: inout Lifted) throws(JSONFailure) {
        var isFirst = true
        try cursor.beginObject()
        while let id = try cursor.nextMember(&isFirst) {
            let start = cursor
            var action: JSONSlice?
            var time: Int64 = 0
            var isFirst = true
            try cursor.beginObject()
            while let name = try cursor.nextMember(&isFirst) {
                if name.equals("action") {
                    action = try cursor.skipValue()
                } else if name.equals("timestamp"), try !cursor.takeNull() {
                    time = try cursor.scaled(by: 6, "timestamp must be a number of milliseconds")
                } else if cursor.peek() != UInt8(ascii: ","), cursor.peek() != UInt8(ascii: "}") {
                    try cursor.skipValue()
                }
            }
            if let action {
                lifted.actions[id.string] = Action(slice: action, time: time)
            } else {
                reject(start.failure("an entry of actionsById without action"))
            }
        }
    }

    private func identifiers(_ cursor: inout JSONCursor) throws(JSONFailure) -> [String] {
        var found: [String] = []
        var isFirst = true
        try cursor.beginArray()
        while try cursor.nextElement(&isFirst) { found.append(try cursor.skipValue().string) }
        return found
    }

    private func states(_ cursor: inout JSONCursor) throws(JSONFailure) -> [JSONSlice?] {
        var found: [JSONSlice?] = []
        var isFirst = true
        try cursor.beginArray()
        while try cursor.nextElement(&isFirst) {
            guard cursor.peek() == UInt8(ascii: "{") else {
                try cursor.skipValue()
                found.append(nil)
                continue
            }
            var state: JSONSlice?
            var isFirst = true
            try cursor.beginObject()
            while let name = try cursor.nextMember(&isFirst) {
                let value = try cursor.skipValue()
                if name.equals("state") { state = value }
            }
            found.append(state)
        }
        return found
    }

    /// The actions in the order in which they were reduced, each with the state after it.
    private mutating func ordered(_ lifted: Lifted) -> [Action] {
        var ids = lifted.staged
        if !lifted.hasStaged { ids = lifted.actions.keys.sorted { (Int($0) ?? .max, $0) < (Int($1) ?? .max, $1) } }
        if lifted.states.isEmpty, !ids.isEmpty { limits.append(Self.noStates) }
        if ids.count > 1, let second = Int(ids[1]), let first = Int(ids[0]), second > first + 1 {
            limits.append(
                "The recording kept only its last \(ids.count) actions (maxAge): \(second - first - 1) before them are gone, and with them "
                    + "the starts of requests that were answered later.")
        }
        return ids.enumerated().compactMap { index, id in
            guard var action = lifted.actions[id] else { return nil }
            action.isSkipped = lifted.skipped.contains(id)
            action.state = index < lifted.states.count ? lifted.states[index] : nil
            return action
        }
    }

    // MARK: Mapping

    private mutating func add(_ actions: [Action], initial: JSONSlice?, _ cursor: JSONCursor) throws(JSONFailure) {
        var old: StateTree?
        if let initial {
            var tree = StateTree()
            var inner = JSONCursor(initial)
            if (try? tree.read(&inner)) != nil { old = tree }
        }
        events.log.declareProcess(events.intern("store"), role: .browser, clock: .none)
        var time: Int64 = 0
        for (index, action) in actions.enumerated() {
            // The order of the actions is certain, their clock may have been set back.
            time = max(time, action.time)
            do throws(JSONFailure) {
                var inner = JSONCursor(action.slice, of: cursor)
                let row = try add(try meaning(&inner), index: index, time: time, isSkipped: action.isSkipped, cursor)
                guard let slice = action.state, !action.isSkipped else { continue }
                var state = JSONCursor(slice, of: cursor)
                var new = StateTree()
                try new.read(&state)
                changes.compare(old, new)
                try addChanges(row, cursor)
                old = new
            } catch {
                events.dropPending()
                reject(error)
            }
        }
    }

    private func meaning(_ cursor: inout JSONCursor) throws(JSONFailure) -> Meaning {
        var meaning = Meaning()
        let start = cursor
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            let byte = cursor.peek()
            if name.equals("type"), byte == UInt8(ascii: "\"") {
                meaning.type = try cursor.string()
            } else if name.equals("meta"), byte == UInt8(ascii: "{") {
                try meta(&cursor, &meaning)
            } else if name.equals("error"), byte == UInt8(ascii: "{") {
                try member("message", of: &cursor) { meaning.message = $0 }
            } else {
                try cursor.skipValue()
            }
        }
        guard meaning.type != nil else { throw start.failure("an action without type") }
        return meaning
    }

    private func meta(_ cursor: inout JSONCursor, _ meaning: inout Meaning) throws(JSONFailure) {
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            let byte = cursor.peek()
            if name.equals("requestId"), byte == UInt8(ascii: "\"") {
                meaning.request = try cursor.string()
            } else if name.equals("requestStatus"), byte == UInt8(ascii: "\"") {
                meaning.status = try cursor.string()
            } else if name.equals("arg") {
                var again = cursor
                meaning.arguments = try cursor.skipValue()
                if byte == UInt8(ascii: "{") { try member("queryCacheKey", of: &again) { meaning.cacheKey = $0 } }
            } else if name.equals("aborted"), byte == UInt8(ascii: "t") {
                meaning.isAborted = try cursor.boolean()
            } else if name.equals("condition"), byte == UInt8(ascii: "t") {
                meaning.isCondition = try cursor.boolean()
            } else {
                try cursor.skipValue()
            }
        }
    }

    private func member(
        _ wanted: StaticString, of cursor: inout JSONCursor, _ body: (JSONString) -> Void
    ) throws(JSONFailure) {
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            if name.equals(wanted), cursor.peek() == UInt8(ascii: "\"") {
                body(try cursor.string())
            } else {
                try cursor.skipValue()
            }
        }
    }

    /// Adds what an action says; its writes carry the request or the intent of the row that is returned.
    private mutating func add(
        _ meaning: Meaning, index: Int, time: Int64, isSkipped: Bool, _ cursor: JSONCursor
    ) throws(JSONFailure) -> TraceLog.Row {
        var row = TraceLog.Row(.note)
        row.process = events.intern("store")
        row.task = events.intern("action \(index)")
        row.phase = .macrotask
        row.time = time
        guard let type = meaning.type?.string else { return row }
        row.label = events.intern(type)
        guard let request = meaning.request, let status = statusOf(meaning, type) else {
            if type.hasPrefix("@@") || isSkipped {
                events.add(row)
                return row
            }
            plain += 1
            row.kind = .intent
            row.intent = row.task
            events.add(row)
            return row
        }
        requests += 1
        row.request = events.intern(request)
        row.intent = row.request
        row.slot = meaning.cacheKey.map { events.intern($0) } ?? events.intern(String(type.dropLast(status.count + 1)))
        if let slice = meaning.arguments {
            var inner = JSONCursor(slice, of: cursor)
            try canonical.read(&inner)
            row.arguments = canonical.text.withUnsafeBytes { events.log.intern($0) }
        }
        add(row, status: status, meaning)
        // Only what a response brought is bound to it.
        if status == "pending" || meaning.isAborted || meaning.isCondition { row.request = .none }
        return row
    }

    private func statusOf(_ meaning: Meaning, _ type: String) -> String? {
        if let status = meaning.status?.string { return status }
        return ["pending", "fulfilled", "rejected"].first { type.hasSuffix("/\($0)") }
    }

    private mutating func add(_ row: TraceLog.Row, status: String, _ meaning: Meaning) {
        var row = row
        func next(_ kind: EventKind) -> TraceLog.Row {
            row.kind = kind
            return row
        }
        if status == "pending" {
            var intent = next(.intent)
            intent.request = .none
            events.add(intent)
            events.add(next(.start))
        } else if meaning.isAborted {
            events.add(next(.cancel))
        } else if !meaning.isCondition {
            // A thunk refused by its condition never asked anything.
            if status == "rejected" { events.attribute("error", meaning.message?.string ?? "rejected") }
            events.add(next(.arrive))
            events.add(next(.deliver))
        }
    }

    private mutating func addChanges(_ row: TraceLog.Row, _ cursor: JSONCursor) throws(JSONFailure) {
        for change in changes.changes {
            var write = row
            write.kind = change.value == nil ? .delete : .write
            (write.label, write.arguments) = (.none, .none)
            write.key = events.intern(change.path)
            var value = Symbol.none
            if let slice = change.value {
                var inner = JSONCursor(slice, of: cursor)
                try canonical.read(&inner)
                value = canonical.text.withUnsafeBytes { events.log.intern($0) }
                if let name = change.name, Redactor.isTelling(name.raw), slice.bytes.first == UInt8(ascii: "\"") {
                    value = events.intern(JSONText.quoted(Redactor.replacement))
                    var secret = JSONCursor(slice, of: cursor)
                    events.redactor.add(try secret.string())
                }
            }
            events.add(write, value: value)
        }
    }
}
