import Trace

/// Events that happen together in one process: a task, or one event outside of any.
struct Block {
    var process: Int
    /// Microseconds since the trace began.
    var time: Int64
    var isTask = true
    var events: [Staged]
}

/// An event, and what the generator knows of it but does not tell.
struct Staged {
    var event: TraceEvent
    /// Of a response's write: its slot, its intent's place in the slot, and its request.
    var writer: (slot: Int, intent: Int, request: String, isLate: Bool)?

    init(_ event: TraceEvent) {
        self.event = event
    }
}

extension TraceEvent {
    /// JSON text of a plain word.
    mutating func attribute(_ name: String, _ word: String) {
        attributes.append(Attribute(name: name, value: "\"\(word)\""))
    }
}
