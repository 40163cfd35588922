import NIOCore
import Synchronization

/// Closes connections on which nothing happens. One look at all connections of a loop now and then costs less than a timer each.
final class IdleConnections: Sendable {
    /// A connection is closed between one and one and a quarter of the timeout after it was last active.
    private static let looksPerTimeout: Int64 = 4

    private let timeout: Duration
    private let now: @Sendable () -> UInt64
    private let loops = Mutex<[(loop: any EventLoop, connections: NIOLoopBound<LoopConnections>)]>([])

    init(timeout: Duration, now: @escaping @Sendable () -> UInt64) {
        self.timeout = timeout
        self.now = now
    }

    func add(_ connection: ConnectionHandler, on loop: any EventLoop) {
        let connections = connections(on: loop)
        connection.place = connections.all.count
        connections.all.append(connection)
        guard connections.looking == nil else { return }
        let pause = TimeAmount.nanoseconds(Int64(timeout / .nanoseconds(1)) / Self.looksPerTimeout)
        let bound = NIOLoopBound(connections, eventLoop: loop)
        let limit = UInt64(timeout / .nanoseconds(1))
        connections.looking = loop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { [now] _ in
            let now = now()
            for connection in bound.value.all { connection.closeIfIdle(now: now, timeout: limit) }
        }
    }

    func remove(_ connection: ConnectionHandler, on loop: any EventLoop) {
        let connections = connections(on: loop)
        guard connection.place < connections.all.count, connections.all[connection.place] === connection else { return }
        let last = connections.all.removeLast()
        if last !== connection {
            last.place = connection.place
            connections.all[connection.place] = last
        }
        guard connections.all.isEmpty else { return }
        connections.looking?.cancel()
        connections.looking = nil
    }

    private func connections(on loop: any EventLoop) -> LoopConnections {
        loops.withLock { loops in
            if let known = loops.first(where: { $0.loop === loop }) { return known.connections.value }
            let connections = LoopConnections()
            loops.append((loop, NIOLoopBound(connections, eventLoop: loop)))
            return connections
        }
    }
}

/// The connections of one event loop. Lives on that loop.
private final class LoopConnections {
    var all: [ConnectionHandler] = []
    var looking: RepeatedTask?
}
