/// What may differ between hosts. Every field is clamped where it is used, so any bytes make a working configuration.
public struct Configuration: Hashable, Sendable {
    /// A burst of signals is over when none has come for this long (C6). Milliseconds.
    public var quietMilliseconds: UInt32 = 100
    /// A refresh waits at most this long after the first signal of its burst, so that a steady stream starves nobody (C6).
    public var maximumWaitMilliseconds: UInt32 = 250
    /// Pages kept ready on either side of those in view. In view plus margin is the visible range.
    public var marginPages: UInt32 = 1
    /// Pages held at most (C8). Never fewer than a visible range needs.
    public var cachedPages: UInt32 = 64
    /// Pages in view at most; a wider viewport is cut from its first page.
    public var pagesInView: UInt32 = 8
    /// Reads in flight at most; the next one supersedes them all.
    public var readsInFlight: UInt32 = 3
    /// A read without an answer for this long is given up and tried again.
    public var replyTimeoutMilliseconds: UInt32 = 15_000
    /// How often the visible range is read while no signals can be trusted to come.
    public var pollMilliseconds: UInt32 = 3_000
    /// How long the stream may be away before polling begins.
    public var pollAfterMilliseconds: UInt32 = 3_000
    /// How long signals may trail a revision known from elsewhere before the pages are read instead.
    public var catchUpMilliseconds: UInt32 = 1_000
    /// The first wait after a failed read; it doubles with each further failure.
    public var retryMilliseconds: UInt32 = 500
    /// The longest wait after a failed read.
    public var retryCeilingMilliseconds: UInt32 = 15_000
    /// Spreads the retries of many clients: up to a quarter of the wait is added, chosen by this seed.
    public var jitterSeed: UInt32 = 0
    /// The generation of the first `open` is the one after this, so that a restarted core never reuses an identity (C1).
    public var lastGeneration: Generation = Generation(0)

    public init() {}
}

extension Configuration {
    var viewLimit: UInt32 { min(max(pagesInView, 1), Bounds.pagesPerRead / 2) }
    var margin: UInt32 { min(marginPages, Bounds.pagesPerRead / 4) }
    var cacheLimit: Int { Int(min(max(cachedPages, viewLimit + 2 * margin), Bounds.cachedPages)) }
    var readLimit: Int { Int(min(max(readsInFlight, 1), Bounds.readsInFlight)) }
    var pollInterval: UInt32 { max(pollMilliseconds, 100) }
    var replyTimeout: UInt32 { max(replyTimeoutMilliseconds, 1_000) }
}

/// Limits that no configuration exceeds, so that no bytes from outside make the core large or slow.
public enum Bounds {
    /// Pages of one read; a reply with more is damaged.
    public static let pagesPerRead: UInt32 = 64
    /// Rows of one page that are remembered one by one; a larger page counts as holding every row.
    public static let rowsPerPage = 1_000
    /// Row ranges of one signal; more count as "many".
    public static let rangesPerSignal = 1_024
    /// Columns of one signal or of one view's criteria; more count as "many".
    public static let columnsPerSignal = 1_024
    /// Pages held.
    public static let cachedPages: UInt32 = 1_024
    /// Reads in flight.
    public static let readsInFlight: UInt32 = 16
    /// Signals remembered for the replies in flight; the oldest two are merged beyond it.
    public static let rememberedSignals = 64
    /// Drafts followed; the oldest acknowledged one is released beyond it.
    public static let drafts = 1_024
}
