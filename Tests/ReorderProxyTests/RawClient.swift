import NIOCore

/// A client that writes and reads bytes, so that a test sees what goes over the wire.
final class RawClient: Sendable {
    private let wire: ClientWire<String>

    private init(_ wire: ClientWire<String>) {
        self.wire = wire
    }

    /// - Parameter authority: what is trusted, in PEM, of a server that speaks TLS.
    static func connect(_ port: Int, authority: String? = nil) async throws -> RawClient {
        RawClient(
            try await ClientWire.connect(port, authority: authority, speaks: "http/1.1", seen: "") {
                { bytes, text in text += String(buffer: bytes) }
            })
    }

    func send(_ text: String) async throws { try await wire.send(ByteBuffer(string: text)) }

    func close() async throws { try await wire.close() }

    /// What was read so far.
    var text: String { wire.seen }

    /// Waits until what was read contains a text, or the connection ended.
    @discardableResult
    func until(_ part: String) async -> String {
        await wire.until { text, isEnded in text.contains(part) || isEnded }
    }

    /// Everything up to the end of the connection.
    func whole() async -> String {
        await wire.until { _, isEnded in isEnded }
    }

    /// The body behind the first head.
    static func body(_ text: String) -> String {
        text.firstRange(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? ""
    }
}
