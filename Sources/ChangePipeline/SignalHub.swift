import Ordering

/// Who is told of commits, and the last signals for those who come back.
struct SignalHub {
    private let limits: SignalLimits
    private var buffers: [UInt64: SignalBuffer] = [:]
    private var nextBuffer: UInt64 = 0
    /// The last signals, one a revision, without gaps up to the image's revision.
    private var kept = Queue<Signal>()
    private var keptBytes = 0

    init(limits: SignalLimits) {
        self.limits = limits
    }

    var isEmpty: Bool { buffers.isEmpty }

    /// Keeps the signal and returns who is to be told.
    mutating func emit(_ signal: Signal) -> [SignalBuffer] {
        kept.append(signal)
        keptBytes += signal.weight
        while kept.count > limits.keptForResume || keptBytes > limits.keptBytesForResume, let oldest = kept.popFirst() {
            keptBytes -= oldest.weight
        }
        return Array(buffers.values)
    }

    /// A new subscriber that has seen everything up to `after`; `nil` when there are as many as may be.
    /// - Parameter listener: is told of each signal as it is emitted, and of nothing before.
    mutating func subscribe(
        after: Revision, at revision: Revision, listener: SignalListener? = nil
    ) -> (id: UInt64, buffer: SignalBuffer)? {
        guard buffers.count < limits.subscribers else { return nil }
        let buffer = SignalBuffer(limits: limits, listener: listener)
        if listener == nil { missed(after: after, at: revision) { buffer.push($0) } }
        nextBuffer += 1
        buffers[nextBuffer] = buffer
        return (nextBuffer, buffer)
    }

    /// What somebody who has seen everything up to `after` has missed. A position that is no longer kept, or that this grid never
    /// had, gets a gap.
    func missed(after: Revision, at revision: Revision, _ tell: (SignalEvent) -> Void) {
        if after > revision {
            tell(.gap(revision))
        } else if after < revision {
            if let oldest = kept.first, oldest.from <= after.next {
                kept.forEach { if $0.revision > after { tell(.commit($0)) } }
            } else {
                tell(.gap(revision))
            }
        }
    }

    mutating func unsubscribe(_ id: UInt64) {
        buffers[id] = nil
    }

    /// Everyone, to be finished outside the lock.
    mutating func takeAll() -> [SignalBuffer] {
        defer { buffers = [:] }
        return Array(buffers.values)
    }
}
