/// The number of a commit of one grid: 1, 2, 3, ... without gaps. Zero is the empty grid before its first commit.
public struct Revision: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    public init(_ number: UInt64) {
        rawValue = number
    }

    /// The grid before any commit.
    public static let zero = Revision(0)

    public static func < (a: Revision, b: Revision) -> Bool {
        a.rawValue < b.rawValue
    }

    /// The revision that follows. Wrapping, because 2^64 commits cannot happen and a trap would end every session.
    public var next: Revision {
        Revision(rawValue &+ 1)
    }
}

extension Revision: CustomStringConvertible {
    public var description: String { "\(rawValue)" }
}
