import MessageFraming
import Testing

struct StreamSplitterTests {
    /// The parts that a stream's bytes come to, with whether each was a message; what is unfinished is last and `nil`.
    private func parts(_ splitter: StreamSplitter, _ bytes: [UInt8], pieces: Int = .max) throws -> [(
        text: [UInt8], isMessage: Bool?
    )] {
        var splitter = splitter
        var parts: [(text: [UInt8], isMessage: Bool?)] = []
        var part: [UInt8] = []
        var start = 0
        while start < bytes.count {
            var rest = bytes[start..<min(bytes.count, start + min(pieces, bytes.count))]
            start = rest.endIndex
            while !rest.isEmpty {
                let result: Result<(count: Int, end: Bool?), FramingError> = rest.withUnsafeBytes { bytes in
                    do throws(FramingError) { return .success(try splitter.split(bytes)) } catch { return .failure(error) }
                }
                let (count, end) = try result.get()
                part += rest.prefix(count)
                rest = rest.dropFirst(count)
                guard let end else { continue }
                parts.append((part, end))
                part = []
            }
        }
        if !part.isEmpty { parts.append((part, nil)) }
        return parts
    }

    @Test(arguments: [Int.max, 1, 4]) func `P5 events end with an empty line, and what has no data is none`(pieces: Int) throws
    {
        let stream = "data: a\n\n: ping\n\nevent: x\r\ndata\r\n\r\nid: 7\n\ndata: b\rdata: c\r\rdatabase: no\n\ndata: open"
        let found = try parts(.events(EventSplitter()), Array(stream.utf8), pieces: pieces)
        #expect(found.compactMap(\.isMessage) == [true, false, true, false, true, false])
        #expect(found.flatMap(\.text) == Array(stream.utf8), "not a byte is lost")
        #expect(found.last?.isMessage == nil)
        #expect(String(decoding: found.first?.text ?? [], as: UTF8.self) == "data: a\n\n")
    }

    @Test(arguments: [
        ("data: a\n\n", "message"), ("event: price\ndata: a\n\n", "price"), ("event:price\r\ndata\r\n\r\n", "price"),
        ("event: a\nevent\ndata: a\n\n", "message"), ("event: a\n\ndata: a\n\n", "message"),
        ("event: \(String(repeating: "x", count: 101))\ndata: a\n\n", nil),
    ]) func `P5 an event has the type that a page hears`(stream: String, type: String?) throws {
        var splitter = StreamSplitter.events(EventSplitter())
        var rest = Array(stream.utf8)[...]
        while !rest.isEmpty {
            let result: Result<(count: Int, end: Bool?), FramingError> = rest.withUnsafeBytes { bytes in
                do throws(FramingError) { return .success(try splitter.split(bytes)) } catch { return .failure(error) }
            }
            rest = rest.dropFirst(try result.get().count)
        }
        #expect(splitter.messageType == type)
    }

    private func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        switch payload.count {
        case ..<126: [first, UInt8(payload.count)] + payload
        case ..<65_536: [first, 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)] + payload
        default: [first, 127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) } + payload
        }
    }

    @Test(arguments: [Int.max, 1, 1_000]) func `P5 a WebSocket's message may be of several frames`(pieces: Int) throws {
        let short = frame(0x81, Array("hi".utf8))
        let ping = frame(0x89, [])
        let long = frame(0x82, [UInt8](repeating: 7, count: 70_000))
        let split = frame(0x01, Array("a".utf8)) + frame(0x89, [1]) + frame(0x80, [UInt8](repeating: 98, count: 300))
        let close = frame(0x88, [3, 232])
        let found = try parts(.frames(FrameSplitter()), short + ping + long + split + close, pieces: pieces)
        #expect(found.map(\.text) == [short, ping, long, split, close])
        #expect(found.map(\.isMessage) == [true, false, true, true, false])
    }

    @Test(arguments: [[0x81, 0x82, 0, 0, 0, 0], [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], [0x89, 126, 0, 200], [0x09, 0]])
    func `P9 frames that no server may send are refused`(bytes: [UInt8]) {
        #expect(throws: FramingError.self) { try parts(.frames(FrameSplitter()), bytes) }
    }
}
