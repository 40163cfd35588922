import ChangePipeline
import Hummingbird
import NIOCore
import NIOPosix
import Ordering
import ServiceLifecycle
import Synchronization

/// The output of a stream whose bytes a task takes: for a request that comes without a connection of our own, as a test's does, or
/// behind another one on the same connection.
final class AsyncEventOutput: EventOutput, Sendable {
    /// What may lie here before the stream holds back.
    private static let limit = 65_536

    private struct State {
        var bytes = ByteBuffer()
        var isEnded = false
        var taker: CheckedContinuation<ByteBuffer?, Never>?

        mutating func next() -> ByteBuffer?? {
            if bytes.readableBytes > 0 {
                defer { bytes = ByteBuffer() }
                return .some(bytes)
            }
            return isEnded ? .some(nil) : nil
        }
    }

    private let state = Mutex(State())

    var isWritable: Bool { state.withLock { $0.bytes.readableBytes < Self.limit } }

    func write(_ bytes: EventBytes) {
        update { $0.bytes.writeImmutableBuffer(bytes.payload) }
    }

    func end() {
        update { $0.isEnded = true }
    }

    private func update(_ change: (inout State) -> Void) {
        let (taker, next) = state.withLock { state -> (CheckedContinuation<ByteBuffer?, Never>?, ByteBuffer??) in
            change(&state)
            guard let taker = state.taker, let next = state.next() else { return (nil, nil) }
            state.taker = nil
            return (taker, next)
        }
        if let taker, let next { taker.resume(returning: next) }
    }

    /// What was written since the last time; `nil` at the end. One caller at a time.
    func take() async -> ByteBuffer? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { taker in
                update { $0.taker = taker }
            }
        } onCancel: {
            end()
        }
    }
}

/// A stream that a task writes. It is closed when nobody holds this any more.
final class AsyncEventStream: Sendable {
    private let streams: EventStreams
    private let output: AsyncEventOutput
    private let loop: any EventLoop
    private let opened: NIOLoopBound<EventStreams.Opened>

    init(_ streams: EventStreams, _ grid: LiveGrid, after position: Revision?) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let output = AsyncEventOutput()
        opened = try await loop.submit {
            NIOLoopBound(try streams.open(grid, after: position, on: loop, output), eventLoop: loop)
        }.get()
        self.streams = streams
        self.output = output
        self.loop = loop
    }

    deinit {
        loop.execute { [streams, opened] in streams.closed(opened.value) }
    }

    /// Writes what comes until the stream ends or the task is cancelled.
    func write(to writer: inout any ResponseBodyWriter) async throws {
        try await withGracefulShutdownHandler {
            while let bytes = await output.take() {
                try await writer.write(bytes)
                loop.execute { [streams, opened] in streams.becameWritable(opened.value) }
            }
        } onGracefulShutdown: { [output] in
            // A stopping server waits for open answers.
            output.end()
        }
    }
}
