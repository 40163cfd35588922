#if canImport(Ordering)
    package import Ordering
#endif  // For WebAssembly everything is compiled as one module.

extension ByteWriter {
    /// Drains a core into a whole message: version, count, effects.
    package static func drain(_ core: inout Reconciler) -> [UInt8] {
        var writer = ByteWriter()
        writer.u8(wireVersion)
        writer.u32(0)
        var count: UInt32 = 0
        while let effect = core.nextEffect() {
            writer.effect(effect)
            count &+= 1
        }
        writer.patch(count, at: 1)
        return writer.bytes
    }

    private mutating func effect(_ effect: Effect) {
        switch effect {
        case .reset(let generation):
            u8(1)
            u32(generation.rawValue)
        case .send(let request):
            u8(2)
            requestID(request.id)
            u32(request.pages.first.rawValue)
            u32(request.pages.last.rawValue)
            u64(request.minRevision.rawValue)
            u8(request.purpose.rawValue)
            pages(request.have)
        case .cancel(let id):
            u8(3)
            requestID(id)
        case .apply(let id, let page):
            u8(4)
            requestID(id)
            u32(page.rawValue)
        case .drop(let id, let page, let reason):
            u8(5)
            requestID(id)
            u32(page?.rawValue ?? 0)
            u8(reason.rawValue)
        case .paint(let paint):
            u8(6)
            u64(paint.revision.rawValue)
            u32(paint.totalRows)
            u32(paint.totalPages)
            pages(paint.pages)
        case .withdraw(let page):
            u8(7)
            u32(page.rawValue)
        case .evict(let page):
            u8(8)
            u32(page.rawValue)
        case .releaseDraft(let draft, let reason):
            u8(9)
            u32(draft.rawValue)
            u8(reason.rawValue)
        case .setTimer(let instant):
            u8(10)
            u64(instant.milliseconds)
        case .cancelTimer:
            u8(11)
        case .status(let status):
            u8(12)
            u8(status.connection.rawValue)
            u64(status.since.milliseconds)
            u64(status.shown.rawValue)
            u64(status.known.rawValue)
            u8(status.problem.rawValue)
        case .advance(let revision):
            u8(13)
            u64(revision.rawValue)
        }
    }

    private mutating func requestID(_ id: RequestID) {
        u32(id.generation.rawValue)
        u32(id.number)
    }

    private mutating func pages(_ pages: [PageNumber]) {
        list(pages) { writer, page in writer.u32(page.rawValue) }
    }

    /// The counters: one u32 for each drop reason in order, then duplicate signals, holes, reads, paints, ignored.
    package static func counters(_ counters: Counters) -> [UInt8] {
        var writer = ByteWriter()
        writer.u8(wireVersion)
        for reason in DropReason.allCases { writer.u32(counters[reason]) }
        writer.u32(counters.duplicateSignals)
        writer.u32(counters.holes)
        writer.u32(counters.reads)
        writer.u32(counters.paints)
        writer.u32(counters.ignored)
        return writer.bytes
    }
}
