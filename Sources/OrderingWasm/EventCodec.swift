#if canImport(Ordering)
    package import Ordering
#endif  // For WebAssembly everything is compiled as one module.

extension ByteReader {
    /// A whole message: version, instant, event.
    package static func message(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> (event: Event, now: Instant) {
        var reader = ByteReader(bytes)
        guard try reader.u8() == wireVersion else { throw .unknownVersion }
        let now = Instant(milliseconds: try reader.u64())
        let event = try reader.event()
        try reader.finish()
        return (event, now)
    }

    private mutating func event() throws(WireError) -> Event {
        switch try u8() {
        case 1: .open(try intent())
        case 2: .viewport(try pageRange())
        case 3:
            .hello(try revision(), resumedAfter: try optional { (r: inout ByteReader) throws(WireError) in try r.revision() })
        case 4: .signal(try signal())
        case 5: .gap(try revision())
        case 6: .heartbeat
        case 7: .heartbeatLate
        case 8: .streamLost
        case 9: .replyArrived(try reply())
        case 10:
            .replyFailed(
                try requestID(), try failure(),
                retryAfterMilliseconds: try optional { (r: inout ByteReader) throws(WireError) in try r.u32() })
        case 11: .editSubmitted(DraftID(try u32()), row: RowKey(try u32()))
        case 12: .editAcknowledged(DraftID(try u32()), try revision())
        case 13: .editRefused(DraftID(try u32()))
        case 14: .editDiscarded(DraftID(try u32()))
        case 15: .runEnded(try optional { (r: inout ByteReader) throws(WireError) in try r.revision() })
        case 16: .refresh
        case 17: .hidden
        case 18: .shown
        case 19: .timer
        default: throw .unknownTag
        }
    }

    private mutating func revision() throws(WireError) -> Revision { Revision(try u64()) }

    private mutating func requestID() throws(WireError) -> RequestID {
        RequestID(generation: Generation(try u32()), number: try u32())
    }

    private mutating func pageRange() throws(WireError) -> PageRange {
        PageRange(first: PageNumber(try u32()), last: PageNumber(try u32()))
    }

    private mutating func failure() throws(WireError) -> Failure {
        guard let failure = Failure(rawValue: try u8()) else { throw .unknownTag }
        return failure
    }

    private mutating func columns() throws(WireError) -> [ColumnKey] {
        try list(of: 4) { (r: inout ByteReader) throws(WireError) in ColumnKey(try r.u32()) }
    }

    private mutating func rows() throws(WireError) -> [RowKey] {
        try list(of: 4) { (r: inout ByteReader) throws(WireError) in RowKey(try r.u32()) }
    }

    private mutating func intent() throws(WireError) -> Intent {
        let (sheet, view, pageSize) = (try u32(), try u32(), try u32())
        let sensitive: SensitiveColumns = try flag() ? .all : .these(try columns())
        let shown: ShownColumns = try flag() ? .all : .these(try columns())
        return Intent(
            sheet: sheet, view: view, pageSize: pageSize, sensitive: sensitive, shown: shown, viewport: try pageRange())
    }

    private mutating func signal() throws(WireError) -> Signal {
        let (from, last) = (try revision(), try revision())
        let touched: TouchedRows
        switch try u8() {
        case 0: touched = .none
        case 1:
            touched = .ranges(
                try list(of: 8) { (r: inout ByteReader) throws(WireError) in
                    RowRange(first: RowKey(try r.u32()), last: RowKey(try r.u32()))
                })
        case 2: touched = .many
        default: throw .unknownTag
        }
        let columns: TouchedColumns = try flag() ? .many : .these(try columns())
        let (order, structure) = (try flag(), try flag())
        return Signal(from: from, revision: last, rows: touched, columns: columns, order: order, structure: structure)
    }

    private mutating func reply() throws(WireError) -> Reply {
        Reply(
            request: try requestID(), revision: try revision(), totalRows: try u32(), totalPages: try u32(),
            pages: try list(of: 5) { (r: inout ByteReader) throws(WireError) in
                let page = PageNumber(try r.u32())
                return ReplyPage(page: page, content: try r.flag() ? .rows(try r.rows()) : .unchanged)
            })
    }
}

extension ByteReader {
    /// A configuration: version, then its fields in the order of their declaration.
    package static func configuration(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Configuration {
        var reader = ByteReader(bytes)
        guard try reader.u8() == wireVersion else { throw .unknownVersion }
        var configuration = Configuration()
        configuration.quietMilliseconds = try reader.u32()
        configuration.maximumWaitMilliseconds = try reader.u32()
        configuration.marginPages = try reader.u32()
        configuration.cachedPages = try reader.u32()
        configuration.pagesInView = try reader.u32()
        configuration.readsInFlight = try reader.u32()
        configuration.replyTimeoutMilliseconds = try reader.u32()
        configuration.pollMilliseconds = try reader.u32()
        configuration.pollAfterMilliseconds = try reader.u32()
        configuration.catchUpMilliseconds = try reader.u32()
        configuration.retryMilliseconds = try reader.u32()
        configuration.retryCeilingMilliseconds = try reader.u32()
        configuration.jitterSeed = try reader.u32()
        configuration.lastGeneration = Generation(try reader.u32())
        try reader.finish()
        return configuration
    }
}
