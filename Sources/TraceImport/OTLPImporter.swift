import Trace

// OTLP as JSON (opentelemetry-proto, "JSON Protobuf Encoding"): one ExportTraceServiceRequest, or one a line. Ids are hex in any
// case (base64 where a tool used plain protobuf JSON), 64-bit times are texts or bare numbers, enums are numbers or names, unknown
// fields are ignored, parents may be missing or come later, lines stand in any order. A span becomes its start and its end.

/// Reads OpenTelemetry traces.
struct OTLPImporter: Sendable {
    static let limits = [
        "Spans do not record writes of state, except where the application adds span events named trueline.write: without them stale "
            + "overwrites cannot be concluded (missing: write).",
        "Spans do not say which person's intent they serve, except by the attribute trueline.intent (missing: intent, slot, rank).",
        "The clocks of two services are not compared: between them only parent spans order events, and those are structural.",
        "Spans that were sampled out or not exported are not seen: the absence of a span proves nothing.",
    ]

    /// A span as it is read, before all members are known.
    struct Span {
        var trace: Symbol = .none
        var span: Symbol = .none
        var parent: Symbol = .none
        var kind: Int64 = 0
        var start: Int64 = 0
        var end: Int64 = 0
        var name: JSONString?
        var isError = false
        var message: JSONString?
        var meaning = Meaning()
        var events: JSONSlice?
    }

    /// A resource: a process of the trace.
    struct Resource {
        var process: Symbol = .none
        var session: Symbol = .none
        var role = TraceLog.Role.service
    }

    /// A span that was read, for what connects it to others.
    struct Known {
        var trace: Symbol
        var parent: Symbol
        var name: Symbol
        /// The name of its end, once there is one.
        var end = Symbol.none
        var kind: Int64
    }

    /// A process that was declared.
    struct Declaration {
        var process: Symbol
        var role: TraceLog.Role
        var clock: Symbol
        /// Only if the process is not known yet.
        var isTentative: Bool
    }

    var events = ImportedEvents()
    var spans: [Known] = []
    /// Spans by their names.
    var known = SymbolIndex()
    var scratch: [UInt8] = []
    var canonical = JSONCanonicalText()
    var intents: Set<Symbol> = []
    /// Which events declare an intent, and which.
    var intentEvents: [(event: Int, intent: Symbol)] = []
    /// Whether names of attributes tell of a credential, by their digests.
    var telling = TellingNames()
    var guesses = OTLPAttributeGuesses()
    /// The trace of the span before, and how its id was written, with the quotes.
    var lastTrace = (written: [UInt8](), symbol: Symbol.none)
    var skipped = 0
    /// Instances of each service, in the order in which they were seen.
    var instances: [String: [String]] = [:]
    var services: Set<String> = []
    /// What was declared, in order; and of which processes.
    var declarations: [Declaration] = []
    var declared = SymbolSet()
    let names = OTLPNames()
    var members: (method: Symbol, url: Symbol)

    init() {
        members = (events.intern("method"), events.intern("url"))
        canonical.isSecret = { Redactor.isTelling($0.raw) }
    }

    /// Reads one document.
    static func read(_ cursor: JSONCursor) -> ImportedTrace {
        var importer = OTLPImporter()
        var cursor = cursor
        do throws(JSONFailure) {
            try importer.request(&cursor, Place())
            try cursor.finish()
        } catch {
            importer.events.reject(error)
        }
        return importer.finish()
    }

    /// Where in the file a line stands.
    struct Place {
        var line = 0
        var offset = 0
    }

    /// Reads one line.
    mutating func read(_ line: JSONLine) {
        let place = Place(line: line.number, offset: line.offset)
        guard !line.isTooLong else {
            events.reject(
                JSONFailure(offset: 0, reason: "the line is longer than 1 GiB"), line: place.line, before: place.offset)
            return
        }
        var cursor = JSONCursor(line.bytes)
        if line.number == 1 { cursor.skipByteOrderMark() }
        if cursor.peek() == 0, cursor.offset == line.bytes.count { return }
        do throws(JSONFailure) {
            try request(&cursor, place)
            try cursor.finish()
        } catch {
            events.dropPending()
            events.reject(error, line: place.line, before: place.offset)
        }
    }

    mutating func finish() -> ImportedTrace {
        var limits = Self.limits
        if skipped > 0 { limits.append("\(skipped) blocks of logs or metrics were passed over: only spans become events.") }
        // What the server's end lets its caller's end happen.
        for span in spans where span.kind == 2 {
            guard let caller = known[span.parent].map({ spans[$0] }), caller.kind == 3, caller.trace == span.trace else {
                continue
            }
            events.lateEdges[end(of: caller)] = TraceLog.Edge(event: end(of: span), kind: .message, confidence: .structural)
        }
        let orphans = spans.count { !$0.parent.isNone && known[$0.parent] == nil }
        if orphans > 0 {
            limits.append(
                "\(orphans) of \(spans.count) spans have a parent that is not in the file: what caused them is unknown.")
        }
        return events.finish(.otlp, limits: limits)
    }

    private mutating func end(of span: Known) -> Symbol {
        span.end.isNone ? endName(of: span.name) : span.end
    }

    /// The name of the end of a span.
    mutating func endName(of span: Symbol) -> Symbol {
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: events.log.symbols.utf8(span))
        scratch.append(contentsOf: ".end".utf8)
        return scratch.withUnsafeBytes { events.log.intern($0) }
    }

    // MARK: The envelope

    private mutating func request(_ cursor: inout JSONCursor, _ place: Place) throws(JSONFailure) {
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            switch names.envelope.index(of: name) {
            case 0, 1:
                if try cursor.takeNull() { continue }
                var isFirst = true
                try cursor.beginArray()
                while try cursor.nextElement(&isFirst) { try resourceSpans(&cursor, place) }
            case 2, 3:
                skipped += 1
                try cursor.skipValue()
            default: try cursor.skipValue()
            }
        }
    }

    /// The resource may stand after its spans: they are read when it is known.
    private mutating func resourceSpans(_ cursor: inout JSONCursor, _ place: Place) throws(JSONFailure) {
        var resource: Resource?
        var waiting: [JSONSlice] = []
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            switch names.envelope.index(of: name) {
            case 4: resource = try self.resource(&cursor)
            case 5, 6, 7:
                if let resource {
                    try scopes(&cursor, resource, place)
                } else {
                    waiting.append(try cursor.skipValue())
                }
            default: try cursor.skipValue()
            }
        }
        guard !waiting.isEmpty else { return }
        let known = resource ?? unknownService()
        for slice in waiting {
            var inner = JSONCursor(slice, of: cursor)
            try scopes(&inner, known, place)
        }
    }

    private mutating func scopes(_ cursor: inout JSONCursor, _ resource: Resource, _ place: Place) throws(JSONFailure) {
        if try cursor.takeNull() { return }
        var isFirst = true
        try cursor.beginArray()
        while try cursor.nextElement(&isFirst) {
            var isFirst = true
            try cursor.beginObject()
            while let name = try cursor.nextMember(&isFirst) {
                guard names.envelope.index(of: name) == 8, try !cursor.takeNull() else {
                    if cursor.isBeforeMemberEnd { continue }
                    try cursor.skipValue()
                    continue
                }
                var isFirst = true
                try cursor.beginArray()
                while try cursor.nextElement(&isFirst) { try element(&cursor, resource, place) }
            }
        }
    }

    /// Reads one span; one that is not understood is rejected, and the next one is read.
    private mutating func element(_ cursor: inout JSONCursor, _ resource: Resource, _ place: Place) throws(JSONFailure) {
        var again = cursor
        do throws(JSONFailure) {
            let span = try self.span(&cursor)
            guard !span.span.isNone else { throw again.failure("a span without spanId") }
            guard span.end >= span.start || span.end == 0 else { throw again.failure("a span that ends before it starts") }
            try add(span, resource, cursor, at: again)
        } catch {
            events.dropPending()
            try again.skipValue()
            events.reject(error, line: place.line, before: place.offset)
            cursor = again
        }
    }

    private mutating func resource(_ cursor: inout JSONCursor) throws(JSONFailure) -> Resource {
        var resource = Resource()
        var texts: [Int: String] = [:]
        var isFirst = true
        if try cursor.takeNull() { return unknownService() }
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            guard name.equals("attributes"), cursor.peek() == UInt8(ascii: "[") else {
                try cursor.skipValue()
                continue
            }
            try attributes(&cursor) { (importer, key, value) throws(JSONFailure) in
                let index = importer.names.resource.index(of: key)
                let text = try value.anyText()
                if index >= 0 { texts[index] = text }
            }
        }
        let service = texts[0] ?? "unknown_service"
        let name = processName(service: service, instance: texts[1] ?? "")
        resource.process = events.intern(name)
        resource.session = texts[5].map { events.intern($0) } ?? .none
        if texts[3] != nil || texts[4] == "webjs" { resource.role = .browser }
        let clock = texts[2].map { events.intern("host \($0)") } ?? .none
        declare(Declaration(process: resource.process, role: resource.role, clock: clock, isTentative: true))
        return resource
    }

    /// Declares a process; of a service's instances the first one that is seen says what they are.
    mutating func declare(_ declaration: Declaration) {
        let process = declaration.process
        guard !declaration.isTentative || !declared.contains(process) else { return }
        let isRepeated = declarations.last.map { $0.process == process && !$0.isTentative } ?? false
        if declared.insert(process) || !isRepeated { declarations.append(declaration) }
        events.log.declareProcess(process, role: declaration.role, clock: declaration.clock)
    }

    private mutating func unknownService() -> Resource {
        let name = events.intern("unknown_service")
        declare(Declaration(process: name, role: .service, clock: .none, isTentative: false))
        return Resource(process: name)
    }

    /// The first instance of a service is called by the service's name, further ones by their number too.
    private mutating func processName(service: String, instance: String) -> String {
        let known = instances[service, default: []]
        let number = known.firstIndex(of: instance) ?? known.count
        if number == known.count { instances[service, default: []].append(instance) }
        services.insert(service)
        return number == 0 ? service : "\(service) #\(number + 1)"
    }

    /// Reads a list of attributes, calling `body` with each key and a cursor before the value, which `body` steps over.
    mutating func attributes(
        _ cursor: inout JSONCursor,
        _ body: (inout OTLPImporter, JSONString, inout JSONCursor) throws(JSONFailure) -> Void
    ) throws(JSONFailure) {
        var isFirst = true
        try cursor.beginArray()
        while try cursor.nextElement(&isFirst) { try attribute(&cursor, body) }
    }

    /// Reads one attribute. Its value may stand before its key.
    mutating func attribute(
        _ cursor: inout JSONCursor,
        _ body: (inout OTLPImporter, JSONString, inout JSONCursor) throws(JSONFailure) -> Void
    ) throws(JSONFailure) {
        var key: JSONString?
        var value: JSONSlice?
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            if name.equals("key") {
                key = try cursor.string("an attribute's key must be a text")
            } else if name.equals("value") {
                if let key, value == nil {
                    value = cursor.here
                    try body(&self, key, &cursor)
                } else {
                    value = try cursor.skipValue()
                }
            } else {
                try cursor.skipValue()
            }
        }
        guard let key, let slice = value, slice.count > 0 else { return }
        var inner = JSONCursor(slice, of: cursor)
        try body(&self, key, &inner)
    }
}

/// The names that OTLP gives things, each list in the order of the cases that use it.
struct OTLPNames {
    let envelope = JSONNameTable([
        "resourceSpans", "resource_spans", "resourceLogs", "resourceMetrics", "resource", "scopeSpans", "scope_spans",
        "instrumentationLibrarySpans", "spans",
    ])
    let resource = JSONNameTable([
        "service.name", "service.instance.id", "host.name", "browser.language", "telemetry.sdk.language", "session.id",
    ])
    /// In the order in which exporters write them.
    let span = JSONNameTable([
        "traceId", "spanId", "parentSpanId", "flags", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes",
        "events", "links", "status",
        "trace_id", "span_id", "parent_span_id", "start_time_unix_nano", "end_time_unix_nano",
    ])
    let status = JSONNameTable(["code", "message"])
    let event = JSONNameTable(["timeUnixNano", "name", "attributes", "time_unix_nano"])
    let value = JSONNameTable([
        "stringValue", "intValue", "doubleValue", "boolValue", "arrayValue", "kvlistValue", "bytesValue",
        "string_value", "int_value", "double_value", "bool_value",
    ])
    /// Attributes of spans by the semantic conventions, the old names after the new ones, then the project's own.
    let attribute = JSONNameTable([
        "http.request.method", "http.method", "url.full", "http.url", "url.path", "http.target", "http.response.status_code",
        "http.status_code", "session.id", "db.operation.name", "db.operation",
        "trueline.intent", "trueline.slot", "trueline.rank", "trueline.version", "trueline.base", "trueline.key",
        "trueline.label",
        "trueline.write", "trueline.value",
    ])
    let spanKinds = [
        "SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER",
        "SPAN_KIND_CONSUMER",
    ]
}

extension JSONCursor {
    /// Whether the value of the member has been taken already.
    fileprivate var isBeforeMemberEnd: Bool {
        var ahead = self
        let byte = ahead.peek()
        return byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}")
    }
}
