import NIOCore
import NIOPosix
import Synchronization

/// A server that answers what the test says, byte by byte.
final class FakeUpstream: Sendable {
    /// One of its connections.
    struct Connection: Sendable {
        /// From 1, in the order in which they were made.
        let number: Int
        let channel: any Channel

        func send(_ text: String) { send(Array(text.utf8)) }
        func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

        /// Ends the connection once the bytes are on their way.
        func sendAndClose(_ text: String) {
            channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { [channel] _ in channel.close(promise: nil) }
        }

        func close() { channel.close(promise: nil) }

        /// A whole answer.
        func answer(_ body: String, status: Int = 200, fields: String = "") {
            send("HTTP/1.1 \(status) OK\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)")
        }
    }

    private let channel: any Channel
    let port: Int

    /// - Parameter answer: called with what a connection reads, in the pieces in which it comes: a head in one piece.
    static func start(_ answer: @escaping @Sendable (Connection, String) -> Void) async throws -> FakeUpstream {
        let counter = Counter()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = Connection(number: counter.next(), channel: channel)
                    try channel.pipeline.syncOperations.addHandler(Reader { answer(connection, String(buffer: $0)) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return FakeUpstream(channel)
    }

    private init(_ channel: any Channel) {
        self.channel = channel
        port = channel.localAddress?.port ?? 0
    }

    var url: String { "http://127.0.0.1:\(port)" }

    func stop() async throws { try await channel.close().get() }

    private final class Counter: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }
}
