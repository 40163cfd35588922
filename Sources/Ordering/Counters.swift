/// How often the core refused something. All wrap; none is read by a decision.
public struct Counters: Hashable, Sendable {
    private var dropped: [UInt32] = Array(repeating: 0, count: DropReason.allCases.count)
    /// Signals that said nothing new.
    public internal(set) var duplicateSignals: UInt32 = 0
    /// Signals before which others were missing.
    public internal(set) var holes: UInt32 = 0
    /// Reads sent.
    public internal(set) var reads: UInt32 = 0
    /// Frames painted.
    public internal(set) var paints: UInt32 = 0
    /// Events that made no sense and changed nothing.
    public internal(set) var ignored: UInt32 = 0

    public init() {}

    /// Replies and pages of replies dropped for that reason.
    public subscript(reason: DropReason) -> UInt32 {
        dropped[Int(reason.rawValue)]
    }

    mutating func count(_ reason: DropReason) {
        dropped[Int(reason.rawValue)] &+= 1
    }
}
