import Trace

/// Lines of OTLP as far as they are read, and their place in the file.
struct OTLPAssembly: PieceAssembly {
    private(set) var importer = OTLPImporter()
    private var lines = JSONLines(maximumLineBytes: TraceImport.maximumDocumentBytes)
    private var map: [Symbol] = []
    private var hasReserved = false

    var needsSingleLines: Bool { lines.isWithinLine }
    var isEnded: Bool { false }

    mutating func readLines(_ bytes: UnsafeRawBufferPointer) {
        // Taken out, as the lines are handed over while they are being cut.
        var lines = lines
        self.lines = JSONLines()
        lines.append(bytes) { importer.read($0) }
        self.lines = lines
    }

    mutating func finish() -> ImportedTrace {
        var lines = lines
        self.lines = JSONLines()
        lines.finish { importer.read($0) }
        return importer.finish()
    }

    func makePiece() -> OTLPPiece { OTLPPiece(instances: importer.instances) }

    static func read(_ bytes: UnsafeRawBufferPointer, into piece: inout OTLPPiece) { piece.read(bytes) }

    mutating func append(_ piece: OTLPPiece, _ bytes: UnsafeRawBufferPointer, outOf total: Int) {
        let place = lines.place
        if !hasReserved, !bytes.isEmpty {
            importer.events.reserve(total / bytes.count + 1, of: piece.importer.events)
            hasReserved = true
        }
        guard importer.append(piece.importer, after: place.number - 1, place.offset, &map) else { return readLines(bytes) }
        lines.passOver(lines: piece.lineCount, bytes: bytes.count)
    }
}

/// What was read of some lines without what is before them.
struct OTLPPiece: Sendable {
    private(set) var importer = OTLPImporter()
    private var lines = JSONLines(maximumLineBytes: TraceImport.maximumDocumentBytes)
    /// What the services' instances were called before: they are called the same then, almost always.
    private let instances: [String: [String]]

    init(instances: [String: [String]]) {
        self.instances = instances
    }

    /// How many lines the piece has.
    var lineCount: Int { lines.place.number - 1 }

    /// Reads whole lines in place of what was here.
    mutating func read(_ bytes: UnsafeRawBufferPointer) {
        importer.restart(instances: instances)
        var lines = lines
        self.lines = JSONLines()
        lines.restart()
        lines.append(bytes) { importer.read($0) }
        self.lines = lines
    }
}

extension OTLPImporter {
    /// Forgets what was read and keeps the memory.
    mutating func restart(instances: [String: [String]]) {
        events.removeAll()
        members = (events.intern("method"), events.intern("url"))
        spans.removeAll(keepingCapacity: true)
        lastTrace = ([], .none)
        known.removeAll()
        intents.removeAll(keepingCapacity: true)
        intentEvents.removeAll(keepingCapacity: true)
        skipped = 0
        self.instances = instances
        services.removeAll(keepingCapacity: true)
        declarations.removeAll(keepingCapacity: true)
        declared = SymbolSet()
    }

    /// Takes over what was read from the file's next lines, unless something would have been read otherwise had it come with what is
    /// before it (a span that is there twice, a service's instance that has another number): `false` then.
    mutating func append(_ piece: OTLPImporter, after line: Int, _ offset: Int, _ map: inout [Symbol]) -> Bool {
        let texts = events.log.symbols.count
        guard events.log.internTexts(of: piece.events.log, &map) else { return false }
        guard !piece.spans.contains(where: { known[map[Int($0.name.raw)]] != nil }), numbersMatch(piece) else {
            events.log.forgetTexts(downTo: texts)
            return false
        }
        for service in piece.services {
            let there = piece.instances[service, default: []]
            if there.count > instances[service, default: []].count { instances[service] = there }
        }
        for declaration in piece.declarations {
            declare(
                Declaration(
                    process: map[Int(declaration.process.raw)], role: declaration.role, clock: map[Int(declaration.clock.raw)],
                    isTentative: declaration.isTentative))
        }
        let repeated = append(intentsOf: piece, map)
        events.append(piece.events, map) { repeated.contains($0) }
        for span in piece.spans {
            var span = span
            (span.trace, span.parent) = (map[Int(span.trace.raw)], map[Int(span.parent.raw)])
            (span.name, span.end) = (map[Int(span.name.raw)], map[Int(span.end.raw)])
            known.set(spans.count, for: span.name)
            spans.append(span)
        }
        skipped += piece.skipped
        events.rejections.add(piece.events.rejections, after: line, offset)
        return true
    }

    /// Whether the instances of services have the numbers that they would have in the whole file.
    private func numbersMatch(_ piece: OTLPImporter) -> Bool {
        piece.services.allSatisfy { service in
            let (here, there) = (instances[service, default: []], piece.instances[service, default: []])
            return here.starts(with: there) || there.starts(with: here)
        }
    }

    /// Adds the piece's intents and says which of its events declare one that is declared already.
    private mutating func append(intentsOf piece: OTLPImporter, _ map: [Symbol]) -> Set<Int> {
        var repeated: Set<Int> = []
        for (event, intent) in piece.intentEvents where !intents.insert(map[Int(intent.raw)]).inserted {
            repeated.insert(event)
        }
        return repeated
    }
}
