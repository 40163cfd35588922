/// What a page with the recorder says when it has handled something: which response, by its span, or which message of a stream.
enum PageWord: Hashable {
    case response(span: String)
    /// The count-th of its type on a stream's connection, from 1.
    case message(stream: String, StreamWord)

    /// - Parameter arguments: of `POST /__trueline/taken`.
    init?(_ arguments: [String: String]) {
        if let span = arguments["span"] {
            self = .response(span: span)
        } else if let stream = arguments["stream"], let type = arguments["type"],
            let count = arguments["count"].flatMap(Int.init)
        {
            self = .message(stream: stream, StreamWord(type: type, count: count))
        } else {
            return nil
        }
    }
}

/// A message of a stream as a page counts it.
struct StreamWord: Hashable {
    var type: String
    var count: Int
}

/// Numbers the messages of one connection by their type.
struct StreamCounts {
    private var counts: [String: Int] = [:]

    /// - Returns: `nil` for more types than a page has.
    mutating func next(_ type: String?) -> StreamWord? {
        guard let type, counts[type] != nil || counts.count < ProxyLimits.streamTypes else { return nil }
        let count = (counts[type] ?? 0) + 1
        counts[type] = count
        return StreamWord(type: type, count: count)
    }
}
