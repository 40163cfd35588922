/// What is read of a file whose lines mostly stand for themselves: the whole as far as it is read, and its place in the file.
package protocol PieceAssembly: Sendable {
    /// What is read of some lines without what is before them.
    associatedtype Piece: Sendable

    /// As at a file's beginning.
    init()
    /// A line has begun, or something else stands in the way of reading the next lines as a piece.
    var needsSingleLines: Bool { get }
    /// The rest of the file is passed over.
    var isEnded: Bool { get }
    /// Reads lines one after the other; the last one may come to its end later.
    mutating func readLines(_ bytes: UnsafeRawBufferPointer)
    /// A piece without content, which may know what has been read so far.
    func makePiece() -> Piece
    /// Reads whole lines in place of what the piece holds.
    static func read(_ bytes: UnsafeRawBufferPointer, into piece: inout Piece)
    /// Appends a piece, or reads its lines once more where they depend on what was before.
    /// - Parameter total: bytes that are read together with this piece.
    mutating func append(_ piece: Piece, _ bytes: UnsafeRawBufferPointer, outOf total: Int)
}

/// Cuts a file that comes in chunks of any size at line ends into pieces and has them read side by side.
///
/// Each piece is read into tables of its own, which stay in the processor's cache, and appended in the file's order: faster even one
/// after the other, and what comes out is the same however the file comes and however many threads there are.
package struct PieceReader<Assembly: PieceAssembly>: Sendable {
    /// So many pieces are gathered before they are read.
    private let piecesAtOnce = 16

    package private(set) var assembly: Assembly
    /// The next bytes of the file, until they are enough.
    private var gathered: [UInt8] = []
    private let concurrency: Concurrency
    private let pieceBytes: Int

    package init(_ assembly: Assembly, _ concurrency: Concurrency, pieceBytes: Int) {
        self.assembly = assembly
        self.concurrency = concurrency
        self.pieceBytes = pieceBytes
    }

    /// Takes the next bytes of the file.
    package mutating func read(_ chunk: UnsafeRawBufferPointer) {
        var rest = chunk
        while !rest.isEmpty, !assembly.isEnded {
            let taken: Int
            if assembly.needsSingleLines {
                taken = (rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count - 1) + 1
                assembly.readLines(UnsafeRawBufferPointer(rebasing: rest[..<taken]))
            } else if rest.count >= pieceBytes * piecesAtOnce {
                // Read where it stands, without a copy.
                taken = gathered.isEmpty ? readPieces(rest) : finishGathered(rest)
            } else {
                taken = gather(rest)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
        }
    }

    /// Says that the file ends, and gives away what was read of it.
    package mutating func finish() -> Assembly {
        if gathered.count >= pieceBytes { readGathered() }
        gathered.withUnsafeBytes { assembly.readLines($0) }
        gathered = []
        var whole = Assembly()
        swap(&whole, &assembly)
        return whole
    }

    private mutating func gather(_ bytes: UnsafeRawBufferPointer) -> Int {
        let taken = min(bytes.count, pieceBytes * piecesAtOnce - gathered.count)
        gathered.append(contentsOf: bytes[..<taken])
        if gathered.count == pieceBytes * piecesAtOnce { readGathered() }
        return taken
    }

    /// Reads what was gathered together with the end of its last line.
    private mutating func finishGathered(_ bytes: UnsafeRawBufferPointer) -> Int {
        let taken = (bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count - 1) + 1
        gathered.append(contentsOf: bytes[..<taken])
        readGathered()
        gathered.withUnsafeBytes { assembly.readLines($0) }
        gathered = []
        return taken
    }

    private mutating func readGathered() {
        var bytes: [UInt8] = []
        swap(&bytes, &gathered)
        let taken = bytes.withUnsafeBytes { readPieces($0) }
        bytes.removeSubrange(..<taken)
        gathered = bytes
    }

    /// Reads the lines that are whole, of a very long text the first ones, and says how many bytes they are.
    private mutating func readPieces(_ bytes: UnsafeRawBufferPointer) -> Int {
        let cuts = Self.cuts(bytes, pieceBytes, atMost: piecesAtOnce * 4)
        guard let end = cuts.last else {
            // One line longer than all pieces: its rest is read as it comes.
            assembly.readLines(bytes)
            return bytes.count
        }
        // Read only, and only until this call returns.
        nonisolated(unsafe) let bytes = bytes
        @Sendable func piece(_ number: Int) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: bytes[(number == 0 ? 0 : cuts[number - 1])..<cuts[number]])
        }
        let empty = assembly.makePiece()
        OrderedPieces<Assembly.Piece, Assembly>.run(
            cuts.count, concurrency, whole: &assembly, empty: Assembly(), make: { empty },
            read: { number, content in Assembly.read(piece(number), into: &content) },
            add: { number, content, whole in whole.append(content, piece(number), outOf: bytes.count) })
        return end
    }

    /// Where the pieces end, each behind a line's end and about as long as asked for; a longer line is a piece of its own.
    private static func cuts(_ bytes: UnsafeRawBufferPointer, _ length: Int, atMost count: Int) -> [Int] {
        var cuts: [Int] = []
        var start = 0
        while start < bytes.count, cuts.count < count {
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
