/// Reads a trace file (`Docs/specifications/trace-format.md`) that comes in chunks of any size. A line that it cannot read is
/// rejected with its place and the reason, and the next line is read; only a wrong header ends the reading.
///
///     var reader = TraceReader()
///     for chunk in chunks { reader.read(chunk) }
///     let trace = reader.finish()
package struct TraceReader {
    /// A trace and what of its file could not be read.
    package struct Reading: Sendable {
        package var log: TraceLog
        package var rejections: TraceRejections
    }

    /// Some thousands of records: their texts and columns fit in a core's own cache.
    package static let pieceBytes = 1 << 20

    private var pieces: PieceReader<TraceAssembly>

    /// - Parameter concurrency: how pieces of long files may be read side by side; the trace is the same however they are.
    /// - Parameter pieceBytes: how much of a file is read at a time; tests give less.
    package init(concurrency: Concurrency = .none, pieceBytes: Int = TraceReader.pieceBytes) {
        pieces = PieceReader(TraceAssembly(), concurrency, pieceBytes: pieceBytes)
    }

    package var log: TraceLog { pieces.assembly.reader.log }
    package var rejections: TraceRejections { pieces.assembly.reader.rejections }
    /// The header was wrong, or the trace is full: the rest of the file is passed over.
    package var isEnded: Bool { pieces.assembly.isEnded }

    /// Takes the next bytes of the file.
    package mutating func read(_ chunk: UnsafeRawBufferPointer) {
        pieces.read(chunk)
    }

    /// Takes the next bytes of the file.
    package mutating func read(_ chunk: [UInt8]) {
        chunk.withUnsafeBytes { read($0) }
    }

    /// Says that the file ends.
    package mutating func finish() -> Reading {
        var assembly = pieces.finish()
        assembly.finish()
        return Reading(log: assembly.reader.log, rejections: assembly.reader.rejections)
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
}
