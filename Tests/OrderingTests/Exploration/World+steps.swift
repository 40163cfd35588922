@testable import Ordering

extension World {
    mutating func perform(_ step: Step) throws(Violation) {
        switch step.kind {
        case .commit: commit(step)
        case .lag: lag = UInt64(step.a % 4)
        case .scroll, .open, .refresh, .edit, .discard, .hide, .show: try person(step)
        case .process, .deliver, .duplicate, .loseReply, .failTemporary, .failPermanent, .lie, .mangle: try network(step)
        case .signal, .mergedSignal, .repeatSignal, .loseSignal, .swapSignals, .late: try signals(step)
        case .loseStream, .reconnect, .resume, .gap, .heartbeat, .runEnded: try connection(step)
        case .commitEdit, .acknowledge, .refuse: try edits(step)
        case .advance: try advance(to: now + UInt64([1, 20, 60, 100, 150, 250, 600, 4_500][Int(step.a % 8)]))
        }
    }

    private mutating func commit(_ step: Step) {
        let kinds = ModelServer.Commit.allCases
        // Cell edits are the flood; the rest is seasoning.
        let kind = step.b % 3 == 0 ? kinds[Int(step.b / 3) % kinds.count] : .editOne
        server.commit(kind, choice: step.a)
        announce()
    }

    private mutating func announce() {
        if isStreamOpen, let signal = server.signals.last { stream.append(signal) }
    }

    private mutating func person(_ step: Step) throws(Violation) {
        switch step.kind {
        case .scroll:
            let first = step.a % 6 + 1
            try feed(.viewport(PageRange(first: PageNumber(first), last: PageNumber(first + step.b % 3))))
        case .open:
            isSorted.toggle()
            try feed(open(sorted: isSorted))
        case .refresh: try feed(.refresh)
        case .edit:
            let rows = host.drawn.keys.sorted().flatMap { host.drawn[$0]?.page.rows ?? [] }
            guard !rows.isEmpty else { return }
            let row = rows[Int(step.a) % rows.count].id
            edits.append(Edit(draft: nextDraft, row: row))
            nextDraft += 1
            try feed(.editSubmitted(DraftID(nextDraft - 1), row: RowKey(row)))
        case .discard:
            guard let index = pick(edits.count, step) else { return }
            try feed(.editDiscarded(DraftID(edits.remove(at: index).draft)))
        case .hide: try feed(.hidden)
        default: try feed(.shown)
        }
    }

    private func pick(_ count: Int, _ step: Step) -> Int? { count == 0 ? nil : Int(step.a) % count }

    private mutating func network(_ step: Step) throws(Violation) {
        switch step.kind {
        case .process:
            guard let index = pick(wires.count, step) else { return }
            answered.append(processed(wires.remove(at: index), lying: false))
        case .lie:
            guard let index = pick(wires.count, step) else { return }
            answered.append(processed(wires.remove(at: index), lying: true))
        case .deliver:
            guard let index = pick(answered.count, step) else { return }
            try deliver(answered.remove(at: index), mangled: false)
        case .mangle:
            guard let index = pick(answered.count, step) else { return }
            try deliver(answered.remove(at: index), mangled: true)
        case .duplicate:
            guard let index = pick(answered.count, step) else { return }
            answered[index].deliveries += 1
            try deliver(answered[index], mangled: false)
        case .loseReply:
            if let index = pick(answered.count, step) { answered.remove(at: index) }
        case .failPermanent:
            guard let index = pick(wires.count, step) else { return }
            try feed(.replyFailed(wires.remove(at: index).request.id, .permanent, retryAfterMilliseconds: nil))
        default:
            guard let index = pick(wires.count, step) else { return }
            let wait: UInt32? = step.b % 4 == 0 ? 700 : nil
            try feed(.replyFailed(wires.remove(at: index).request.id, .temporary, retryAfterMilliseconds: wait))
        }
    }

    private func processed(_ wire: Wire, lying: Bool) -> Wire {
        var wire = wire
        var at = server.revision - min(lag, server.revision)
        let minimum = wire.request.minRevision.rawValue
        if lying {
            at = minimum > 0 ? minimum - 1 : 0
        } else if at < minimum {
            // S4: it waits, or says that it cannot.
            if lag == 3 { wire.failure = .behind } else { at = minimum }
        }
        var pages: [(UInt32, ModelServer.Page?)] = []
        var full: [UInt32: ModelServer.Page] = [:]
        for page in wire.request.pages.pages {
            let content = server.page(page.rawValue, at: at, sorted: wire.sorted)
            full[page.rawValue] = content
            pages.append((page.rawValue, wire.tags[page.rawValue]?.rows == content.rows ? nil : content))
        }
        wire.reply = (at, pages, full)
        return wire
    }

    private mutating func deliver(_ wire: Wire, mangled: Bool) throws(Violation) {
        if let failure = wire.failure {
            return try feed(.replyFailed(wire.request.id, failure, retryAfterMilliseconds: nil))
        }
        guard let reply = wire.reply else { return }
        var payloads: [UInt32: Host.Payload] = [:]
        for (number, page) in reply.full {
            payloads[number] = Host.Payload(page: page, revision: reply.revision, request: wire.request.id)
        }
        host.arrived[wire.request.id] = payloads
        var pages = reply.pages.map { number, page in
            ReplyPage(
                page: PageNumber(number),
                content: page.map { .rows($0.rows.map { RowKey($0.id) }) } ?? .unchanged)
        }
        if mangled {
            // One page is missing, one is there twice, one was never asked for.
            if let last = pages.popLast(), let first = pages.first {
                pages += [first, ReplyPage(page: PageNumber(last.page.rawValue + 9), content: .rows([]))]
            }
        }
        checker.delivering(wire)
        let totals = reply.full[wire.request.pages.first.rawValue]
        try feed(
            .replyArrived(
                Reply(
                    request: wire.request.id, revision: Revision(reply.revision), totalRows: totals?.totalRows ?? 0,
                    totalPages: totals?.totalPages ?? 0, pages: pages)))
    }

    private mutating func signals(_ step: Step) throws(Violation) {
        switch step.kind {
        case .signal: try deliverSignals(1)
        case .mergedSignal: try deliverSignals(1 + Int(step.a % 4))
        case .repeatSignal: if let signal = lastSignal { try feed(.signal(signal)) }
        case .late:
            if let index = pick(server.signals.count, step), UInt64(index) < lastEventID {
                try feed(.signal(server.signals[index]))
            }
        case .loseSignal: if !stream.isEmpty { stream.removeFirst() }
        default: if stream.count > 1 { stream.swapAt(0, 1) }
        }
    }

    private mutating func deliverSignals(_ count: Int) throws(Violation) {
        guard var signal = stream.first else { return }
        stream.removeFirst()
        for _ in 1..<max(count, 1) {
            // The server merges neighbours only.
            guard let next = stream.first, next.from == signal.revision.next else { break }
            signal = signal.merged(with: stream.removeFirst())
        }
        lastSignal = signal
        lastEventID = max(lastEventID, signal.revision.rawValue)
        try feed(.signal(signal))
    }

    private mutating func connection(_ step: Step) throws(Violation) {
        switch step.kind {
        case .loseStream:
            isStreamOpen = false
            stream.removeAll()
            try feed(.streamLost)
        case .reconnect:
            isStreamOpen = true
            stream.removeAll()
            lastEventID = max(lastEventID, server.revision)
            try feed(.hello(Revision(server.revision), resumedAfter: nil))
        case .resume:
            isStreamOpen = true
            stream = Array(server.signals.dropFirst(Int(lastEventID)))
            try feed(.hello(Revision(server.revision), resumedAfter: Revision(lastEventID)))
        case .gap:
            guard isStreamOpen else { return }
            stream.removeAll()
            lastEventID = max(lastEventID, server.revision)
            try feed(.gap(Revision(server.revision)))
        case .heartbeat:
            guard isStreamOpen else { return }
            try feed(step.a % 2 == 0 ? .heartbeat : .heartbeatLate)
        default: try feed(.runEnded(step.a % 2 == 0 ? nil : Revision(server.revision)))
        }
    }

    private mutating func edits(_ step: Step) throws(Violation) {
        guard let index = pick(edits.count, step) else { return }
        switch step.kind {
        case .commitEdit:
            guard edits[index].revision == nil else { return }
            edits[index].revision = server.edit(row: edits[index].row)
            announce()
        case .acknowledge:
            guard let revision = edits[index].revision else { return }
            let edit = edits.remove(at: index)
            checker.acknowledging(edit, at: revision)
            try feed(.editAcknowledged(DraftID(edit.draft), Revision(revision)))
        default:
            guard edits[index].revision == nil else { return }
            try feed(.editRefused(DraftID(edits[index].draft)))
        }
    }
}
