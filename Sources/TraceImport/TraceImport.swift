package import Trace

/// The files that can become a trace.
package enum TraceFormat: String, Sendable, CaseIterable, Hashable {
    /// The project's own format (`Docs/specifications/trace-format.md`).
    case trueline
    /// HTTP Archive 1.2, as browsers and proxies save it.
    case har
    /// OpenTelemetry's OTLP as JSON: one document, or one a line.
    case otlp
    /// An export of Redux DevTools, plain or with the lifted state.
    case redux
    /// A performance trace of Chrome.
    case chrome
}

/// A trace that was made from a file.
package struct ImportedTrace: Sendable {
    package var log: TraceLog
    /// `nil`: the file is none of the known ones, and the trace is empty.
    package var format: TraceFormat?
    package var rejections: TraceRejections
    /// What cannot be concluded from this file, in sentences for people. The log carries the same.
    package var limits: [String] { log.limits }
}

/// Makes traces from files of any known format, found out from their content.
///
///     var reader = TraceImport()
///     for chunk in chunks { reader.read(chunk) }
///     let trace = reader.finish()
///
/// Traces and OTLP lines are read as they come. The other formats are one JSON document each, which is held in memory.
package struct TraceImport {
    /// A document that is longer is refused: it must be held in memory.
    package static let maximumDocumentBytes = 1 << 30
    /// How much of a file is looked at before its format is decided.
    private static let headBytes = 64 << 10

    private enum State {
        /// The format is not known yet.
        case head
        case trace(TraceReader)
        case lines(PieceReader<OTLPAssembly>)
        /// The whole file is gathered.
        case document
        /// The file is too long; the rest of it is passed over.
        case refused
    }

    private let hint: TraceFormat?
    private let concurrency: Concurrency
    private let pieceBytes: Int
    private var state = State.head
    private var gathered: [UInt8] = []

    /// - Parameter hint: the format, when it is known; otherwise it is found out from the content.
    /// - Parameter concurrency: how pieces of long files may be read side by side; the trace is the same however they are.
    /// - Parameter pieceBytes: how much of a file of lines is read at a time; tests give less.
    package init(
        hint: TraceFormat? = nil, concurrency: Concurrency = .none, pieceBytes: Int = TraceReader.pieceBytes
    ) {
        self.hint = hint
        self.pieceBytes = pieceBytes
        self.concurrency = concurrency
    }

    /// Reads a whole file.
    package static func read(_ bytes: [UInt8], hint: TraceFormat? = nil) -> ImportedTrace {
        read(contentsOf: CollectionOfOne(bytes), hint: hint)
    }

    /// Reads a whole file that comes in chunks.
    package static func read(contentsOf chunks: some Sequence<[UInt8]>, hint: TraceFormat? = nil) -> ImportedTrace {
        var reader = TraceImport(hint: hint)
        for chunk in chunks { chunk.withUnsafeBytes { reader.read($0) } }
        return reader.finish()
    }

    /// Takes the next bytes of the file.
    package mutating func read(_ chunk: UnsafeRawBufferPointer) {
        guard case .head = state else { return readOn(chunk) }
        let head = min(chunk.count, Self.headBytes - gathered.count)
        gathered.append(contentsOf: chunk[..<head])
        guard gathered.count >= Self.headBytes else { return }
        decide()
        readOn(UnsafeRawBufferPointer(rebasing: chunk[head...]))
    }

    private mutating func readOn(_ chunk: UnsafeRawBufferPointer) {
        switch state {
        case .trace(var reader):
            state = .refused
            reader.read(chunk)
            state = .trace(reader)
        case .lines(var reader):
            state = .refused
            reader.read(chunk)
            state = .lines(reader)
        case .document:
            guard gathered.count + chunk.count <= Self.maximumDocumentBytes else {
                gathered = []
                state = .refused
                return
            }
            // A whole file in one chunk is copied once, not at every doubling.
            let needed = gathered.count + chunk.count + JSONCursor.padding
            if chunk.count > gathered.count { gathered.reserveCapacity(needed) }
            gathered.append(contentsOf: chunk)
        case .head, .refused: return
        }
    }

    /// Says that the file ends.
    package mutating func finish() -> ImportedTrace {
        if case .head = state { decide() }
        switch state {
        case .trace(var reader):
            state = .refused
            let reading = reader.finish()
            return ImportedTrace(log: reading.log, format: .trueline, rejections: reading.rejections)
        case .lines(var reader):
            state = .refused
            var assembly = reader.finish()
            return assembly.finish()
        case .head, .document: return readDocument()
        case .refused:
            return Self.rejected("the document is longer than 1 GiB and would have to be held in memory; record a shorter time")
        }
    }

    // MARK: Deciding

    private mutating func decide() {
        let format = hint ?? Self.detect(gathered)
        var bytes: [UInt8] = []
        switch format {
        case .trueline:
            var reader = TraceReader(concurrency: concurrency, pieceBytes: pieceBytes)
            swap(&bytes, &gathered)
            reader.read(bytes)
            state = .trace(reader)
        case .otlp where Self.firstLineIsWhole(gathered):
            var reader = PieceReader(OTLPAssembly(), concurrency, pieceBytes: pieceBytes)
            swap(&bytes, &gathered)
            bytes.withUnsafeBytes { reader.read($0) }
            state = .lines(reader)
        case .otlp, .har, .redux, .chrome, nil: state = .document
        }
    }

    /// Whether the file consists of lines, as far as can be seen: a document may be one very long line, too.
    private static func firstLineIsWhole(_ bytes: [UInt8]) -> Bool {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return bytes.count >= headBytes }
        return JSONDocument.with(bytes[..<end]) { cursor in
            var cursor = cursor
            return (try? cursor.skipValue()) != nil && (try? cursor.finish()) != nil
        }
    }

    private mutating func readDocument() -> ImportedTrace {
        guard let format = hint ?? Self.detect(gathered) else {
            let known = "a Trueline trace, HAR, OTLP JSON, a Redux DevTools export, a Chrome trace"
            return Self.rejected("this is none of the formats that can be read (\(known)); if it is, say which with --from")
        }
        var bytes: [UInt8] = []
        swap(&bytes, &gathered)
        return JSONDocument.with(&bytes) { cursor in
            switch format {
            case .har: HARImporter.read(cursor)
            case .otlp: OTLPImporter.read(cursor)
            case .redux: ReduxImporter.read(cursor)
            case .chrome: ChromeImporter.read(cursor)
            case .trueline: Self.rejected("not reached: traces are read by lines")
            }
        }
    }

    private static func rejected(_ reason: String) -> ImportedTrace {
        var rejections = TraceRejections()
        rejections.add(TraceRejection(line: 0, offset: 0, reason: reason))
        return ImportedTrace(log: TraceLog(), format: nil, rejections: rejections)
    }
}
