import GridModel

/// What is particular to one chat API. Limits, refusals and the reading of bytes are the same for all of them.
protocol WireFormat: Sendable {
    /// The resource that is asked, below the address.
    var resource: String { get }
    /// What a stream of replies is made of.
    var framing: WireFraming { get }
    /// The header fields that only this API has; the only place where a key is written.
    func headers(key: String?) -> [TransportField]
    /// The request's JSON: what all requests of a kind share first, what is new last.
    func body(for request: ChatRequest, model: String) -> [UInt8]
    /// Reads one piece of a stream, a whole reply, or a refusal's body. Unknown members are stepped over; a member of the wrong
    /// kind is a failure.
    func reply(_ bytes: [UInt8]) throws(JSONScanner.Failure) -> ChatReply
}

/// How the pieces of a stream are told apart.
enum WireFraming: Hashable, Sendable {
    /// Server-sent events. A server that does not stream answers with one document of type application/json.
    case events
    /// JSON lines; a reply that is not streamed is one line.
    case lines
}
