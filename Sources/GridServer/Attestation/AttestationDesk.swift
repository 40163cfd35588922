import ChangePipeline
import Logging
import Synchronization
import Wire

/// Checks the screens that pages attest, within a share of the time and without a queue: a screen that finds no room is not checked, and
/// counted as such. Nobody waits for it, and nothing that a person waits for waits behind it (S8).
final class AttestationDesk: Sendable {
    /// Screens a second that are asked for: with more pages each of them attests less often. A request costs 0.6 to 1.2 ms of the
    /// processor's time, nearly all of it HTTP, so that all of them stay below 1 % of a core however many pages there are.
    static let screensInSecond = 6
    /// Nanoseconds of checking in a thousand: 1 %.
    private static let shareInThousand: Int64 = 10
    /// Time saved up at most, in nanoseconds: 2,000 usual checks, as when a stream's signal lets all pages attest together.
    private static let savedMost: Int64 = 100_000_000
    /// What one check may take from those to come, in nanoseconds.
    private static let debtMost: Int64 = 1_000_000_000
    /// Checks that walk history at one time.
    private static let atOnce = 2
    /// Between two lines of the log, in nanoseconds: what is wrong with many screens is told once a second, with their number.
    private static let betweenLines: UInt64 = 1_000_000_000

    private struct State {
        /// Below 0 after a check that took longer than was saved up: the next ones wait for that.
        var saved = AttestationDesk.savedMost
        var refilledAt: UInt64?
        var underWay = 0
        var loggedAt: UInt64?
        var unlogged = 0
    }

    private let now: @Sendable () -> UInt64
    private let metrics: ServerMetrics
    private let state = Mutex(State())

    /// - Parameter now: nanoseconds; never goes back.
    init(now: @escaping @Sendable () -> UInt64, metrics: ServerMetrics) {
        self.now = now
        self.metrics = metrics
    }

    /// Checks a screen, counts it, and logs a difference.
    func check(_ screen: ScreenAttestation, of grid: LiveGrid, _ logger: Logger) async throws -> ScreenVerdict {
        let verdict = try await verdict(screen, of: grid)
        metrics.attested(verdict)
        if verdict == .differs { log(screen, grid, logger) }
        return verdict
    }

    private func verdict(_ screen: ScreenAttestation, of grid: LiveGrid) async throws -> ScreenVerdict {
        let started = now()
        guard begin(at: started) else { return .unknown(.busy) }
        defer { end(took: now() &- started) }
        return try await ScreenCheck(grid: grid, screen: screen).verdict()
    }

    private func begin(at now: UInt64) -> Bool {
        state.withLock { state in
            let elapsed = Int64(clamping: now &- (state.refilledAt ?? now))
            state.refilledAt = now
            state.saved = min(Self.savedMost, state.saved + elapsed / 1_000 * Self.shareInThousand)
            guard state.saved > 0, state.underWay < Self.atOnce else { return false }
            state.underWay += 1
            return true
        }
    }

    private func end(took: UInt64) {
        state.withLock { state in
            state.underWay -= 1
            state.saved = max(-Self.debtMost, state.saved - Int64(clamping: took))
        }
    }

    /// One line a second at most; never a cell's value, a filter or a name.
    private func log(_ screen: ScreenAttestation, _ grid: LiveGrid, _ logger: Logger) {
        let now = now()
        let others: Int? = state.withLock { state in
            if let last = state.loggedAt, now &- last < Self.betweenLines {
                state.unlogged += 1
                return nil
            }
            defer { state.unlogged = 0 }
            state.loggedAt = now
            return state.unlogged
        }
        guard let others else { return }
        logger.warning(
            "a screen differs from what was committed",
            metadata: [
                "grid": "\(grid.id)", "sheet": "\(screen.sheet)", "revision": "\(screen.revision)",
                "at": "\(grid.position.revision)",
                "view": "\(screen.viewName)", "first": "\(screen.first)", "rows": "\(screen.rows.count)",
                "columns": "\(screen.columns.count)", "unlogged": "\(others)",
            ])
    }
}

extension ScreenAttestation {
    /// What the log may say of the view.
    fileprivate var viewName: String {
        switch view {
        case nil: "none"
        case .saved(let id): "\(id)"
        case .inline: "inline"
        }
    }
}
