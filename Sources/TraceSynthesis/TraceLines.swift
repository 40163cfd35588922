package import Trace

/// Writes events as the JSON lines of `Docs/specifications/trace-format.md`, for what this target makes. Members in a fixed order.
package struct TraceLines: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init(recorder: String, id: String) {
        bytes += "{\"type\":\"trace\",\"version\":1,\"recorder\":\(Self.quoted(recorder)),\"id\":\(Self.quoted(id))}\n".utf8
    }

    package mutating func append(_ event: TraceEvent) {
        var line = "{\"type\":\"\(event.kind.name)\""
        func text(_ name: String, _ value: String) {
            if !value.isEmpty { line += ",\"\(name)\":\(Self.quoted(value))" }
        }
        func json(_ name: String, _ value: String?) {
            if let value, !value.isEmpty { line += ",\"\(name)\":\(value)" }
        }
        text("id", event.id)
        text("process", event.process)
        text("session", event.session)
        if event.time != 0 { json("time", "\(event.time)") }
        text("task", event.task)
        if event.phase != .unknown { text("phase", "\(event.phase)") }
        text("request", event.request)
        text("intent", event.intent)
        text("slot", event.slot)
        text("key", event.key)
        json("version", event.version.map(Self.json))
        json("base", event.base.map(Self.json))
        json(Self.numberName(event.kind), event.number.map { "\($0)" })
        json("value", event.value)
        json("arguments", event.arguments)
        text("label", event.label)
        for (flag, name) in Self.flags where event.flags.contains(flag) { json(name, "true") }
        if event.kind == .expect, !event.flags.contains(.holds) { json("holds", "false") }
        let keys = event.from.map(Self.quoted).joined(separator: ",")
        if !event.from.isEmpty { json(event.kind == .slot ? "keys" : "from", "[\(keys)]") }
        addShown(event, to: &line)
        addEdges(event, to: &line)
        for attribute in event.attributes { json(attribute.name, attribute.value) }
        line += "}\n"
        bytes += line.utf8
    }

    private func addShown(_ event: TraceEvent, to line: inout String) {
        guard !event.shows.isEmpty else { return }
        let shows = event.shows.map { "\(Self.quoted($0.key)):\(Self.json($0.version))" }.joined(separator: ",")
        line += ",\"shows\":{\(shows)}"
        let marked = event.shows.filter(\.marked).map { Self.quoted($0.key) }.joined(separator: ",")
        if !marked.isEmpty { line += ",\"marked\":[\(marked)]" }
    }

    private func addEdges(_ event: TraceEvent, to line: inout String) {
        guard !event.after.isEmpty else { return }
        let edges = event.after.map {
            "{\"event\":\(Self.quoted($0.event)),\"kind\":\"\($0.kind)\",\"confidence\":\"\($0.confidence)\"}"
        }
        line += ",\"after\":[\(edges.joined(separator: ","))]"
    }

    /// The line of `truth.jsonl` for a file; `truth` is null for a healthy one.
    package static func line(of truth: Truth?, file: String) -> String {
        guard let truth else { return "{\"file\":\(quoted(file)),\"truth\":null}\n" }
        let members = [
            ("write", truth.write), ("key", truth.key), ("slot", truth.slot), ("process", truth.process), ("late", truth.late),
            ("overtaken", truth.overtaken),
        ]
        let texts = members.map { "\"\($0.0)\":\(quoted($0.1))" }.joined(separator: ",")
        return "{\"file\":\(quoted(file)),\"truth\":{\(texts),\"inversions\":\(truth.inversions)}}\n"
    }

    private static let flags: [(EventFlags, String)] = [
        (.optimistic, "optimistic"), (.rollback, "rollback"), (.user, "user"), (.merge, "merge"), (.refetch, "refetch"),
        (.holds, "holds"),
    ]

    private static func numberName(_ kind: EventKind) -> String {
        switch kind {
        case .arrive: "status"
        case .render: "frame"
        case .emit, .signal: "position"
        case .process, .slot, .intent, .start, .cancel, .deliver, .read, .write, .delete, .ack, .commit, .abort, .mount,
            .unmount,
            .pending, .settled, .expect, .error, .note:
            "rank"
        }
    }

    private static func json(_ version: TraceEvent.Version) -> String {
        switch version {
        case .number(let number): "\(number)"
        case .text(let text): quoted(text)
        }
    }

    /// JSON text of a string (RFC 8259, 7).
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\u{0}"..."\u{1F}":
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
