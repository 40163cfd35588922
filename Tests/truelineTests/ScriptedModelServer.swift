import Foundation
import Synchronization

/// A server on this machine that does with its connections what it is told. It reads requests whole before it acts, and counts them.
final class ScriptedModelServer: Sendable {
    enum Act: Hashable, Sendable {
        /// Replies, with more header lines, each with its line end.
        case reply(more: String = "")
        /// Replies as if the connection were kept, and ends it at once.
        case replyAndEnd
        /// Replies, and resets the connection when the next request begins to arrive, which is not read.
        case replyAndResetNext
        /// Ends the connection instead of a reply.
        case end(reset: Bool)
    }

    private struct State {
        var acts: [Act]
        var connections = 0
        var requests = 0
    }

    /// Connections that are reset before any others are served.
    private let refused: Int
    private let state: Mutex<State>
    private let socket: Int32
    let port: UInt16
    /// Each time that a client has ended a connection.
    let clientEnds: AsyncStream<Void>
    private let clientEnd: AsyncStream<Void>.Continuation

    struct NoSocket: Error {}

    /// - Parameters:
    ///   - acts: one for each request; the last one for all that follow.
    ///   - refused: how many connections are reset when something begins to arrive, which is not read.
    init(_ acts: [Act], refused: Int = 0) throws {
        socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { [socket] in
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(socket, address, length) == 0 && listen(socket, 64) == 0 && getsockname(socket, address, &length) == 0
            }
        }
        guard bound else { throw NoSocket() }
        port = UInt16(bigEndian: address.sin_port)
        self.refused = refused
        state = Mutex(State(acts: acts))
        (clientEnds, clientEnd) = AsyncStream.makeStream()
        Thread.detachNewThread { [self] in accept() }
    }

    var connections: Int { state.withLock { $0.connections } }
    /// Requests that were read whole.
    var requests: Int { state.withLock { $0.requests } }

    /// No more connections; those there are end with their next request.
    func stop() { shutdown(socket, Int32(SHUT_RDWR)) }

    private func accept() {
        while true {
            let connection = Foundation.accept(socket, nil, nil)
            guard connection >= 0 else { break }
            let number = state.withLock { state in
                state.connections += 1
                return state.connections
            }
            if number <= refused {
                waitForMore(connection)
                end(connection, reset: true)
            } else {
                Thread.detachNewThread { [self] in serve(connection) }
            }
        }
        close(socket)
    }

    private func serve(_ connection: Int32) {
        while readRequest(connection) {
            let act = state.withLock { state in
                state.requests += 1
                return state.acts.count > 1 ? state.acts.removeFirst() : state.acts[0]
            }
            switch act {
            case .reply(let more): reply(connection, more)
            case .replyAndEnd:
                reply(connection, "")
                return end(connection, reset: false)
            case .replyAndResetNext:
                reply(connection, "")
                waitForMore(connection)
                return end(connection, reset: true)
            case .end(let reset): return end(connection, reset: reset)
            }
        }
        close(connection)
        clientEnd.yield()
    }

    /// Reads a head and as much of a body as it names; false when the client has ended the connection.
    private func readRequest(_ connection: Int32) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual(Array("\r\n\r\n".utf8)) {
            var byte: UInt8 = 0
            guard read(connection, &byte, 1) == 1 else { return false }
            head.append(byte)
        }
        let lines = String(decoding: head, as: UTF8.self).lowercased().split(separator: "\r\n")
        let named = lines.first { $0.hasPrefix("content-length:") }.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) }
        var left = named ?? 0
        while left > 0 {
            let count = read(connection, &buffer, min(left, buffer.count))
            guard count > 0 else { return false }
            left -= count
        }
        return true
    }

    /// Returns when something has arrived, and leaves it there.
    private func waitForMore(_ connection: Int32) {
        var byte: UInt8 = 0
        _ = recv(connection, &byte, 1, Int32(MSG_PEEK))
    }

    private func reply(_ connection: Int32, _ more: String) {
        let bytes = Array("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\(more)\r\nok".utf8)
        _ = write(connection, bytes, bytes.count)
    }

    private func end(_ connection: Int32, reset: Bool) {
        if reset {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(connection, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }
        close(connection)
    }
}
