import CZlib

/// Compresses a stream of bytes as gzip (RFC 1952).
///
/// A class because zlib keeps a pointer to its state: the state must not move, and is freed once.
final class GzipEncoder {
    private let stream: UnsafeMutablePointer<z_stream>

    /// `nil` when there is no memory for it.
    /// - Parameter level: 1 is fast and finds most of it; pages are sent once and not kept.
    init?(level: Int32 = 1) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 is the largest window; 16 asks for gzip's frame.
        let status = deflateInit2_(
            stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            stream.deinitialize(count: 1)
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Takes bytes and returns what is compressed so far; after `finish` nothing may follow.
    func encode(_ input: some Collection<UInt8>, finish: Bool = false) -> [UInt8] {
        var source = Array(input)
        var output: [UInt8] = []
        output.reserveCapacity(source.count / 4 + 64)
        let chunk = 32_768
        source.withUnsafeMutableBufferPointer { source in
            stream.pointee.next_in = source.baseAddress
            stream.pointee.avail_in = UInt32(truncatingIfNeeded: source.count)
            repeat {
                let produced = [UInt8](unsafeUninitializedCapacity: chunk) { buffer, count in
                    stream.pointee.next_out = buffer.baseAddress
                    stream.pointee.avail_out = UInt32(chunk)
                    deflate(stream, finish ? Z_FINISH : Z_NO_FLUSH)
                    count = chunk - Int(stream.pointee.avail_out)
                }
                output.append(contentsOf: produced)
            } while stream.pointee.avail_out == 0
            stream.pointee.next_in = nil
        }
        return output
    }

    /// The bytes compressed at once; `nil` when there is no memory.
    static func compress(_ bytes: some Collection<UInt8>, level: Int32 = 1) -> [UInt8]? {
        GzipEncoder(level: level)?.encode(bytes, finish: true)
    }

    /// True when the client takes gzip (RFC 9110, section 12.5.3).
    static func isAccepted(_ field: String?) -> Bool {
        guard let field else { return false }
        for part in field.split(separator: ",") {
            let pieces = part.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            guard let coding = pieces.first, coding == "gzip" || coding == "*" else { continue }
            let refused = pieces.dropFirst().contains { ["q=0", "q=0.0", "q=0.00", "q=0.000"].contains($0) }
            return !refused
        }
        return false
    }
}
