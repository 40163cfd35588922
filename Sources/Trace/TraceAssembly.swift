/// A trace as far as it is read, and the place in its file.
struct TraceAssembly: PieceAssembly {
    private(set) var reader = TraceLineReader()
    private var lines = JSONLines()
    private var map: [Symbol] = []

    /// The header is still missing, or a line has begun.
    var needsSingleLines: Bool { !reader.hasHeader || lines.isWithinLine }
    var isEnded: Bool { reader.isEnded }

    mutating func readLines(_ bytes: UnsafeRawBufferPointer) {
        // Taken out, as the lines are handed over while they are being cut.
        var lines = lines
        self.lines = JSONLines()
        lines.append(bytes) { reader.read($0) }
        self.lines = lines
    }

    mutating func finish() {
        var lines = lines
        self.lines = JSONLines()
        lines.finish { reader.read($0) }
        reader.finish()
    }

    func makePiece() -> TracePiece { TracePiece() }

    static func read(_ bytes: UnsafeRawBufferPointer, into piece: inout TracePiece) { piece.read(bytes) }

    mutating func append(_ piece: TracePiece, _ bytes: UnsafeRawBufferPointer, outOf total: Int) {
        guard !reader.isEnded else { return }
        let place = lines.place
        if reader.log.count == 0, !bytes.isEmpty { reader.log.reserve(total / bytes.count + 1, of: piece.reader.log) }
        guard reader.append(piece.reader, after: place.number - 1, place.offset, &map) else { return readLines(bytes) }
        lines.passOver(lines: piece.lineCount, bytes: bytes.count)
    }
}

/// What was read of some lines of a file without what is before them.
struct TracePiece: Sendable {
    private(set) var reader = TraceLineReader()
    private var lines = JSONLines()

    /// How many lines the piece has.
    var lineCount: Int { lines.place.number - 1 }

    /// Reads whole lines in place of what was here.
    mutating func read(_ bytes: UnsafeRawBufferPointer) {
        reader.restart()
        var lines = lines
        self.lines = JSONLines()
        lines.restart()
        lines.append(bytes) { reader.read($0) }
        self.lines = lines
    }
}
