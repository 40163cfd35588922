extension TraceLog {
    /// One event whose texts are interned in this log already: what a fast reader appends.
    package struct Row: Sendable {
        package var kind: EventKind
        package var flags: EventFlags = []
        package var phase = TurnPhase.unknown
        package var process = Symbol.none
        package var session = Symbol.none
        package var time: Int64 = 0
        package var line: UInt32 = 0
        package var id = Symbol.none
        package var task = Symbol.none
        package var request = Symbol.none
        package var intent = Symbol.none
        package var slot = Symbol.none
        package var key = Symbol.none
        package var version = TraceVersion.none
        package var base = TraceVersion.none
        package var arguments = Symbol.none
        package var label = Symbol.none
        package var number: Int64 = 0

        package init(_ kind: EventKind) {
            self.kind = kind
        }
    }

    package mutating func intern(_ text: String) -> Symbol { symbols.intern(text) }
    package mutating func intern(_ text: UnsafeRawBufferPointer) -> Symbol { symbols.intern(text) }

    // The variable parts of an event are added before the event itself.

    /// Adds to the value of the event that is appended next. Canonical JSON text; a long one is kept as its digest.
    package mutating func addValue(_ text: UnsafeRawBufferPointer) {
        guard text.count > Self.maximumValueBytes else {
            valuePool.append(contentsOf: text)
            return
        }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        valuePool.append(contentsOf: "{\"digest\":\"fnv1a-\(String(hash, radix: 16))-\(text.count)\"}".utf8)
    }

    package mutating func addShown(_ shown: Shown) { shownPool.append(shown) }
    package mutating func addEdge(_ edge: Edge) { edgePool.append(edge) }
    package mutating func addFrom(_ key: Symbol) { fromPool.append(key) }
    package mutating func addAttribute(_ attribute: Attribute) { attributePool.append(attribute) }

    /// The `from` keys added since the last event.
    var pendingFrom: [Symbol] { Array(fromPool[Int(fromEnds.last)...]) }

    /// Drops the variable parts that were added since the last event: a reader found the record bad half way.
    package mutating func dropPending() {
        valuePool.removeSubrange(Int(valueEnds.last)...)
        shownPool.removeSubrange(Int(shownEnds.last)...)
        edgePool.removeSubrange(Int(edgeEnds.last)...)
        fromPool.removeSubrange(Int(fromEnds.last)...)
        attributePool.removeSubrange(Int(attributeEnds.last)...)
    }

    /// Appends an event with the variable parts added before it. `false` when the log is full: nothing is appended then.
    @discardableResult
    package mutating func append(_ row: Row) -> Bool {
        guard kinds.count < Self.maximumEvents, valuePool.count <= Int(UInt32.max), attributePool.count <= Int(UInt32.max),
            let process = processIndex(row.process)
        else {
            dropPending()
            return false
        }
        kinds.append(row.kind)
        flags.append(row.flags)
        phases.append(row.phase)
        processIndices.append(process)
        sessions.append(row.session.isNone ? processes[Int(process)].name : row.session)
        times.append(row.time)
        lines.append(row.line)
        ids.append(row.id)
        tasks.append(row.task)
        requests.append(row.request)
        intents.append(row.intent)
        slotNames.append(row.slot)
        keys.append(row.key)
        versions.append(row.version)
        bases.append(row.base)
        arguments.append(row.arguments)
        labels.append(row.label)
        numbers.append(row.number)
        appendEnds()
        return true
    }

    /// Declares a process, or says more about one that is known.
    package mutating func declareProcess(_ name: Symbol, role: Role, clock: Symbol) {
        guard let index = processIndex(name) else { return }
        processes[Int(index)].role = role
        processes[Int(index)].clock = clock
        declaredProcesses[Int(index)] = true
    }

    /// Declares a slot's policy and keys; a later declaration replaces an earlier one.
    package mutating func declareSlot(_ slot: Slot) {
        if let index = slotByName[slot.name] {
            slots[index] = slot
        } else {
            slotByName[slot.name] = slots.count
            slots.append(slot)
        }
    }

    mutating func processIndex(_ name: Symbol) -> UInt16? {
        // The last process is asked for most often.
        if let last = processIndices.last, processes[Int(last)].name == name { return last }
        if let index = processByName[name] { return index }
        if name.isNone { return processIndex(symbols.intern("main")) }
        guard processes.count < Int(UInt16.max) else { return nil }
        let index = UInt16(processes.count)
        processes.append(Process(name: name, role: .browser, clock: .none))
        declaredProcesses.append(false)
        processByName[name] = index
        return index
    }
}

extension TraceLog {
    /// Appends an event given as plain data. `line` 0: the next one.
    @discardableResult
    package mutating func append(_ event: TraceEvent, line: UInt32 = 0) -> Bool {
        var row = Row(event.kind)
        row.flags = event.flags
        if !event.from.isEmpty, event.kind != .slot { row.flags.insert(.derived) }
        if event.number != nil { row.flags.insert(.numbered) }
        row.phase = event.phase
        row.process = intern(event.process)
        row.session = intern(event.session)
        row.time = event.time
        row.line = line == 0 ? (lines.last ?? 1) + 1 : line
        row.id = intern(event.id)
        row.task = intern(event.task)
        row.request = intern(event.request)
        row.intent = intern(event.intent)
        row.slot = intern(event.slot)
        row.key = intern(event.key)
        row.version = intern(event.version)
        row.base = intern(event.base)
        row.arguments = intern(event.arguments)
        row.label = intern(event.label)
        row.number = event.number ?? 0
        addVariableParts(of: event)
        declare(event, row)
        return append(row)
    }

    private mutating func intern(_ version: TraceEvent.Version?) -> TraceVersion {
        switch version {
        case .number(let number): TraceVersion(number: number)
        case .text(let text): TraceVersion(text: intern(text))
        case nil: .none
        }
    }

    private mutating func addVariableParts(of event: TraceEvent) {
        if var value = event.value { value.withUTF8 { addValue(UnsafeRawBufferPointer($0)) } }
        for shown in event.shows {
            addShown(Shown(key: intern(shown.key), version: intern(shown.version), marked: shown.marked))
        }
        for edge in event.after {
            addEdge(Edge(event: intern(edge.event), kind: edge.kind, confidence: edge.confidence))
        }
        for key in event.from { addFrom(intern(key)) }
        for attribute in event.attributes {
            addAttribute(Attribute(name: intern(attribute.name), value: intern(attribute.value)))
        }
    }

    /// Processes and slots are declared by events with attributes in JSON text, as a reader hands them over.
    private mutating func declare(_ event: TraceEvent, _ row: Row) {
        func attribute(_ name: String) -> String? {
            event.attributes.first { $0.name == name }.map { String($0.value.drop { $0 == "\"" }.prefix { $0 != "\"" }) }
        }
        switch event.kind {
        case .process:
            let role = Role.allCases.first { "\($0)" == attribute("role") } ?? .browser
            declareProcess(row.process, role: role, clock: intern(attribute("clock") ?? ""))
        case .slot:
            let policy = SlotPolicy.allCases.first { "\($0)" == attribute("policy") }
            declareSlot(Slot(name: row.slot, policy: policy, keys: event.from.map { intern($0) }))
        case .intent, .start, .cancel, .arrive, .deliver, .read, .write, .delete, .ack, .commit, .abort, .emit, .signal,
            .render, .mount, .unmount, .pending, .settled, .expect, .error, .note:
            return
        }
    }
}
