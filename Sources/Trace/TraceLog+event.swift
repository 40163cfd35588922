extension TraceLog {
    /// One event as plain data, for reports and for traces made of parts of this one. Its texts are copied.
    package func event(at index: EventIndex) -> TraceEvent {
        var event = TraceEvent(kinds[index])
        event.id = text(ids[index])
        event.process = text(processes[Int(processIndices[index])].name)
        event.session = text(sessions[index])
        event.time = times[index]
        event.task = text(tasks[index])
        event.phase = phases[index]
        event.request = text(requests[index])
        event.intent = text(intents[index])
        event.slot = text(slotNames[index])
        event.key = text(keys[index])
        event.version = version(versions[index])
        event.base = version(bases[index])
        event.number = flags[index].contains(.numbered) ? numbers[index] : nil
        let value = value(of: index)
        event.value = value.isEmpty ? nil : String(decoding: value, as: UTF8.self)
        event.arguments = text(arguments[index])
        event.label = text(labels[index])
        event.flags = flags[index]
        event.from = from(of: index).map { text($0) }
        event.shows = shown(by: index).compactMap { shown in
            version(shown.version).map { TraceEvent.Shown(key: text(shown.key), version: $0, marked: shown.marked) }
        }
        event.after = edges(into: index).map {
            TraceEvent.Edge(event: text($0.event), kind: $0.kind, confidence: $0.confidence)
        }
        event.attributes = attributes(of: index).map { TraceEvent.Attribute(name: text($0.name), value: text($0.value)) }
        return event
    }

    private func version(_ version: TraceVersion) -> TraceEvent.Version? {
        if let number = version.number { return .number(number) }
        return version.text.map { .text(text($0)) }
    }
}
