extension TraceLog {
    /// Whether all of a piece fits.
    func hasRoom(for piece: TraceLog) -> Bool {
        count + piece.count < Self.maximumEvents && processes.count + piece.processes.count < Int(UInt16.max)
            && symbols.hasRoom(texts: piece.symbols.count, bytes: piece.symbols.byteCount)
            && [
                valuePool.count + piece.valuePool.count, shownPool.count + piece.shownPool.count,
                edgePool.count + piece.edgePool.count, fromPool.count + piece.fromPool.count,
                attributePool.count + piece.attributePool.count,
            ].allSatisfy { $0 <= Int(UInt32.max) }
    }

    /// Interns all texts of another log in their order, as if they came one by one; `false` when there is no room for them.
    /// - Parameter map: becomes the symbol here of each symbol there.
    package mutating func internTexts(of other: TraceLog, _ map: inout [Symbol]) -> Bool {
        guard symbols.hasRoom(texts: other.symbols.count, bytes: other.symbols.byteCount) else { return false }
        symbols.intern(contentsOf: other.symbols, &map)
        return true
    }

    /// Forgets the texts that `internTexts(of:_:)` has just added.
    package mutating func forgetTexts(downTo count: Int) {
        symbols.removeLast(downTo: count)
    }

    /// Appends what was read from the next lines of the same file, as if they had been read into this log. There must be room.
    /// - Parameter line: how many lines the file has before the piece.
    /// - Parameter map: the symbol here of each symbol there.
    mutating func append(piece: TraceLog, after line: Int, _ map: [Symbol]) {
        let processMap = declareProcesses(of: piece, map)
        for slot in piece.slots {
            declareSlot(Slot(name: map[Int(slot.name.raw)], policy: slot.policy, keys: slot.keys.map { map[Int($0.raw)] }))
        }
        processIndices.append(contentsOf: piece.processIndices.lazy.map { processMap[Int($0)] })
        lines.append(contentsOf: piece.lines.lazy.map { UInt32(clamping: Int($0) + line) })
        kinds.append(contentsOf: piece.kinds)
        flags.append(contentsOf: piece.flags)
        phases.append(contentsOf: piece.phases)
        times.append(contentsOf: piece.times)
        numbers.append(piece.numbers) { $0 }
        map.withUnsafeBufferPointer { map in
            appendSymbols(of: piece, map)
            appendPools(of: piece, map)
        }
    }

    /// Makes room for so many times what a piece holds: a file has about as much everywhere, and columns that grow are copied often.
    package mutating func reserve(_ times: Int, of piece: TraceLog) {
        symbols.reserve(times, of: piece.symbols)
        valuePool.reserveCapacity(valuePool.count + piece.valuePool.count * times)
        shownPool.reserveCapacity(shownPool.count + piece.shownPool.count * times)
        edgePool.reserveCapacity(edgePool.count + piece.edgePool.count * times)
        fromPool.reserveCapacity(fromPool.count + piece.fromPool.count * times)
        attributePool.reserveCapacity(attributePool.count + piece.attributePool.count * times)
        valueEnds.reserve(times, of: piece.valueEnds)
        shownEnds.reserve(times, of: piece.shownEnds)
        edgeEnds.reserve(times, of: piece.edgeEnds)
        fromEnds.reserve(times, of: piece.fromEnds)
        attributeEnds.reserve(times, of: piece.attributeEnds)
        bases.reserve(times, of: piece.bases)
        arguments.reserve(times, of: piece.arguments)
        labels.reserve(times, of: piece.labels)
        numbers.reserve(times, of: piece.numbers)
        reserve(events: piece.count * times)
    }

    /// Makes room for so many more events.
    package mutating func reserve(events: Int) {
        let capacity = count + events
        kinds.reserveCapacity(capacity)
        flags.reserveCapacity(capacity)
        phases.reserveCapacity(capacity)
        processIndices.reserveCapacity(capacity)
        sessions.reserveCapacity(capacity)
        times.reserveCapacity(capacity)
        lines.reserveCapacity(capacity)
        ids.reserveCapacity(capacity)
        tasks.reserveCapacity(capacity)
        requests.reserveCapacity(capacity)
        intents.reserveCapacity(capacity)
        slotNames.reserveCapacity(capacity)
        keys.reserveCapacity(capacity)
        versions.reserveCapacity(capacity)
    }

    private mutating func declareProcesses(of piece: TraceLog, _ map: [Symbol]) -> [UInt16] {
        zip(piece.processes, piece.declaredProcesses).map { process, isDeclared in
            let name = map[Int(process.name.raw)]
            if isDeclared { declareProcess(name, role: process.role, clock: map[Int(process.clock.raw)]) }
            return processIndex(name) ?? 0
        }
    }

    private mutating func appendSymbols(of piece: TraceLog, _ map: UnsafeBufferPointer<Symbol>) {
        sessions.append(contentsOf: piece.sessions.lazy.map { map[Int($0.raw)] })
        ids.append(contentsOf: piece.ids.lazy.map { map[Int($0.raw)] })
        tasks.append(contentsOf: piece.tasks.lazy.map { map[Int($0.raw)] })
        requests.append(contentsOf: piece.requests.lazy.map { map[Int($0.raw)] })
        intents.append(contentsOf: piece.intents.lazy.map { map[Int($0.raw)] })
        slotNames.append(contentsOf: piece.slotNames.lazy.map { map[Int($0.raw)] })
        keys.append(contentsOf: piece.keys.lazy.map { map[Int($0.raw)] })
        arguments.append(piece.arguments) { map[Int($0.raw)] }
        labels.append(piece.labels) { map[Int($0.raw)] }
        versions.append(contentsOf: piece.versions.lazy.map { $0.mapped(map) })
        bases.append(piece.bases) { $0.mapped(map) }
    }

    private mutating func appendPools(of piece: TraceLog, _ map: UnsafeBufferPointer<Symbol>) {
        let (values, shown, edges) = (UInt32(valuePool.count), UInt32(shownPool.count), UInt32(edgePool.count))
        let (from, attributes) = (UInt32(fromPool.count), UInt32(attributePool.count))
        valueEnds.append(piece.valueEnds, from: values)
        shownEnds.append(piece.shownEnds, from: shown)
        edgeEnds.append(piece.edgeEnds, from: edges)
        fromEnds.append(piece.fromEnds, from: from)
        attributeEnds.append(piece.attributeEnds, from: attributes)
        valuePool.append(contentsOf: piece.valuePool)
        shownPool.append(
            contentsOf: piece.shownPool.lazy.map {
                Shown(key: map[Int($0.key.raw)], version: $0.version.mapped(map), marked: $0.marked)
            })
        edgePool.append(
            contentsOf: piece.edgePool.lazy.map {
                Edge(event: map[Int($0.event.raw)], kind: $0.kind, confidence: $0.confidence)
            })
        fromPool.append(contentsOf: piece.fromPool.lazy.map { map[Int($0.raw)] })
        attributePool.append(
            contentsOf: piece.attributePool.lazy.map {
                Attribute(name: map[Int($0.name.raw)], value: map[Int($0.value.raw)])
            })
    }
}

extension TraceLog {
    /// Forgets everything and keeps the memory.
    package mutating func removeAll() {
        symbols.removeAll()
        (recorder, headerAttributes, limits) = ("", [], [])
        processes.removeAll(keepingCapacity: true)
        declaredProcesses.removeAll(keepingCapacity: true)
        processByName.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        slotByName.removeAll(keepingCapacity: true)
        removeColumns()
        valuePool.removeAll(keepingCapacity: true)
        shownPool.removeAll(keepingCapacity: true)
        edgePool.removeAll(keepingCapacity: true)
        fromPool.removeAll(keepingCapacity: true)
        attributePool.removeAll(keepingCapacity: true)
    }

    private mutating func removeColumns() {
        kinds.removeAll(keepingCapacity: true)
        flags.removeAll(keepingCapacity: true)
        phases.removeAll(keepingCapacity: true)
        processIndices.removeAll(keepingCapacity: true)
        sessions.removeAll(keepingCapacity: true)
        times.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        ids.removeAll(keepingCapacity: true)
        tasks.removeAll(keepingCapacity: true)
        requests.removeAll(keepingCapacity: true)
        intents.removeAll(keepingCapacity: true)
        slotNames.removeAll(keepingCapacity: true)
        keys.removeAll(keepingCapacity: true)
        versions.removeAll(keepingCapacity: true)
        bases.removeAll()
        arguments.removeAll()
        labels.removeAll()
        numbers.removeAll()
        valueEnds.removeAll()
        shownEnds.removeAll()
        edgeEnds.removeAll()
        fromEnds.removeAll()
        attributeEnds.removeAll()
    }
}

extension TraceLog.Row {
    /// The same event with the symbols of another table.
    package func mapped(_ map: UnsafeBufferPointer<Symbol>) -> TraceLog.Row {
        var row = self
        row.process = map[Int(process.raw)]
        row.session = map[Int(session.raw)]
        row.id = map[Int(id.raw)]
        row.task = map[Int(task.raw)]
        row.request = map[Int(request.raw)]
        row.intent = map[Int(intent.raw)]
        row.slot = map[Int(slot.raw)]
        row.key = map[Int(key.raw)]
        row.version = version.mapped(map)
        row.base = base.mapped(map)
        row.arguments = map[Int(arguments.raw)]
        row.label = map[Int(label.raw)]
        return row
    }
}

extension TraceVersion {
    @inline(__always)
    fileprivate func mapped(_ map: UnsafeBufferPointer<Symbol>) -> TraceVersion {
        text.map { TraceVersion(text: map[Int($0.raw)]) } ?? self
    }
}
