import Trace

/// Something that was asked for, as the recorder knows it.
public struct TracedIntent: Sendable, Hashable {
    /// The name of its event.
    public let id: String
    public let slot: String?
    /// The trace id that its requests carry, 32 hexadecimal digits.
    let trace: String
}

/// One request under way.
public struct TracedRequest: Sendable, Hashable {
    /// The span id, 16 hexadecimal digits: what the process that answers calls the request, too.
    public let id: String
    /// The header to send along (https://www.w3.org/TR/trace-context/).
    public let traceparent: String
    public let intent: TracedIntent?
}

/// The handling of one response: what it writes belongs to it.
public struct TracedTurn: Sendable, Hashable {
    public let task: String
    public let request: TracedRequest
}

extension TraceRecorder {
    /// Something is asked for.
    /// - Parameter rank: higher is later; without one the order of calls counts.
    @discardableResult
    public func intent(
        _ slot: String? = nil, label: String? = nil, rank: Int64? = nil, arguments: TraceValue? = nil
    ) -> TracedIntent {
        let intent = TracedIntent(id: newID(), slot: slot, trace: Self.hex(newNumber()) + Self.hex(newNumber()))
        let arguments = arguments.map(kept)
        record("intent") { line in
            line.add("id", intent.id)
            line.add("slot", slot)
            line.add("label", label)
            line.add("rank", rank)
            line.add("arguments", value: arguments)
        }
        return intent
    }

    /// Says what a slot does with several intents under way: `latest`, `queue`, `first` or `merge`.
    public func slot(_ name: String, policy: String) {
        record("slot") { line in
            line.add("slot", name)
            line.add("policy", policy)
        }
    }

    /// A request begins. Credentials in the address are taken out.
    public func start(method: String, url: String, intent: TracedIntent? = nil, arguments: TraceValue? = nil) -> TracedRequest {
        let span = Self.hex(newNumber())
        let trace = intent?.trace ?? Self.hex(newNumber()) + Self.hex(newNumber())
        let request = TracedRequest(id: span, traceparent: "00-\(trace)-\(span)-01", intent: intent)
        let arguments = arguments.map(kept)
        record("start") { line in
            line.add("id", Self.startID(span))
            about(request, &line)
            line.add("method", method)
            line.add("url", TraceRedactor.scrubbed(url))
            line.add("arguments", value: arguments)
            line.add("traceparent", request.traceparent)
        }
        return request
    }

    /// A response is there, at the network.
    public func arrive(_ request: TracedRequest, status: Int64? = nil, version: Int64? = nil, error: String? = nil) {
        record("arrive") { line in
            about(request, &line)
            line.add("status", status)
            line.add("version", version)
            line.add("error", error)
        }
    }

    /// The application gave a request up.
    public func cancel(_ request: TracedRequest) {
        record("cancel") { about(request, &$0) }
    }

    /// The handling of a response begins.
    /// - Parameter dropped: the guard that threw it away: "G1" to "G9".
    @discardableResult
    public func deliver(_ request: TracedRequest, dropped: String? = nil) -> TracedTurn {
        let turn = TracedTurn(task: newID(), request: request)
        record("deliver") { line in
            about(request, &line)
            line.add("task", turn.task)
            line.add("dropped", dropped)
        }
        return turn
    }

    /// A piece of state is set.
    /// - Parameters:
    ///   - base: the version that it was computed from.
    ///   - turn: the response that is the reason; without one, `intent` is.
    public func write(
        _ slot: String, key: String, value: TraceValue? = nil, version: Int64? = nil, base: Int64? = nil,
        guard passed: String? = nil,
        in turn: TracedTurn? = nil, intent: TracedIntent? = nil, after edges: [TraceEdge] = []
    ) {
        let value = value.map(kept)
        record("write") { line in
            if let turn {
                about(turn.request, &line)
                line.add("task", turn.task)
            } else {
                line.add("intent", intent?.id)
            }
            if turn?.request.intent?.slot == nil { line.add("slot", slot) }
            line.add("key", key)
            line.add("value", value: value)
            line.add("version", version)
            line.add("base", base)
            line.add("guard", passed)
            line.add(after: edges)
        }
    }

    /// A store made a version of a key durable.
    /// - Parameter id: a name by which other processes know the event.
    public func commit(_ key: String, version: Int64, id: String? = nil, request: String? = nil, label: String? = nil) {
        record("commit") { line in
            line.add("id", id)
            line.add("key", key)
            line.add("version", version)
            line.add("request", request)
            line.add("label", label)
        }
    }

    /// A frame is painted.
    public func render(_ frame: Int64, shows: [(key: String, version: Int64)], view: String? = nil, marked: [String] = []) {
        record("render") { line in
            line.add("frame", frame)
            line.add("shows", value: .object(shows.map { ($0.key, .integer($0.version)) }))
            line.add("view", view)
            if !marked.isEmpty { line.add("marked", value: .array(marked.map { .text($0) })) }
        }
    }

    /// The name of the event with which a request of this span began, in whatever process that was.
    public static func startID(_ span: String) -> String { "s-\(span)" }

    private func about(_ request: TracedRequest, _ line: inout TraceLine) {
        line.add("request", request.id)
        line.add("intent", request.intent?.id)
        line.add("slot", request.intent?.slot)
    }

    private static func hex(_ number: UInt64) -> String {
        // All zeros is no id.
        let digits = String(max(number, 1), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
