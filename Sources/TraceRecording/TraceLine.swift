import Trace

/// One line of a trace while it is written. A member that is `nil` is left out.
public struct TraceLine: Sendable {
    private var bytes: [UInt8]

    init(_ type: String) {
        bytes = Array("{\"type\":".utf8)
        JSONText.append(quoting: type.utf8, to: &bytes)
    }

    /// The line with its end.
    var ended: [UInt8] { bytes + [UInt8(ascii: "}"), UInt8(ascii: "\n")] }

    /// Adds a text.
    public mutating func add(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        self.name(name)
        JSONText.append(quoting: text.utf8, to: &bytes)
    }

    /// Adds a whole number.
    public mutating func add(_ name: StaticString, _ number: Int64?) {
        guard let number else { return }
        self.name(name)
        bytes.append(contentsOf: String(number).utf8)
    }

    /// Adds a flag; `false` is left out.
    public mutating func add(flag name: StaticString, _ isSet: Bool) {
        guard isSet else { return }
        self.name(name)
        bytes.append(contentsOf: "true".utf8)
    }

    /// Adds a value as it is: whoever calls decides what may be kept.
    public mutating func add(_ name: StaticString, value: TraceValue?) {
        guard let value else { return }
        self.name(name)
        value.append(to: &bytes)
    }

    /// Adds the events that happened before this one.
    public mutating func add(after edges: [TraceEdge]) {
        guard !edges.isEmpty else { return }
        add(
            "after",
            value: .array(
                edges.map {
                    .object([
                        ("event", .text($0.event)), ("kind", .text($0.kind.rawValue)),
                        ("confidence", .text($0.confidence.rawValue)),
                    ])
                }))
    }

    private mutating func name(_ name: StaticString) {
        bytes.append(UInt8(ascii: ","))
        name.withUTF8Buffer { JSONText.append(quoting: $0, to: &bytes) }
        bytes.append(UInt8(ascii: ":"))
    }
}

/// That an event happened before another.
public struct TraceEdge: Sendable, Hashable {
    /// Why.
    public enum Kind: String, Sendable {
        case task, fork, message, await, ack
    }

    /// How well founded.
    public enum Confidence: String, Sendable {
        case declared, structural, temporal
    }

    /// The earlier event's id.
    public var event: String
    public var kind: Kind
    public var confidence: Confidence

    public init(event: String, kind: Kind = .await, confidence: Confidence = .declared) {
        self.event = event
        self.kind = kind
        self.confidence = confidence
    }
}
