/// Reads lines from bytes cut anywhere. White space around a document does no harm, so a CR before the line feed stays.
struct LineParser: Sendable {
    /// What came after the last line feed.
    private(set) var rest: [UInt8] = []

    /// Takes the next bytes and calls `line` with each whole line that is not blank. Throws `garbage` when a line passes
    /// `EventStreamParser.eventBytes`.
    mutating func receive(
        _ bytes: some Sequence<UInt8>, line: ([UInt8]) throws(ModelFailure) -> Void
    ) throws(ModelFailure) {
        for byte in bytes {
            guard byte == 0x0A else {
                guard rest.count < EventStreamParser.eventBytes else {
                    throw ModelFailure(.garbage, "the reply has a line of more than \(EventStreamParser.eventBytes) bytes")
                }
                rest.append(byte)
                continue
            }
            let whole = rest
            rest.removeAll(keepingCapacity: true)
            if whole.contains(where: { $0 > 0x20 }) { try line(whole) }
        }
    }
}
