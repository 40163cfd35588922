import Trace

/// Gathers the events of an import and puts them in the order of their times, which the formats do not keep.
struct ImportedEvents: Sendable {
    /// An event that waits to be sorted. Its edges and attributes stand in pools.
    private struct Waiting {
        var row: TraceLog.Row
        var value: Symbol
        var edges: Range<UInt32>
        var attributes: Range<UInt32>
    }

    var log = TraceLog()
    var redactor = Redactor()
    var rejections = TraceRejections()
    /// Edges into events by their ids, known only when all events are.
    var lateEdges: [Symbol: TraceLog.Edge] = [:]
    private var waiting: [Waiting] = []
    private var edges: [TraceLog.Edge] = []
    private var attributes: [TraceLog.Attribute] = []
    private var edgesStart: UInt32 = 0
    private var attributesStart: UInt32 = 0
    /// Texts by what became of them when credentials were taken out.
    private var cleaned: [Symbol: Symbol] = [:]
    private var scratch: [UInt8] = []
    /// The ids of the events so far.
    private var ids = SymbolSet()
    /// The ids of the events that `lateEdges` knows.
    private var lateIDs = SymbolSet()
    private var null = Symbol.none

    init() {
        null = log.intern("null")
    }

    /// Forgets everything and keeps the memory.
    mutating func removeAll() {
        log.removeAll()
        null = log.intern("null")
        redactor = Redactor()
        rejections = TraceRejections()
        waiting.removeAll(keepingCapacity: true)
        edges.removeAll(keepingCapacity: true)
        attributes.removeAll(keepingCapacity: true)
        (edgesStart, attributesStart) = (0, 0)
    }

    var count: Int { waiting.count }

    // MARK: Gathering

    mutating func intern(_ text: JSONString) -> Symbol { log.intern(text, &scratch) }
    mutating func intern(_ text: String) -> Symbol { log.intern(text) }

    /// Adds an edge to the event that is added next.
    mutating func edge(from event: Symbol, _ kind: EdgeKind, _ confidence: Confidence) {
        if !event.isNone { edges.append(TraceLog.Edge(event: event, kind: kind, confidence: confidence)) }
    }

    /// Adds a further member, JSON text, to the event that is added next.
    mutating func attribute(_ name: Symbol, _ value: Symbol) {
        if !value.isNone { attributes.append(TraceLog.Attribute(name: name, value: value)) }
    }

    mutating func attribute(_ name: String, _ value: String) {
        attribute(intern(name), intern(JSONText.quoted(value)))
    }

    /// Adds an event with the edges and attributes added before it.
    /// - Parameter value: canonical JSON text.
    mutating func add(_ row: TraceLog.Row, value: Symbol = .none) {
        let (edgesEnd, attributesEnd) = (UInt32(clamping: edges.count), UInt32(clamping: attributes.count))
        waiting.append(
            Waiting(row: row, value: value, edges: edgesStart..<edgesEnd, attributes: attributesStart..<attributesEnd))
        (edgesStart, attributesStart) = (edgesEnd, attributesEnd)
    }

    /// Forgets the edges and attributes of an event that was not added after all.
    mutating func dropPending() {
        edges.removeSubrange(Int(edgesStart)...)
        attributes.removeSubrange(Int(attributesStart)...)
    }

    /// Makes room for so many times what a piece holds.
    mutating func reserve(_ times: Int, of piece: ImportedEvents) {
        log.reserve(times, of: piece.log)
        waiting.reserveCapacity(waiting.count + piece.waiting.count * times)
        edges.reserveCapacity(edges.count + piece.edges.count * times)
        attributes.reserveCapacity(attributes.count + piece.attributes.count * times)
    }

    /// Adds the events of a piece of the file behind those here.
    /// - Parameters:
    ///   - map: the symbol here of each symbol there.
    ///   - isLeftOut: whether the piece's event of this number is not to be added.
    mutating func append(_ piece: ImportedEvents, _ map: [Symbol], isLeftOut: (Int) -> Bool) {
        let (firstEdge, firstAttribute) = (UInt32(clamping: edges.count), UInt32(clamping: attributes.count))
        map.withUnsafeBufferPointer { map in
            edges.append(
                contentsOf: piece.edges.lazy.map {
                    TraceLog.Edge(event: map[Int($0.event.raw)], kind: $0.kind, confidence: $0.confidence)
                })
            attributes.append(
                contentsOf: piece.attributes.lazy.map {
                    TraceLog.Attribute(name: map[Int($0.name.raw)], value: map[Int($0.value.raw)])
                })
            for (index, event) in piece.waiting.enumerated() where !isLeftOut(index) {
                waiting.append(
                    Waiting(
                        row: event.row.mapped(map), value: map[Int(event.value.raw)], edges: event.edges.moved(by: firstEdge),
                        attributes: event.attributes.moved(by: firstAttribute)))
            }
        }
        (edgesStart, attributesStart) = (UInt32(clamping: edges.count), UInt32(clamping: attributes.count))
        redactor.add(piece.redactor)
    }

    // MARK: Finishing

    /// The trace: events in the order of their times (of equal ones: in the order they were added), times relative to the first.
    mutating func finish(_ format: TraceFormat, limits: [String]) -> ImportedTrace {
        let order = TimeOrder.order(of: waiting.count) { waiting[$0].row.time }
        let first = order.first.map { waiting[Int($0)].row.time } ?? 0
        declareProcesses()
        log.reserve(events: waiting.count)
        for id in lateEdges.keys { lateIDs.insert(id) }
        var block = RowBlock()
        let declared = log.count
        for (count, index) in order.enumerated() {
            var event = waiting[Int(index)]
            event.row.time -= first
            event.row.line = UInt32(clamping: declared + count + 2)
            if !append(&event, to: &block) {
                rejections.add(
                    TraceRejection(line: 0, offset: 0, reason: "the trace is full after \(count) events; record a shorter time")
                )
                break
            }
        }
        log.append(&block)
        log.recorder = "trueline import of \(format.rawValue)"
        log.limits = limits
        return ImportedTrace(log: log, format: format, rejections: rejections)
    }

    /// What is known of the processes stands first, as events, so that it is written with the trace.
    private mutating func declareProcesses() {
        for process in log.processes {
            var row = TraceLog.Row(.process)
            row.process = process.name
            row.line = UInt32(clamping: log.count + 2)
            log.addAttribute(TraceLog.Attribute(name: intern("role"), value: intern("\"\(process.role)\"")))
            if !process.clock.isNone {
                let clock = intern(JSONText.quoted(log.text(process.clock)))
                log.addAttribute(TraceLog.Attribute(name: intern("clock"), value: clock))
            }
            log.append(row)
        }
    }

    private mutating func append(_ event: inout Waiting, to block: inout RowBlock) -> Bool {
        if !redactor.isEmpty {
            event.row.arguments = clean(event.row.arguments)
            event.row.label = clean(event.row.label)
            event.row.slot = clean(event.row.slot)
            event.row.request = clean(event.row.request)
            event.value = clean(event.value)
        }
        // In a record, null says that there are none.
        if event.row.arguments == null { event.row.arguments = .none }
        // A name that the file gives twice names neither.
        if !event.row.id.isNone, !ids.insert(event.row.id) { event.row.id = .none }
        if !event.value.isNone {
            let text = log.symbols.utf8(event.value)
            if text.count > TraceLog.maximumValueBytes || text.starts(with: "{\"digest\"".utf8) {
                event.row.flags.insert(.redacted)
            }
            Array(text).withUnsafeBytes { log.addValue($0) }
        }
        for edge in edges[Int(event.edges.lowerBound)..<Int(event.edges.upperBound)] { log.addEdge(edge) }
        if lateIDs.contains(event.row.id), let edge = lateEdges[event.row.id] { log.addEdge(edge) }
        for attribute in attributes[Int(event.attributes.lowerBound)..<Int(event.attributes.upperBound)] {
            log.addAttribute(
                redactor.isEmpty ? attribute : TraceLog.Attribute(name: attribute.name, value: clean(attribute.value)))
        }
        return log.append(event.row, to: &block)
    }

    private mutating func clean(_ symbol: Symbol) -> Symbol {
        if symbol.isNone { return symbol }
        if let known = cleaned[symbol] { return known }
        let text = log.symbols.utf8(symbol)
        let result = text.withUnsafeBytes { redactor.redacted($0) }.map { $0.withUnsafeBytes { log.intern($0) } } ?? symbol
        cleaned[symbol] = result
        return result
    }

    // MARK: Rejecting

    /// Says where in the document an element could not be understood.
    mutating func reject(_ failure: JSONFailure, line: Int = 0, before offset: Int = 0) {
        rejections.add(TraceRejection(line: line, offset: offset + failure.offset, reason: String(describing: failure.reason)))
    }
}

extension ImportedEvents {
    /// 64 bits of a text, to say whether two are equal without keeping them. Not against attackers.
    static func digest(_ text: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(text.count)
        var index = 0
        while index + 8 <= text.count {
            hash = (hash ^ text.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian) &* 0xFF51_AFD7_ED55_8CCD
            hash ^= hash >> 32
            index += 8
        }
        while index < text.count {
            hash = (hash ^ UInt64(text[index])) &* 0xC4CE_B9FE_1A85_EC53
            hash ^= hash >> 29
            index += 1
        }
        return hash
    }

    /// A value that is only known by its digest, as canonical text.
    mutating func digestValue(_ text: JSONString) -> Symbol {
        intern("{\"digest\":\"\(String(Self.digest(text.raw), radix: 16))-\(text.count)\"}")
    }

    /// Where a response of this request goes, as far as the request shows it: the method and the URL without its query.
    mutating func slot(method: UnsafeRawBufferPointer, url: UnsafeRawBufferPointer) -> Symbol {
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: method)
        scratch.append(UInt8(ascii: " "))
        scratch.append(contentsOf: url.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
        return scratch.withUnsafeBytes { log.intern($0) }
    }

    /// The query of a URL and the digest of a body: what tells two requests for the same slot apart.
    mutating func arguments(url: UnsafeRawBufferPointer, body: UInt64?) -> Symbol {
        let query = url.firstIndex(of: UInt8(ascii: "?")).map { url[($0 + 1)...].prefix { $0 != UInt8(ascii: "#") } }
        scratch.removeAll(keepingCapacity: true)
        if let body { scratch.append(contentsOf: "{\"body\":\"\(String(body, radix: 16))\"".utf8) }
        if let query, !query.isEmpty {
            scratch.append(contentsOf: (body == nil ? "{\"query\":" : ",\"query\":").utf8)
            JSONText.append(quoting: query, to: &scratch)
        }
        guard !scratch.isEmpty else { return .none }
        scratch.append(UInt8(ascii: "}"))
        return scratch.withUnsafeBytes { log.intern($0) }
    }
}

extension Range<UInt32> {
    fileprivate func moved(by distance: UInt32) -> Range<UInt32> { (lowerBound + distance)..<(upperBound + distance) }
}
