import Trace

extension OTLPImporter {
    // MARK: Reading a span

    mutating func span(_ cursor: inout JSONCursor) throws(JSONFailure) -> Span {
        var span = Span()
        var (isFirst, last) = (true, -1)
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst, of: names.span, after: &last) {
            switch name {
            case 0, 12: span.trace = try traceIdentifier(&cursor)
            case 1, 13: span.span = try identifier(&cursor, bytes: 8)
            case 2, 14: span.parent = try identifier(&cursor, bytes: 8)
            case 4 where cursor.peek() == UInt8(ascii: "\""): span.name = try cursor.string()
            case 5: span.kind = try spanKind(&cursor)
            case 6, 15: span.start = try time(&cursor)
            case 7, 16: span.end = try time(&cursor)
            case 8 where cursor.peek() == UInt8(ascii: "["):
                span.meaning = Meaning()
                try attributes(&cursor, &span.meaning)
            case 9 where cursor.peek() == UInt8(ascii: "["): span.events = try cursor.skipValue()
            case 11 where cursor.peek() == UInt8(ascii: "{"): try status(&cursor, &span)
            default: try cursor.skipValue()
            }
        }
        return span
    }

    /// The trace's id, mostly that of the span before.
    private mutating func traceIdentifier(_ cursor: inout JSONCursor) throws(JSONFailure) -> Symbol {
        if !lastTrace.written.isEmpty, lastTrace.written.withUnsafeBytes({ cursor.take($0) }) { return lastTrace.symbol }
        var start = cursor
        let symbol = try identifier(&cursor, bytes: 16)
        if !symbol.isNone, start.peek() == UInt8(ascii: "\"") {
            lastTrace.written.removeAll(keepingCapacity: true)
            lastTrace.written.append(contentsOf: cursor.slice(since: start).bytes)
            lastTrace.symbol = symbol
        }
        return symbol
    }

    /// An id as lower-case hex; `none` when it is missing, empty or all zeros.
    private mutating func identifier(_ cursor: inout JSONCursor, bytes: Int) throws(JSONFailure) -> Symbol {
        if try cursor.takeNull() { return .none }
        let text = try cursor.string("an id must be a text")
        if text.count == 0 { return .none }
        if text.count == bytes * 2, Self.isLowerCaseHexadecimal(text.raw) {
            return Self.isZero(text.raw) ? .none : events.log.intern(text.raw)
        }
        scratch.removeAll(keepingCapacity: true)
        if text.count == bytes * 2 {
            for byte in text.raw { scratch.append(byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte) }
            guard scratch.withUnsafeBytes({ Self.isLowerCaseHexadecimal($0) }) else {
                throw cursor.failure("an id must be hexadecimal")
            }
        } else {
            guard Base64.appendHexadecimal(text.raw, bytes: bytes, to: &scratch) else {
                throw cursor.failure("an id must be hexadecimal: 32 digits for a trace, 16 for a span")
            }
        }
        return scratch.withUnsafeBytes { Self.isZero($0) ? .none : events.log.intern($0) }
    }

    // Without an early end, so that many bytes are looked at in one step.

    private static func isLowerCaseHexadecimal(_ text: UnsafeRawBufferPointer) -> Bool {
        var others = 0
        for byte in text { others += byte &- UInt8(ascii: "0") < 10 || byte &- UInt8(ascii: "a") < 6 ? 0 : 1 }
        return others == 0
    }

    private static func isZero(_ text: UnsafeRawBufferPointer) -> Bool {
        var bits: UInt8 = 0
        for byte in text { bits |= byte ^ UInt8(ascii: "0") }
        return bits == 0
    }

    /// A number of nanoseconds, bare or as a text, never through a `Double`.
    private func time(_ cursor: inout JSONCursor) throws(JSONFailure) -> Int64 {
        let time = try cursor.integerOrText("a time must be a whole number of nanoseconds")
        guard 0...JSONCursor.maximumTime ~= time else { throw cursor.failure("a time that is not between 1970 and 2116") }
        return time
    }

    private func spanKind(_ cursor: inout JSONCursor) throws(JSONFailure) -> Int64 {
        guard cursor.peek() == UInt8(ascii: "\"") else { return try cursor.integer("kind must be a number or a name") }
        let name = try cursor.string().string
        return Int64(names.spanKinds.firstIndex(of: name) ?? 0)
    }

    private func status(_ cursor: inout JSONCursor, _ span: inout Span) throws(JSONFailure) {
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            let byte = cursor.peek()
            switch names.status.index(of: name) {
            case 0 where byte == UInt8(ascii: "\""): span.isError = try cursor.string().equals("STATUS_CODE_ERROR")
            case 0: span.isError = try cursor.integer("status.code must be a number or a name") == 2
            case 1 where byte == UInt8(ascii: "\""): span.message = try cursor.string()
            default: try cursor.skipValue()
            }
        }
    }

    // MARK: Mapping

    /// What the attributes of a span say about its events.
    struct Meaning {
        var method: JSONString?
        var url: JSONString?
        var status: Int64?
        var session = Symbol.none
        var operation: String?
        var start = TraceLog.Row(.start)
        var version = TraceVersion.none
        var rank: Int64?
        var written: String?
        var value = Symbol.none
    }

    /// Adds a span's events: its start, what it says happened within, its end.
    mutating func add(_ span: Span, _ resource: Resource, _ cursor: JSONCursor, at place: JSONCursor) throws(JSONFailure) {
        let meaning = span.meaning
        // Span ids are unique within a trace only; almost always they are unique.
        var name = span.span
        if let other = known[name] {
            guard spans[other].trace != span.trace else {
                throw place.failure("a span that is there twice; the first one counts")
            }
            name = events.intern("\(events.log.text(span.trace))-\(events.log.text(span.span))")
            guard known[name] == nil else { throw place.failure("a span that is there twice; the first one counts") }
        }
        known.set(spans.count, for: name)
        spans.append(Known(trace: span.trace, parent: span.parent, name: name, kind: span.kind))

        var start = meaning.start
        start.id = name
        start.process = resource.process
        start.session = meaning.session.isNone ? resource.session : meaning.session
        start.request = name
        start.time = span.start
        if start.label.isNone, let text = span.name { start.label = events.intern(text) }
        addIntent(start, meaning)
        try addStart(start, span, resource, meaning)
        if let slice = span.events {
            var inner = JSONCursor(slice, of: cursor)
            try addEvents(&inner, start)
        }
        addEnd(start, span, meaning)
    }

    mutating func read(_ key: JSONString, _ value: inout JSONCursor, _ meaning: inout Meaning) throws(JSONFailure) {
        switch names.attribute.index(of: key) {
        case 0, 1: meaning.method = try value.anyString() ?? meaning.method
        case 2, 3: meaning.url = try value.anyString() ?? meaning.url
        case 4, 5:
            let path = try value.anyString()
            meaning.url = meaning.url ?? path
        case 6, 7: meaning.status = try value.anyInteger()
        case 8: meaning.session = try value.anyText().map { events.intern($0) } ?? .none
        case 9, 10: meaning.operation = try value.anyText()
        case 11: meaning.start.intent = try value.anyText().map { events.intern($0) } ?? .none
        case 12: meaning.start.slot = try value.anyText().map { events.intern($0) } ?? .none
        case 13: meaning.rank = try value.anyInteger()
        case 14: meaning.version = try version(&value)
        case 15: meaning.start.base = try version(&value)
        case 16: meaning.start.key = try value.anyText().map { events.intern($0) } ?? .none
        case 17: meaning.start.label = try value.anyText().map { events.intern($0) } ?? .none
        case 18: meaning.written = try value.anyText()
        case 19: meaning.value = try json(&value)
        default:
            guard telling.contains(key.raw) else {
                try value.skipValue()
                return
            }
            var text: [UInt8] = []
            try value.appendAny(to: &text, depth: 0)
            text.withUnsafeBytes { events.redactor.add($0) }
        }
    }

    /// An intent that says its rank is an event of its own, once.
    private mutating func addIntent(_ start: TraceLog.Row, _ meaning: Meaning) {
        guard let rank = meaning.rank, !start.intent.isNone, intents.insert(start.intent).inserted else { return }
        var row = start
        row.kind = .intent
        (row.id, row.request, row.number) = (.none, .none, rank)
        row.flags.insert(.numbered)
        intentEvents.append((event: events.count, intent: start.intent))
        events.add(row)
    }

    private mutating func addStart(
        _ row: TraceLog.Row, _ span: Span, _ resource: Resource, _ meaning: Meaning
    ) throws(JSONFailure) {
        var row = row
        row.version = .none
        // A server's span follows its caller's by a message, any other span by what its parent did.
        let isReceiving = span.kind == 2 || span.kind == 5
        events.edge(from: span.parent, isReceiving ? .message : .fork, .structural)
        if let method = meaning.method { events.attribute(members.method, events.log.intern(method.quoted.bytes)) }
        // Between services two calls of one address are no race; in a browser they may be.
        let hasSlot = resource.role == .browser && row.slot.isNone && span.kind == 3
        if let url = meaning.url {
            let cleaned = events.redactor.url(url.raw)
            if url.isPlain, cleaned == nil {
                // Its quotes and no escapes: that is JSON text already.
                events.attribute(members.url, events.log.intern(url.quoted.bytes))
            } else {
                events.attribute("url", String(decoding: cleaned ?? Array(url.raw), as: UTF8.self))
            }
            if hasSlot, let method = meaning.method {
                (cleaned ?? Array(url.raw)).withUnsafeBytes { address in
                    row.slot = events.slot(method: method.raw, url: address)
                    row.arguments = events.arguments(url: address, body: nil)
                }
            }
        }
        events.add(row)
    }

    private mutating func addEnd(_ start: TraceLog.Row, _ span: Span, _ meaning: Meaning) {
        guard span.end > 0 else { return }
        var row = start
        row.kind = meaning.operation?.uppercased() == "COMMIT" ? .commit : .arrive
        row.id = endName(of: start.id)
        spans[spans.count - 1].end = row.id
        row.time = span.end
        row.version = meaning.version
        row.label = .none
        row.flags = EventFlags(rawValue: 0)
        if let status = meaning.status, row.kind == .arrive {
            row.number = status
            row.flags.insert(.numbered)
        }
        if span.isError { events.attribute("error", span.message?.string ?? "error") }
        events.add(row)
        guard let key = meaning.written else { return }
        row.kind = .write
        row.id = .none
        row.key = events.intern(key)
        events.add(row, value: meaning.value)
    }
}
