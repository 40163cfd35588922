import MessageFraming

/// What a parser makes of bytes that come in pieces.
struct Parsed: Hashable {
    var requests: [RequestHead] = []
    var responses: [ResponseHead] = []
    var bodies: [[UInt8]] = []
    var ends = 0
    var error: FramingError?

    init(
        _ role: MessageParser.Role, _ bytes: [UInt8], pieces: Int = .max, answering method: String = "GET", closes: Bool = false
    ) {
        var parser = MessageParser(role)
        parser.expectResponse(to: method)
        do throws(FramingError) {
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + min(pieces, bytes.count))
                try feed(&parser, Array(bytes[start..<end]))
                start = end
            }
            if closes, try parser.finish() { ends += 1 }
        } catch {
            self.error = error
        }
    }

    private mutating func feed(_ parser: inout MessageParser, _ bytes: [UInt8]) throws(FramingError) {
        var start = 0
        while true {
            let rest = bytes[start...]
            let result: Result<(consumed: Int, step: MessageParser.Step), FramingError> = rest.withUnsafeBytes { bytes in
                do throws(FramingError) { return .success(try parser.step(bytes)) } catch { return .failure(error) }
            }
            let (consumed, step) = try result.get()
            start += consumed
            switch step {
            case .needsMore: return
            case .request(let head):
                requests.append(head)
                bodies.append([])
            case .response(let head):
                responses.append(head)
                bodies.append([])
            case .body(let count): bodies[bodies.count - 1] += bytes[(start - count)..<start]
            case .end: ends += 1
            }
        }
    }
}
