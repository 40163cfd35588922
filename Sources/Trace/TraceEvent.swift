/// One event as plain data: what recorders, importers, generators and tests hand to `TraceLog`, and what writers take from it.
/// Texts are empty when missing. Source of the members' meaning: `Docs/specifications/trace-format.md`.
package struct TraceEvent: Sendable, Hashable {
    /// A version as it stands in a record.
    package enum Version: Sendable, Hashable {
        case number(Int64)
        case text(String)
    }

    /// A member kept as it was: its name and its JSON text.
    package struct Attribute: Sendable, Hashable {
        package var name: String
        /// JSON text.
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// An explicit edge: `event` happened before this event.
    package struct Edge: Sendable, Hashable {
        package var event: String
        package var kind: EdgeKind
        package var confidence: Confidence

        package init(event: String, kind: EdgeKind = .await, confidence: Confidence = .declared) {
            self.event = event
            self.kind = kind
            self.confidence = confidence
        }
    }

    /// What a frame shows of a key.
    package struct Shown: Sendable, Hashable {
        package var key: String
        package var version: Version
        /// Shown as unsaved or stale.
        package var marked: Bool

        package init(key: String, version: Version, marked: Bool = false) {
            self.key = key
            self.version = version
            self.marked = marked
        }
    }

    package var kind: EventKind
    package var id = ""
    package var process = ""
    package var session = ""
    /// Nanoseconds since the epoch of the process's clock domain.
    package var time: Int64 = 0
    package var task = ""
    package var phase = TurnPhase.unknown
    package var request = ""
    package var intent = ""
    package var slot = ""
    package var key = ""
    package var version: Version?
    package var base: Version?
    /// The rank of an intent, the position of a stream's event, the number of a frame, the status of a response.
    package var number: Int64?
    /// Canonical JSON text of the value.
    package var value: String?
    /// Canonical JSON text of the arguments.
    package var arguments = ""
    package var label = ""
    package var flags: EventFlags = []
    /// `from` of a derived value, `keys` of a slot.
    package var from: [String] = []
    package var shows: [Shown] = []
    package var after: [Edge] = []
    /// Further members, the unknown ones among them, in the order of the record.
    package var attributes: [Attribute] = []

    package init(_ kind: EventKind) {
        self.kind = kind
    }
}
