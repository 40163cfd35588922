/// What happened in a schedule, as one number: the same seed gives the same one on every machine. With `isKept` also as lines.
struct TraceRecord: Sendable {
    /// A kind of event in a simulated world, by which oracles know it.
    enum Kind: UInt8, Sendable {
        case appended, synced, emitted, submitted, answered, served, streamed
        case opened, moved, sent, cancelled, arrived, failed, applied, painted, advanced, withdrawn, evicted, released
        case signalled, connected, gap, acknowledged, edited, lost, hidden, shown
        case asked, called, answeredByModel, settled, ended, powerLost, recovered, turned, replied, planned
    }

    /// One line of what was kept.
    struct Line: Sendable {
        var kind: Kind
        var milliseconds: UInt64
        /// The screen, or -1 for the server.
        var actor: Int
        var a: UInt64
        var b: UInt64
    }

    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var lines: [Line] = []
    let isKept: Bool

    init(isKept: Bool) {
        self.isKept = isKept
    }

    @inline(__always)
    mutating func mix(_ number: UInt64) {
        hash = (hash ^ number) &* 0x9E37_79B9_7F4A_7C15
        hash ^= hash >> 29
    }

    @inline(__always)
    mutating func add(_ kind: Kind, _ actor: Int, _ a: UInt64, _ b: UInt64, at milliseconds: UInt64) {
        mix(UInt64(kind.rawValue) << 56 | UInt64(truncatingIfNeeded: actor + 1) << 48 | a & 0xFFFF_FFFF_FFFF)
        mix(b)
        mix(milliseconds)
        if isKept { lines.append(Line(kind: kind, milliseconds: milliseconds, actor: actor, a: a, b: b)) }
    }
}
