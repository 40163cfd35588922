/// Writes a trace file (`Docs/specifications/trace-format.md`): what `TraceReader` reads comes out again, unknown members
/// with their bytes as they were, values in canonical form.
package enum TraceWriter {
    /// How much is gathered before the sink is called.
    private static let pieceBytes = 256 << 10

    /// Writes the whole trace.
    /// - Parameter sink: takes the next bytes of the file.
    package static func write<Failure: Error>(
        _ log: TraceLog, to sink: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(pieceBytes + pieceBytes / 4)
        writeHeader(log, &bytes)
        for event in 0..<log.count {
            var record = TraceRecordWriter(log: log, event: event)
            record.write(line: event + 2, to: &bytes)
            if bytes.count >= pieceBytes { try flush(&bytes, sink) }
        }
        try flush(&bytes, sink)
    }

    /// The whole file in memory.
    package static func bytes(of log: TraceLog) -> [UInt8] {
        var bytes: [UInt8] = []
        write(log) { bytes.append(contentsOf: $0) }
        return bytes
    }

    private static func flush<Failure: Error>(
        _ bytes: inout [UInt8], _ sink: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        // Typed throws do not pass through the standard library's closure.
        let result: Result<Void, Failure> = bytes.withUnsafeBytes { piece in
            do throws(Failure) {
                return .success(try sink(piece))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
        bytes.removeAll(keepingCapacity: true)
    }

    private static func writeHeader(_ log: TraceLog, _ bytes: inout [UInt8]) {
        bytes.append(contentsOf: "{\"type\":\"trace\",\"version\":1".utf8)
        if !log.recorder.isEmpty {
            bytes.append(contentsOf: ",\"recorder\":".utf8)
            JSONText.append(quoting: log.recorder.utf8, to: &bytes)
        }
        for attribute in log.headerAttributes {
            bytes.append(UInt8(ascii: ","))
            JSONText.append(quoting: attribute.name.utf8, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            bytes.append(contentsOf: attribute.value.utf8)
        }
        for (index, limit) in log.limits.enumerated() {
            bytes.append(contentsOf: (index == 0 ? ",\"limits\":[" : ",").utf8)
            JSONText.append(quoting: limit.utf8, to: &bytes)
        }
        bytes.append(contentsOf: (log.limits.isEmpty ? "}\n" : "]}\n").utf8)
    }
}

/// Writes one event as a record.
private struct TraceRecordWriter {
    let log: TraceLog
    let event: TraceLog.EventIndex

    mutating func write(line: Int, to bytes: inout [UInt8]) {
        let kind = log.kinds[event]
        bytes.append(contentsOf: "{\"type\":".utf8)
        // A note may be a record of a type that this version does not know.
        if kind == .note, let type = log.attribute("type", of: event) {
            bytes.append(contentsOf: type.utf8)
        } else {
            bytes.append(contentsOf: "\"\(kind.name)\"".utf8)
        }
        // An event that is called by its line keeps that name when it comes to stand elsewhere.
        if !log.ids[event].isNone {
            text("id", log.ids[event], &bytes)
        } else if Int(log.lines[event]) != line {
            name("id", &bytes)
            JSONText.append(quoting: log.name(of: event).utf8, to: &bytes)
        }
        writeCommon(&bytes)
        writeReferences(&bytes)
        if log.flags[event].contains(.numbered) { writeNumber(kind, &bytes) }
        writeFlags(kind, &bytes)
        writeLists(kind, &bytes)
        for attribute in log.attributes(of: event) where log.text(attribute.name) != "type" || kind != .note {
            bytes.append(UInt8(ascii: ","))
            JSONText.append(quoting: log.symbols.utf8(attribute.name), to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            bytes.append(contentsOf: log.symbols.utf8(attribute.value))
        }
        bytes.append(contentsOf: "}\n".utf8)
    }

    private func writeCommon(_ bytes: inout [UInt8]) {
        let process = log.process(of: event).name
        text("process", process, &bytes)
        if log.sessions[event] != process { text("session", log.sessions[event], &bytes) }
        if log.times[event] != 0 { number("time", log.times[event], &bytes) }
        text("task", log.tasks[event], &bytes)
        if log.phases[event] != .unknown { literal("phase", "\"\(log.phases[event])\"", &bytes) }
    }

    private func writeReferences(_ bytes: inout [UInt8]) {
        text("request", log.requests[event], &bytes)
        text("intent", log.intents[event], &bytes)
        text("slot", log.slotNames[event], &bytes)
        text("key", log.keys[event], &bytes)
        version("version", log.versions[event], &bytes)
        version("base", log.bases[event], &bytes)
        if !log.arguments[event].isNone {
            name("arguments", &bytes)
            bytes.append(contentsOf: log.symbols.utf8(log.arguments[event]))
        }
        text("label", log.labels[event], &bytes)
        let value = log.value(of: event)
        if !value.isEmpty {
            name("value", &bytes)
            bytes.append(contentsOf: value)
        }
    }

    private func writeNumber(_ kind: EventKind, _ bytes: inout [UInt8]) {
        switch kind {
        case .intent: number("rank", log.numbers[event], &bytes)
        case .arrive: number("status", log.numbers[event], &bytes)
        case .emit, .signal: number("position", log.numbers[event], &bytes)
        case .render: number("frame", log.numbers[event], &bytes)
        case .process, .slot, .start, .cancel, .deliver, .read, .write, .delete, .ack, .commit, .abort, .mount, .unmount,
            .pending, .settled, .expect, .error, .note:
            return
        }
    }

    private func writeFlags(_ kind: EventKind, _ bytes: inout [UInt8]) {
        let flags = log.flags[event]
        if kind == .expect { literal("holds", flags.contains(.holds) ? "true" : "false", &bytes) }
        if flags.contains(.optimistic) { literal("optimistic", "true", &bytes) }
        if flags.contains(.rollback) { literal("rollback", "true", &bytes) }
        if flags.contains(.user) { literal("user", "true", &bytes) }
        if flags.contains(.merge) { literal("merge", "true", &bytes) }
        if flags.contains(.refetch) { literal("refetch", "true", &bytes) }
    }

    private func writeLists(_ kind: EventKind, _ bytes: inout [UInt8]) {
        let from = log.from(of: event)
        if !from.isEmpty || log.flags[event].contains(.derived) {
            name(kind == .slot ? "keys" : "from", &bytes)
            list(from.map { log.symbols.utf8($0) }, &bytes)
        }
        writeShown(&bytes)
        let edges = log.edges(into: event)
        guard !edges.isEmpty else { return }
        name("after", &bytes)
        for (index, edge) in edges.enumerated() {
            bytes.append(contentsOf: (index == 0 ? "[{\"event\":" : ",{\"event\":").utf8)
            JSONText.append(quoting: log.symbols.utf8(edge.event), to: &bytes)
            if edge.kind != .await { literal("kind", "\"\(edge.kind)\"", &bytes) }
            if edge.confidence != .declared { literal("confidence", "\"\(edge.confidence)\"", &bytes) }
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private func writeShown(_ bytes: inout [UInt8]) {
        let shown = log.shown(by: event)
        guard !shown.isEmpty else { return }
        name("shows", &bytes)
        bytes.append(UInt8(ascii: "{"))
        for (index, one) in shown.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            JSONText.append(quoting: log.symbols.utf8(one.key), to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            if one.version.isNone {
                bytes.append(contentsOf: "null".utf8)
            } else {
                version(one.version, &bytes)
            }
        }
        bytes.append(UInt8(ascii: "}"))
        let marked = shown.filter(\.marked).map { log.symbols.utf8($0.key) }
        if !marked.isEmpty {
            name("marked", &bytes)
            list(marked, &bytes)
        }
    }

    // MARK: Members

    private func name(_ name: StaticString, _ bytes: inout [UInt8]) {
        bytes.append(contentsOf: ",\"".utf8)
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(contentsOf: "\":".utf8)
    }

    private func text(_ member: StaticString, _ symbol: Symbol, _ bytes: inout [UInt8]) {
        guard !symbol.isNone else { return }
        name(member, &bytes)
        JSONText.append(quoting: log.symbols.utf8(symbol), to: &bytes)
    }

    private func literal(_ member: StaticString, _ text: String, _ bytes: inout [UInt8]) {
        name(member, &bytes)
        bytes.append(contentsOf: text.utf8)
    }

    private func number(_ member: StaticString, _ value: Int64, _ bytes: inout [UInt8]) {
        literal(member, String(value), &bytes)
    }

    private func version(_ member: StaticString, _ value: TraceVersion, _ bytes: inout [UInt8]) {
        guard !value.isNone else { return }
        name(member, &bytes)
        version(value, &bytes)
    }

    private func version(_ value: TraceVersion, _ bytes: inout [UInt8]) {
        if let number = value.number { bytes.append(contentsOf: String(number).utf8) }
        if let text = value.text { JSONText.append(quoting: log.symbols.utf8(text), to: &bytes) }
    }

    private func list(_ texts: [ArraySlice<UInt8>], _ bytes: inout [UInt8]) {
        for (index, text) in texts.enumerated() {
            bytes.append(index == 0 ? UInt8(ascii: "[") : UInt8(ascii: ","))
            JSONText.append(quoting: text, to: &bytes)
        }
        bytes.append(contentsOf: (texts.isEmpty ? "[]" : "]").utf8)
    }
}
