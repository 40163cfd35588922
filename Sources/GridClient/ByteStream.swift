import Synchronization

/// Bytes that come in chunks: a file on its way to the server, or a reply on its way back. Read once.
public struct ByteStream: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = any Error

    private let chunk: @Sendable () async throws -> [UInt8]?

    /// A stream of what `chunk` answers, until it answers `nil`.
    public init(_ chunk: @escaping @Sendable () async throws -> [UInt8]?) {
        self.chunk = chunk
    }

    /// A stream of chunks that are there already.
    init(_ chunks: [[UInt8]]) {
        let rest = Mutex(chunks[...])
        self.init { rest.withLock { $0.popFirst() } }
    }

    public struct Iterator: AsyncIteratorProtocol, Sendable {
        fileprivate let chunk: @Sendable () async throws -> [UInt8]?

        public mutating func next() async throws -> [UInt8]? {
            try await chunk()
        }
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(chunk: chunk)
    }

    /// All chunks in one.
    /// - Throws: ``ClientError`` when there are more than `limit` bytes.
    func collect(upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in self {
            guard bytes.count + chunk.count <= limit else {
                throw ClientError(.damagedReply, "the server's reply is longer than \(limit) bytes")
            }
            bytes += chunk
        }
        return bytes
    }
}
