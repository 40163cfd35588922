import Enrichment
import Foundation
import Testing

@testable import trueline

/// Where a model's name leads is decided by whoever answers for the name; what is sent there is not.
@Suite("The transport to a model", .timeLimit(.minutes(60))) struct ModelTransportTests {
    /// A socket that listens on this machine.
    private struct Listener {
        let socket: Int32
        let port: UInt16

        init() throws {
            let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let bound = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(socket, address, length) == 0 && listen(socket, 8) == 0 && getsockname(socket, address, &length) == 0
                }
            }
            try #require(bound)
            self.socket = socket
            port = UInt16(bigEndian: address.sin_port)
        }

        /// All that the next connection brings, up to the head's end.
        func hear() async -> String {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread { [socket] in
                    let connection = accept(socket, nil, nil)
                    var heard: [UInt8] = []
                    var buffer = [UInt8](repeating: 0, count: 4_096)
                    while !String(decoding: heard, as: UTF8.self).contains("\r\n\r\n") {
                        let count = read(connection, &buffer, buffer.count)
                        if count <= 0 { break }
                        heard += buffer[..<count]
                    }
                    close(connection)
                    continuation.resume(returning: String(decoding: heard, as: UTF8.self))
                }
            }
        }
    }

    private static func ask(_ listener: Listener, allowsPrivate: Bool) async -> ModelFailure? {
        let transport = HTTPModelTransport(
            network: ModelNetwork(allowsPrivate: allowsPrivate), addresses: ["models.example": "127.0.0.1"])
        let request = TransportRequest(
            method: "POST", url: "http://models.example:\(listener.port)/v1/chat/completions",
            headers: [TransportField("authorization", "Bearer sk-secret")], body: Array("{}".utf8))
        var failure: ModelFailure?
        do throws(ModelFailure) {
            try await transport.send(request) { (_) throws(ModelFailure) in }
        } catch {
            failure = error
        }
        await transport.shutdown()
        return failure
    }

    @Test("A public name that leads to this machine is not asked: the connection is closed without a byte, and the run pauses")
    func rebinding() async throws {
        let listener = try Listener()
        defer { close(listener.socket) }
        async let heard = listener.hear()
        let failure = try #require(await Self.ask(listener, allowsPrivate: false))
        #expect(failure.kind == .refused && failure.recovery == .pauseRun)
        #expect(failure.message.contains("it is at 127.0.0.1, this machine's own address"))
        #expect(await heard.isEmpty)
    }

    @Test("An operator who means it gets there, under the name")
    func named() async throws {
        let listener = try Listener()
        defer { close(listener.socket) }
        async let heard = listener.hear()
        let failure = try #require(await Self.ask(listener, allowsPrivate: true))
        #expect(failure.kind != .refused)
        #expect(await heard.lowercased().contains("host: models.example:\(listener.port)"))
    }
}
