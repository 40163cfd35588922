extension TraceLog {
    /// Appends another trace's events after this one's. Events that have no id of their own are named `NAME:L17`, and so are the
    /// edges to them, as lines of two files would be confused otherwise. `false` when the log is full.
    @discardableResult
    package mutating func append(contentsOf other: TraceLog, named name: String) -> Bool {
        var map = [Symbol](repeating: .none, count: other.symbols.count)
        for raw in 1..<max(1, other.symbols.count) {
            let symbol = Symbol(raw: UInt32(raw))
            map[raw] = other.symbols.utf8(symbol).withUnsafeBytes { symbols.intern($0) }
        }
        func mapped(_ version: TraceVersion) -> TraceVersion {
            version.text.map { TraceVersion(text: map[Int($0.raw)]) } ?? version
        }
        for process in other.processes {
            declareProcess(map[Int(process.name.raw)], role: process.role, clock: map[Int(process.clock.raw)])
        }
        for slot in other.slots {
            declareSlot(
                Slot(name: map[Int(slot.name.raw)], policy: slot.policy, keys: slot.keys.map { map[Int($0.raw)] }))
        }
        for event in 0..<other.count {
            addVariableParts(of: event, in: other, map, name, mapped)
            guard append(row(of: event, in: other, map, name, mapped)) else { return false }
        }
        return true
    }

    private mutating func row(
        of event: Int, in other: TraceLog, _ map: [Symbol], _ name: String, _ mapped: (TraceVersion) -> TraceVersion
    ) -> Row {
        var row = Row(other.kinds[event])
        row.flags = other.flags[event]
        row.phase = other.phases[event]
        row.process = map[Int(other.processes[Int(other.processIndices[event])].name.raw)]
        row.session = map[Int(other.sessions[event].raw)]
        row.time = other.times[event]
        row.line = other.lines[event]
        row.id = other.ids[event].isNone ? intern("\(name):L\(other.lines[event])") : map[Int(other.ids[event].raw)]
        row.task = map[Int(other.tasks[event].raw)]
        row.request = map[Int(other.requests[event].raw)]
        row.intent = map[Int(other.intents[event].raw)]
        row.slot = map[Int(other.slotNames[event].raw)]
        row.key = map[Int(other.keys[event].raw)]
        row.version = mapped(other.versions[event])
        row.base = mapped(other.bases[event])
        row.arguments = map[Int(other.arguments[event].raw)]
        row.label = map[Int(other.labels[event].raw)]
        row.number = other.numbers[event]
        return row
    }

    private mutating func addVariableParts(
        of event: Int, in other: TraceLog, _ map: [Symbol], _ name: String, _ mapped: (TraceVersion) -> TraceVersion
    ) {
        other.value(of: event).withUnsafeBytes { addValue($0) }
        for shown in other.shown(by: event) {
            addShown(Shown(key: map[Int(shown.key.raw)], version: mapped(shown.version), marked: shown.marked))
        }
        for edge in other.edges(into: event) {
            let text = other.text(edge.event)
            let isLine = text.first == "L" && UInt32(text.dropFirst()) != nil
            addEdge(
                Edge(
                    event: isLine ? intern("\(name):\(text)") : map[Int(edge.event.raw)], kind: edge.kind,
                    confidence: edge.confidence))
        }
        for key in other.from(of: event) { addFrom(map[Int(key.raw)]) }
        for attribute in other.attributes(of: event) {
            addAttribute(Attribute(name: map[Int(attribute.name.raw)], value: map[Int(attribute.value.raw)]))
        }
    }
}
