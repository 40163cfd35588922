// What the core calls things by. All are opaque numbers: the core compares them and hands them back, nothing else.

/// A page of the current intent's rows, counted from 1 as on the wire. Zero is read as 1.
public struct PageNumber: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = max(rawValue, 1)
    }

    public init(_ number: UInt32) {
        self.init(rawValue: number)
    }

    public static func < (a: PageNumber, b: PageNumber) -> Bool { a.rawValue < b.rawValue }

    /// The page that many pages on; the last representable one when the sum is beyond it.
    func advanced(by pages: UInt32) -> PageNumber {
        let (sum, overflow) = rawValue.addingReportingOverflow(pages)
        return PageNumber(overflow ? .max : sum)
    }

    /// The page that many pages back; page 1 when that is before the first.
    func back(by pages: UInt32) -> PageNumber {
        PageNumber(rawValue > pages ? rawValue - pages : 1)
    }
}

/// Pages from a first to a last one, both included; never empty.
public struct PageRange: Hashable, Sendable {
    public let first: PageNumber
    public let last: PageNumber

    /// A last page before the first is read as the first.
    public init(first: PageNumber, last: PageNumber) {
        self.first = first
        self.last = max(first, last)
    }

    public func contains(_ page: PageNumber) -> Bool { first <= page && page <= last }

    /// The pages in order. Only ranges bounded by ``Bounds/pagesPerRead`` are walked.
    var pages: [PageNumber] { (first.rawValue...last.rawValue).map { PageNumber($0) } }

    /// The same range cut to at most that many pages from its first.
    func prefix(_ count: UInt32) -> PageRange {
        PageRange(first: first, last: min(last, first.advanced(by: max(count, 1) - 1)))
    }

    func joined(_ other: PageRange) -> PageRange {
        PageRange(first: min(first, other.first), last: max(last, other.last))
    }
}

/// The number in a row's id ("r9" is 9). It says nothing about the row's position.
public struct RowKey: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public init(_ number: UInt32) { rawValue = number }
    public static func < (a: RowKey, b: RowKey) -> Bool { a.rawValue < b.rawValue }
}

/// The number in a column's id ("c3" is 3).
public struct ColumnKey: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public init(_ number: UInt32) { rawValue = number }
    public static func < (a: ColumnKey, b: ColumnKey) -> Bool { a.rawValue < b.rawValue }
}

/// Which `open` something belongs to: 1, 2, 3, ... A higher one supersedes every lower one.
public struct Generation: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public init(_ number: UInt32) { rawValue = number }
    public static func < (a: Generation, b: Generation) -> Bool { a.rawValue < b.rawValue }
    var next: Generation { Generation(rawValue &+ 1) }
}

/// What identifies one attempt to read pages (C1): the intent it serves and its number, which is never used twice.
public struct RequestID: Hashable, Sendable {
    public let generation: Generation
    public let number: UInt32

    public init(generation: Generation, number: UInt32) {
        self.generation = generation
        self.number = number
    }
}

/// A draft: what a person typed into one cell and the server has not acknowledged, or no page has shown yet.
public struct DraftID: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public init(_ number: UInt32) { rawValue = number }
    public static func < (a: DraftID, b: DraftID) -> Bool { a.rawValue < b.rawValue }
}
