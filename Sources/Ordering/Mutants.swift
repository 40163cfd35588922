/// Rules that a test may break, one at a time, to prove that exploration notices (Docs/specifications/ordering.md names the
/// invariant each one violates). Nothing outside the tests passes anything but the empty set.
package struct Mutants: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// C1: a reply is used whether or not its request is current.
    package static let ignoreIdentity = Mutants(rawValue: 1 << 0)
    /// C2: a reply or a paint may be older than what is there.
    package static let ignoreRevision = Mutants(rawValue: 1 << 1)
    /// C4: pages are painted together without sharing a snapshot.
    package static let ignoreCoherence = Mutants(rawValue: 1 << 2)
    /// C5: signals that came while a read was in flight are taken as seen by it.
    package static let forgetSignalsInFlight = Mutants(rawValue: 1 << 3)
    /// C5: a signal never touches a held page.
    package static let signalsTouchNothing = Mutants(rawValue: 1 << 4)
    /// C5: missing signals are taken as having touched nothing.
    package static let ignoreHoles = Mutants(rawValue: 1 << 5)
    /// C6: every signal is a refresh at once.
    package static let noBurst = Mutants(rawValue: 1 << 6)
    /// C7: every viewport is read again.
    package static let alwaysRead = Mutants(rawValue: 1 << 7)
    /// C8: nothing is evicted when the cache is full.
    package static let unboundedCache = Mutants(rawValue: 1 << 8)
    /// C8: touched pages outside the visible range are kept.
    package static let keepTouchedPages = Mutants(rawValue: 1 << 9)
    /// C9: a draft is released by its acknowledgement.
    package static let releaseOnAcknowledgement = Mutants(rawValue: 1 << 10)
    /// C9: a paint may be older than an acknowledged edit of a row in it.
    package static let paintBelowAcknowledgement = Mutants(rawValue: 1 << 11)
    /// C11: after a gap the whole visible range is read at once.
    package static let wholeRangeFirst = Mutants(rawValue: 1 << 12)
    /// C5: a failed read is not tried again.
    package static let neverRetry = Mutants(rawValue: 1 << 13)
    /// C6: the maximum wait is not kept.
    package static let noMaximumWait = Mutants(rawValue: 1 << 14)
    /// C5, C7: the criteria of the view are ignored when a signal is judged.
    package static let ignoreSensitiveColumns = Mutants(rawValue: 1 << 15)
    /// C8: the page seen last is evicted instead of the one seen longest ago.
    package static let evictMostRecent = Mutants(rawValue: 1 << 16)
    /// C7: a change in a column that no page holds touches the pages of its row.
    package static let ignoreShownColumns = Mutants(rawValue: 1 << 17)
    /// C4: what is drawn is said to equal the newest snapshot, whatever touched it.
    package static let advanceWithFrontier = Mutants(rawValue: 1 << 18)
    /// C2: a frame may be older than what was said to be drawn.
    package static let advanceWithoutFloor = Mutants(rawValue: 1 << 19)
    /// C5: nobody is told of commits that touch nothing drawn.
    package static let neverAdvance = Mutants(rawValue: 1 << 20)
}
