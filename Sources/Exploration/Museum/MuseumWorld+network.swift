import Trace

/// The network of a piece: everything arrives at once unless it is held.
extension MuseumWorld {
    /// Lets everything arrive that nothing holds, then paints.
    mutating func settle() {
        while !queue.isEmpty {
            let message = queue.removeFirst()
            guard let name = hold(for: message) else {
                arrive(message)
                continue
            }
            held.append((name, message))
        }
        paint()
    }

    private mutating func hold(for message: Message) -> String? {
        let index = holds.firstIndex { hold in
            switch (hold.kind, message) {
            case (.readRequest, .readRequest(let read)): hold.cell.map { read.cells.contains($0) } ?? true
            case (.readReply, .readReply(let reply)): hold.cell.map { reply.read.cells.contains($0) } ?? true
            case (.changeRequest, .changeRequest), (.changeReply, .changeReply): true
            case (.signal, .signal(let signal)):
                hold.cell.map { cell in signal.cells.contains { $0.name == cell } } ?? true
            default: false
            }
        }
        return index.map { holds.remove(at: $0).name }
    }

    mutating func takeHeld(_ name: String) -> [Message] {
        defer { held.removeAll { $0.name == name } }
        return held.filter { $0.name == name }.map(\.message)
    }

    private mutating func arrive(_ message: Message) {
        switch message {
        case .readRequest(let read):
            let stale = staleReads.isEmpty ? nil : staleReads.removeFirst()
            let (revision, cells) = server.read(read, from: stale)
            let begun = ranks[read.id] ?? (0, 0)
            let reply = MuseumReadReply(
                read: read, rank: begun.rank, askedAt: begun.askedAt, revision: revision, cells: cells)
            queue.append(.readReply(reply))
        case .readReply(let reply):
            delivered(reply.read.id, version: reply.revision)
            hand(.readArrived(reply))
        case .changeRequest(let change):
            guard let reply = server.change(change) else { return end(message, error: nil) }
            takeServerEvents()
            queue.append(.changeReply(change, reply))
        case .changeReply(let change, let reply):
            delivered(change.id, version: nil)
            switch reply {
            case .committed(let revision, _): facts.append(.acknowledged(intent: change.intent, revision: revision))
            case .refused: facts.append(.refused(intent: change.intent))
            case .conflict: break
            }
            hand(.changeArrived(change, reply))
        case .signal(let signal): arrive(signal)
        }
    }

    private mutating func arrive(_ signal: MuseumSignal) {
        guard isConnected else { return }
        position = max(position ?? 0, signal.position)
        record.beginTask()
        record.add(.signal) { event in
            event.slot = "stream"
            event.number = signal.position
            event.version = .number(signal.revision)
        }
        facts.append(
            .signalled(position: signal.position, revision: signal.revision, cells: signal.cells.map(\.name)))
        hand(.signal(signal))
    }

    private mutating func delivered(_ request: String, version: Int64?) {
        record.beginTask()
        record.add(.arrive) { event in
            event.request = request
            event.number = 200
            event.version = version.map { .number($0) }
        }
        record.add(.deliver) { $0.request = request }
    }

    /// A message ends on its way. With an error whoever sent it is told.
    mutating func end(_ message: Message, error: String?) {
        let request: String? =
            switch message {
            case .readRequest(let read): read.id
            case .readReply(let reply): reply.read.id
            case .changeRequest(let change), .changeReply(let change, _): change.id
            case .signal: nil
            }
        guard let request else { return }
        record.beginTask()
        record.add(.arrive) { event in
            event.request = request
            if let error { event.attributes = [TraceEvent.Attribute(name: "error", value: MuseumRecord.json(error))] }
        }
    }

    mutating func lose(_ message: Message) {
        end(message, error: "the connection broke")
        switch message {
        case .readRequest(let read): hand(.readFailed(read.id))
        case .readReply(let reply): hand(.readFailed(reply.read.id))
        case .changeRequest(let change), .changeReply(let change, _): hand(.changeFailed(change))
        case .signal: break
        }
    }

    mutating func takeServerEvents() {
        for event in server.takeEvents() {
            switch event {
            case .committed(let revision, let cell, let value, let intent, let base):
                facts.append(.committed(revision: revision, cell: cell, value: value, intent: intent, base: base))
                record.add(.commit, in: MuseumRecord.store) { event in
                    event.key = cell
                    event.version = .number(revision)
                    event.value = value.map { MuseumRecord.json($0) }
                    event.intent = intent.map { "i\($0)" } ?? ""
                    event.base = base.map { .number($0) }
                }
            case .lost(let revision, let cell):
                facts.append(.lost(revision: revision, cell: cell))
                record.add(.abort, in: MuseumRecord.store) { event in
                    event.key = cell
                    event.version = .number(revision)
                }
            case .emitted(let signal):
                record.add(.emit, in: MuseumRecord.store) { event in
                    event.slot = "stream"
                    event.number = signal.position
                    event.version = .number(signal.revision)
                }
                if isConnected, isRegistered { queue.append(.signal(signal)) }
            }
        }
    }
}
