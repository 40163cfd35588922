/// Reads server-sent events (HTML Living Standard, section 9.2) from bytes cut anywhere, also within a character or a line end.
/// Only `data` counts here: the chat API uses no other field.
package struct EventStreamParser: Sendable {
    /// Bytes of one event's data: a chunk of a chat answer is a few hundred.
    package static let eventBytes = 1_048_576

    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var afterCarriageReturn = false
    /// Bytes of a byte order mark seen at the very beginning; 4 once the stream has begun otherwise.
    private var markBytes = 0

    package init() {}

    /// Takes the next bytes and calls `event` with each whole event's data. Throws `garbage` when an event passes `eventBytes`.
    package mutating func receive(
        _ bytes: some Sequence<UInt8>, event: ([UInt8]) throws(ModelFailure) -> Void
    ) throws(ModelFailure) {
        for byte in bytes {
            if markBytes < 3 {
                let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
                if byte == mark[markBytes] {
                    markBytes += 1
                    continue
                }
                line.append(contentsOf: mark[..<markBytes])
                markBytes = 4
            }
            let wasCarriageReturn = afterCarriageReturn
            afterCarriageReturn = byte == 0x0D
            switch byte {
            case 0x0A where wasCarriageReturn: continue
            case 0x0A, 0x0D: try endLine(event)
            default:
                guard line.count < Self.eventBytes else { throw Self.tooLong }
                line.append(byte)
            }
        }
    }

    private mutating func endLine(_ event: ([UInt8]) throws(ModelFailure) -> Void) throws(ModelFailure) {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else {
            guard hasData else { return }
            let whole = data
            data.removeAll(keepingCapacity: true)
            hasData = false
            return try event(whole)
        }
        let field = Array("data".utf8)
        guard line.starts(with: field) else { return }
        var value = line[field.count...]
        if !value.isEmpty {
            guard value.first == UInt8(ascii: ":") else { return }
            value = value.dropFirst()
            if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        }
        guard data.count + value.count < Self.eventBytes else { throw Self.tooLong }
        if hasData { data.append(0x0A) }
        data.append(contentsOf: value)
        hasData = true
    }

    private static var tooLong: ModelFailure {
        ModelFailure(.garbage, "the reply has an event of more than \(eventBytes) bytes")
    }
}
