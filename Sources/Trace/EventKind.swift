/// What an event says happened. The raw value is stable within version 1 of the format's binary form.
package enum EventKind: UInt8, Sendable, CaseIterable, Hashable {
    /// Declares a process: its role and clock domain.
    case process = 1
    /// Declares a slot: its policy and keys.
    case slot = 2
    /// Something was asked for.
    case intent = 3
    /// A request begins.
    case start = 4
    /// The application gave a request up.
    case cancel = 5
    /// A response is there, at the network.
    case arrive = 6
    /// The application's handler of a response begins.
    case deliver = 7
    /// A key was read.
    case read = 8
    /// A key was written.
    case write = 9
    /// A key was removed.
    case delete = 10
    /// The application learned that its change is committed.
    case ack = 11
    /// A store made a version durable.
    case commit = 12
    /// A store gave a version up.
    case abort = 13
    /// A stream handed an event out.
    case emit = 14
    /// The application received an event of a stream.
    case signal = 15
    /// A frame was painted.
    case render = 16
    /// A slot's view appears.
    case mount = 17
    /// A slot's view disappears.
    case unmount = 18
    /// A slot waits.
    case pending = 19
    /// A slot waits no longer.
    case settled = 20
    /// What a person should see was checked.
    case expect = 21
    /// An error that somebody saw.
    case error = 22
    /// Anything else, kept for the timeline.
    case note = 23

    /// The `type` member that stands for this kind.
    package var name: StaticString {
        switch self {
        case .process: "process"
        case .slot: "slot"
        case .intent: "intent"
        case .start: "start"
        case .cancel: "cancel"
        case .arrive: "arrive"
        case .deliver: "deliver"
        case .read: "read"
        case .write: "write"
        case .delete: "delete"
        case .ack: "ack"
        case .commit: "commit"
        case .abort: "abort"
        case .emit: "emit"
        case .signal: "signal"
        case .render: "render"
        case .mount: "mount"
        case .unmount: "unmount"
        case .pending: "pending"
        case .settled: "settled"
        case .expect: "expect"
        case .error: "error"
        case .note: "note"
        }
    }
}

/// How well founded an edge of happens-before is. Weaker is less.
package enum Confidence: UInt8, Sendable, CaseIterable, Comparable, Hashable {
    /// Only one clock says so.
    case temporal = 1
    /// It follows from the shape: same task, same trace id, a parent span.
    case structural = 2
    /// The application or the protocol says so.
    case declared = 3

    package static func < (a: Confidence, b: Confidence) -> Bool { a.rawValue < b.rawValue }
}

/// Why one event happened before another.
package enum EdgeKind: UInt8, Sendable, CaseIterable, Hashable {
    case task = 1
    case fork = 2
    case message = 3
    case await = 4
    case ack = 5
}

/// Which part of an event-loop turn an event belongs to.
package enum TurnPhase: UInt8, Sendable, CaseIterable, Hashable {
    case unknown = 0
    /// The synchronous stack.
    case stack = 1
    case microtask = 2
    case macrotask = 3
}

/// What a slot does with several intents under way.
package enum SlotPolicy: UInt8, Sendable, CaseIterable, Hashable {
    /// The last intent wins.
    case latest = 1
    /// Each in turn.
    case queue = 2
    /// The first wins, further ones are ignored while it is under way.
    case first = 3
    /// All count, in any order.
    case merge = 4
}

/// Flags of an event.
package struct EventFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Shown before it is acknowledged.
    package static let optimistic = EventFlags(rawValue: 1)
    /// Takes an optimistic write back.
    package static let rollback = EventFlags(rawValue: 2)
    /// The person's own input.
    package static let user = EventFlags(rawValue: 4)
    /// Commutes with other writes.
    package static let merge = EventFlags(rawValue: 8)
    /// A guard stood between delivery and write and let it pass; which one is the attribute `guard`.
    package static let guarded = EventFlags(rawValue: 16)
    /// A guard threw the response away; which one is the attribute `dropped`.
    package static let dropped = EventFlags(rawValue: 32)
    /// A read that refreshes what is there.
    package static let refetch = EventFlags(rawValue: 64)
    /// Of `expect`: it holds.
    package static let holds = EventFlags(rawValue: 128)
    /// The value is only its digest.
    package static let redacted = EventFlags(rawValue: 256)
    /// The event has `from` keys: a derived value.
    package static let derived = EventFlags(rawValue: 512)
    /// The event had a rank, position, frame or status of its own.
    package static let numbered = EventFlags(rawValue: 1024)
}
