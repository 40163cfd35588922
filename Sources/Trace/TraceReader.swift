/// Reads a trace file (`Docs/specifications/trace-format.md`) that comes in chunks of any size. A line that it cannot read is
/// rejected with its place and the reason, and the next line is read; only a wrong header ends the reading.
///
///     var reader = TraceReader()
///     for chunk in chunks { reader.read(chunk) }
///     let trace = reader.finish()
///
/// Long files are cut at line ends into pieces. Each is read into a small log of its own, whose symbol table stays in the
/// processor's cache, and these are appended in the file's order: faster even one after the other, and the log is the same.
package struct TraceReader {
    /// A trace and what of its file could not be read.
    package struct Reading: Sendable {
        package var log: TraceLog
        package var rejections: TraceRejections
    }

    /// Some thousands of records: their texts and columns fit in a core's own cache.
    package static let pieceBytes = 1 << 20
    /// So many pieces are gathered before they are read.
    private static let piecesAtOnce = 16

    private var assembly = TraceAssembly()
    /// The next bytes of the file, until they are enough.
    private var gathered: [UInt8] = []
    private let concurrency: Concurrency
    private let pieceBytes: Int

    /// - Parameter pieceBytes: how much of a file is read at a time; tests give less.
    package init(concurrency: Concurrency = .none, pieceBytes: Int = TraceReader.pieceBytes) {
        self.concurrency = concurrency
        self.pieceBytes = pieceBytes
    }

    package var log: TraceLog { assembly.reader.log }
    package var rejections: TraceRejections { assembly.reader.rejections }
    /// The header was wrong, or the trace is full: the rest of the file is passed over.
    package var isEnded: Bool { assembly.reader.isEnded }

    /// Takes the next bytes of the file.
    package mutating func read(_ chunk: UnsafeRawBufferPointer) {
        var rest = chunk
        while !rest.isEmpty, !isEnded {
            let taken: Int
            if assembly.needsSingleLines {
                taken = assembly.readLine(rest)
            } else if gathered.isEmpty, rest.count >= pieceBytes * Self.piecesAtOnce {
                taken = readPieces(rest)
            } else {
                taken = gather(rest)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
        }
    }

    /// Takes the next bytes of the file.
    package mutating func read(_ chunk: [UInt8]) {
        chunk.withUnsafeBytes { read($0) }
    }

    /// Says that the file ends.
    package mutating func finish() -> Reading {
        if gathered.count >= pieceBytes { readGathered() }
        gathered.withUnsafeBytes { assembly.readLines($0) }
        gathered = []
        assembly.finish()
        let reader = assembly.reader
        assembly = TraceAssembly()
        return Reading(log: reader.log, rejections: reader.rejections)
    }

    /// Reads a whole file.
    package static func read(_ bytes: [UInt8]) -> Reading {
        read(contentsOf: CollectionOfOne(bytes))
    }

    /// Reads a whole file that comes in chunks.
    package static func read(contentsOf chunks: some Sequence<[UInt8]>) -> Reading {
        var reader = TraceReader()
        for chunk in chunks { reader.read(chunk) }
        return reader.finish()
    }

    // MARK: Pieces

    private mutating func gather(_ bytes: UnsafeRawBufferPointer) -> Int {
        let taken = min(bytes.count, pieceBytes * Self.piecesAtOnce - gathered.count)
        gathered.append(contentsOf: bytes[..<taken])
        if gathered.count == pieceBytes * Self.piecesAtOnce { readGathered() }
        return taken
    }

    private mutating func readGathered() {
        var bytes: [UInt8] = []
        swap(&bytes, &gathered)
        let taken = bytes.withUnsafeBytes { readPieces($0) }
        bytes.removeSubrange(..<taken)
        gathered = bytes
    }

    /// Reads the lines that are whole and says how many bytes they are.
    private mutating func readPieces(_ bytes: UnsafeRawBufferPointer) -> Int {
        let cuts = LinePieces.cuts(bytes, pieceBytes)
        guard let end = cuts.last else {
            // No line of a trace is as long as many pieces.
            assembly.readLines(bytes)
            return bytes.count
        }
        // Read only, and only until this call returns.
        nonisolated(unsafe) let bytes = bytes
        @Sendable func piece(_ number: Int) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: bytes[(number == 0 ? 0 : cuts[number - 1])..<cuts[number]])
        }
        OrderedPieces<TracePiece, TraceAssembly>.run(
            cuts.count, concurrency, whole: &assembly, empty: TraceAssembly(), make: { TracePiece() },
            read: { number, content in content.read(piece(number)) },
            add: { number, content, whole in whole.append(content, piece(number), outOf: bytes.count) })
        return end
    }
}

/// Cuts a text at line ends.
package enum LinePieces {
    /// Where the pieces end, each behind a line's end and about as long as asked for; a longer line is a piece of its own. What
    /// follows the last cut is a line that does not end.
    package static func cuts(_ bytes: UnsafeRawBufferPointer, _ length: Int) -> [Int] {
        var cuts: [Int] = []
        var start = 0
        while start < bytes.count {
            let limit = min(start + length, bytes.count)
            let end =
                bytes[start..<limit].lastIndex(of: UInt8(ascii: "\n")) ?? bytes[limit...].firstIndex(of: UInt8(ascii: "\n"))
            guard let end else { break }
            cuts.append(end + 1)
            start = end + 1
        }
        return cuts
    }
}
