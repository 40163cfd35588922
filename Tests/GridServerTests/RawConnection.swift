import NIOCore
import NIOPosix
import Wire

/// A connection on which a test says what it wants, byte by byte.
final class RawConnection: Sendable {
    private let channel: any Channel
    private let received: AsyncStream<[UInt8]>

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        let continuation: AsyncStream<[UInt8]>.Continuation

        init(_ continuation: AsyncStream<[UInt8]>.Continuation) {
            self.continuation = continuation
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            continuation.yield(Array(unwrapInboundIn(data).readableBytesView))
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let event = event as? ChannelEvent, event == .inputClosed { continuation.finish() }
        }

        func channelInactive(context: ChannelHandlerContext) {
            continuation.finish()
        }
    }

    init(port: Int) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        received = stream
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .channelInitializer { $0.pipeline.addHandler(Collector(continuation)) }
            .connect(host: "127.0.0.1", port: port).get()
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    /// - Parameter fields: lines of the head, besides the host's.
    func get(_ target: String, _ fields: [String] = []) async throws {
        let lines = ["GET \(target) HTTP/1.1", "Host: localhost"] + fields
        try await send(lines.joined(separator: "\r\n") + "\r\n\r\n")
    }

    func close() async throws {
        try await channel.close().get()
    }

    /// Says that nothing more will be said, and still listens.
    func closeOutput() async throws {
        try await channel.close(mode: .output).get()
    }

    /// The bytes until they are as wanted, or all of them.
    func read(until isDone: (String) -> Bool = { _ in false }) async -> String {
        var bytes: [UInt8] = []
        for await more in received {
            bytes += more
            if isDone(String(decoding: bytes, as: UTF8.self)) { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The head of the answer, then each payload of its chunks. Call it once.
    func chunks() -> AsyncStream<[UInt8]> {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        let received = received
        let task = Task {
            var bytes: [UInt8] = []
            var isHead = true
            for await more in received {
                bytes += more
                while let next = Self.next(&bytes, &isHead) { continuation.yield(next) }
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    private static func next(_ bytes: inout [UInt8], _ isHead: inout Bool) -> [UInt8]? {
        if isHead {
            guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            defer { bytes.removeFirst(end.upperBound) }
            isHead = false
            return Array(bytes[..<end.upperBound])
        }
        guard let line = bytes.firstRange(of: Array("\r\n".utf8)),
            let size = Int(String(decoding: bytes[..<line.lowerBound], as: UTF8.self), radix: 16),
            bytes.count >= line.upperBound + size + 2
        else { return nil }
        defer { bytes.removeFirst(line.upperBound + size + 2) }
        return Array(bytes[line.upperBound..<line.upperBound + size])
    }
}
