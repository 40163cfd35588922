import NIOCore

/// Sees whether the library takes leave of a client (GOAWAY): it does so for a fault of the connection, and not for one of a stream.
///
/// It tells both to the handlers behind it, as errors of the same types; only what it writes tells them apart.
final class FarewellWatch: ChannelOutboundHandler {
    typealias OutboundIn = IOData

    private(set) var hasLeft = false
    /// Bytes of the frame that is being written which have not come yet.
    private var rest = 0

    private static let goAway: UInt8 = 7
    private static let headBytes = 9

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .byteBuffer(let bytes) = unwrapOutboundIn(data) { look(bytes) }
        context.write(data, promise: promise)
    }

    /// A frame's head comes in one piece, as the library writes it; what is in the frame may follow (RFC 9113, section 4.1).
    private func look(_ bytes: ByteBuffer) {
        var index = bytes.readerIndex
        while index < bytes.writerIndex {
            guard rest == 0 else {
                let count = min(rest, bytes.writerIndex - index)
                rest -= count
                index += count
                continue
            }
            guard let word = bytes.getInteger(at: index, as: UInt32.self) else { return }
            if UInt8(truncatingIfNeeded: word) == Self.goAway { hasLeft = true }
            rest = Int(word >> 8)
            index += Self.headBytes
        }
    }
}
