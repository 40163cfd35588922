/// Writes heads: always from what was understood, never the bytes that came.
package enum HeadWriter {
    /// A request's head, with its empty line.
    package static func bytes(_ head: RequestHead) -> [UInt8] {
        var bytes = Array("\(head.method) \(head.target) HTTP/1.1\r\n".utf8)
        append(head.fields, head.framing, to: &bytes)
        return bytes
    }

    /// A response's head, with its empty line.
    package static func bytes(_ head: ResponseHead) -> [UInt8] {
        var bytes = Array("HTTP/1.1 \(head.status) \(head.reason)\r\n".utf8)
        append(head.fields, head.framing, to: &bytes)
        return bytes
    }

    /// What stands before a chunk of so many bytes.
    package static func chunkStart(_ count: Int) -> String { String(count, radix: 16) + "\r\n" }

    /// What stands after a chunk.
    package static let chunkEnd = "\r\n"

    /// What ends a chunked body.
    package static let lastChunk = "0\r\n\r\n"

    private static func append(_ fields: HeaderFields, _ framing: BodyFraming, to bytes: inout [UInt8]) {
        for field in fields.lines {
            bytes.append(contentsOf: field.name.utf8)
            bytes.append(contentsOf: ": ".utf8)
            bytes.append(contentsOf: field.value)
            bytes.append(contentsOf: chunkEnd.utf8)
        }
        switch framing {
        case .none, .untilClose: break
        case .length(let count): bytes.append(contentsOf: "Content-Length: \(count)\r\n".utf8)
        case .chunked: bytes.append(contentsOf: "Transfer-Encoding: chunked\r\n".utf8)
        }
        bytes.append(contentsOf: chunkEnd.utf8)
    }
}
