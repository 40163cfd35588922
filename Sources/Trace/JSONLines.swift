/// One line of a file, valid while it is being handed over.
package struct JSONLine {
    /// The bytes without the line's end; a zero byte or a line feed follows, as `JSONCursor` needs it. Empty when the line is too long.
    package let bytes: UnsafeRawBufferPointer
    /// Counted from 1.
    package let number: Int
    /// Bytes of the file before the line.
    package let offset: Int
    package let isTooLong: Bool
}

/// Cuts a file that comes in chunks of any size into lines. Holds one chunk's part and at most one line.
package struct JSONLines: Sendable {
    /// A line that is longer is an attack, or not lines.
    package static let maximumLineBytes = 4 << 20
    /// How much of a chunk is taken at a time, so that a mapped file of any size stays out of memory.
    private static let pieceBytes = 256 << 10

    private var buffer: [UInt8] = []
    private var filled = 0
    /// How many of them are known to have no line's end.
    private var searched = 0
    /// Line and place in the file of the first byte in `buffer`.
    private var number = 1
    private var offset = 0
    /// Within a line that is too long: its rest is dropped.
    private var isDropping = false

    private let maximumLineBytes: Int

    package init(maximumLineBytes: Int = JSONLines.maximumLineBytes) {
        self.maximumLineBytes = maximumLineBytes
    }

    /// Whether a line has begun and not ended.
    package var isWithinLine: Bool { filled > 0 || isDropping }

    /// Where the next line stands.
    package var place: (number: Int, offset: Int) { (number, offset) }

    /// Goes on behind lines that somebody else has read; not within a line.
    package mutating func passOver(lines: Int, bytes: Int) {
        number += lines
        offset += bytes
    }

    /// Begins anew, as if at a file's beginning, and keeps the memory.
    package mutating func restart() {
        (filled, searched, number, offset, isDropping) = (0, 0, 1, 0, false)
    }

    /// Takes the next bytes of the file and hands the lines over that are whole.
    package mutating func append(_ chunk: UnsafeRawBufferPointer, _ body: (JSONLine) -> Void) {
        var rest = filled > 0 || isDropping ? chunk : handOverInPlace(chunk, body)
        while !rest.isEmpty {
            let piece = min(rest.count, Self.pieceBytes)
            add(UnsafeRawBufferPointer(rebasing: rest[..<piece]))
            rest = UnsafeRawBufferPointer(rebasing: rest[piece...])
            handOver(body)
        }
    }

    /// Hands the last line over when the file does not end with a line's end.
    package mutating func finish(_ body: (JSONLine) -> Void) {
        guard filled > 0, !isDropping else { return }
        withUnsafeBytes(of: UInt8(ascii: "\n")) { add($0) }
        handOver(body)
    }

    /// Hands over the lines that are whole and have room to be read behind them where they stand, and gives back the rest.
    private mutating func handOverInPlace(
        _ chunk: UnsafeRawBufferPointer, _ body: (JSONLine) -> Void
    ) -> UnsafeRawBufferPointer {
        let last = chunk.count - JSONCursor.padding
        var first = 0
        while first < last, let end = Self.lineEnd(chunk, first, last), end - first <= maximumLineBytes {
            let bytes = UnsafeRawBufferPointer(rebasing: chunk[first..<end])
            body(JSONLine(bytes: bytes, number: number, offset: offset, isTooLong: false))
            number += 1
            offset += end - first + 1
            first = end + 1
        }
        return UnsafeRawBufferPointer(rebasing: chunk[first...])
    }

    private mutating func add(_ bytes: UnsafeRawBufferPointer) {
        let needed = filled + bytes.count + JSONCursor.padding
        if buffer.count < needed {
            buffer.append(contentsOf: repeatElement(0, count: max(needed, buffer.count * 2) - buffer.count))
        }
        buffer.withUnsafeMutableBytes { buffer in
            UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<(filled + bytes.count)]).copyMemory(from: bytes)
        }
        filled += bytes.count
    }

    private mutating func handOver(_ body: (JSONLine) -> Void) {
        let (filled, searched) = (filled, searched)
        var (number, offset, isDropping) = (number, offset, isDropping)
        let rest = buffer.withUnsafeMutableBytes { buffer in
            var first = 0
            while let end = Self.lineEnd(UnsafeRawBufferPointer(buffer), max(first, searched), filled) {
                buffer[end] = 0
                let length = end - first
                if !isDropping {
                    let isTooLong = length > maximumLineBytes
                    let bytes = UnsafeRawBufferPointer(rebasing: buffer[first..<(isTooLong ? first : end)])
                    body(JSONLine(bytes: bytes, number: number, offset: offset, isTooLong: isTooLong))
                }
                isDropping = false
                number += 1
                offset += length + 1
                first = end + 1
            }
            if filled - first > maximumLineBytes {
                if !isDropping {
                    body(
                        JSONLine(
                            bytes: UnsafeRawBufferPointer(rebasing: buffer[..<0]), number: number, offset: offset,
                            isTooLong: true))
                }
                isDropping = true
            }
            if isDropping {
                offset += filled - first
                return 0
            }
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[first..<filled]))
            return filled - first
        }
        self.filled = rest
        self.searched = rest
        (self.number, self.offset, self.isDropping) = (number, offset, isDropping)
    }

    /// The place of the next line feed.
    private static func lineEnd(_ bytes: UnsafeRawBufferPointer, _ first: Int, _ end: Int) -> Int? {
        var at = first
        while at < end {
            // Beyond `end` there are old bytes and the padding: a feed found there is none.
            let feeds = feeds(bytes, at) | feeds(bytes, at + 8) | feeds(bytes, at + 16) | feeds(bytes, at + 24)
            guard feeds != 0 else {
                at += 32
                continue
            }
            while bytes[at] != UInt8(ascii: "\n") { at += 1 }
            return at < end ? at : nil
        }
        return nil
    }

    /// Not 0 when one of eight bytes is a line feed.
    @inline(__always)
    private static func feeds(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
        let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) ^ 0x0A0A_0A0A_0A0A_0A0A
        return (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
    }
}
