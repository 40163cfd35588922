package import GridImage
package import GridModel
package import GridStore
package import Ordering
import Synchronization

extension LiveGrid {
    /// A caller of `snapshot(atLeast:timeout:)` that waits.
    struct WaitingReader {
        var asked: Revision
        var continuation: CheckedContinuation<Result<GridImage, PipelineError>, Never>
    }

    /// Readers that wait for a revision; beyond it a read is refused as overloaded (S8).
    static let waitingReaders = 10_000

    /// The state at or after a revision, waiting for it if need be (S4).
    /// - Throws: `behind` after the timeout: never an older state.
    package func snapshot(atLeast asked: Revision, timeout: Duration) async throws(PipelineError) -> GridImage {
        let result = await withCheckedContinuation { continuation in
            let now = environment.now()
            let ready: Result<GridImage, PipelineError>? = state.withLock { state in
                state.lastUse = now
                if state.image.revision >= asked { return .success(state.image) }
                if state.isStopped { return .failure(state.stopError) }
                guard timeout > .zero else { return .failure(.behind(asked: asked, at: state.image.revision)) }
                guard state.readers.count < Self.waitingReaders else {
                    return .failure(.overloaded(limit: "reads waiting for a revision", most: Self.waitingReaders))
                }
                state.nextReader += 1
                let reader = state.nextReader
                state.readers[reader] = WaitingReader(asked: asked, continuation: continuation)
                environment.schedule(now + timeout) { [weak self] in self?.giveUp(reader) }
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
        return try result.get()
    }

    private func giveUp(_ reader: UInt64) {
        let (waiting, at) = state.withLock { ($0.readers.removeValue(forKey: reader), $0.image.revision) }
        guard let waiting else { return }
        waiting.continuation.resume(returning: .failure(.behind(asked: waiting.asked, at: at)))
    }

    /// What happened to a cell, newest first.
    package func history(
        row: RowID, column: ColumnID, limit: Int
    ) async throws(PipelineError) -> [HistoryEntry] {
        try await readingHistory { image, records throws(HistoryError) in
            try image.history(row: row, column: column, limit: limit, records: records)
        }
    }

    /// The last change of each cell's value; `nil` where there was none, or its record is not kept any more.
    package func lastValueChanges(_ cells: [(row: RowID, column: ColumnID)]) async -> [ValueChange?] {
        let found: [ValueChange?]? = try? await readingHistory { image, records throws(HistoryError) in
            cells.map { try? image.lastValueChange(row: $0.row, column: $0.column, records: records) }
        }
        return found ?? cells.map { _ in nil }
    }

    /// Rows and cells of a sheet as they were at an older revision.
    package func asOf(
        _ revision: Revision, sheet: SheetID, ranks: Range<Int>
    ) async throws(PipelineError) -> PastPage {
        let store = store
        return try await readingHistory { image, records throws(HistoryError) in
            let structural = try Self.structural(after: revision, to: image.revision, store, records)
            return try image.page(of: sheet, asOf: revision, ranks: ranks, structural: structural, records: records)
        }
    }

    /// How far back a screen is followed: a screen is painted a second ago or two, and beyond that its rows have seldom changed, which
    /// needs no history. A record that is opened may hold a thousand changes: 500 of them are about 50 ms, and no check takes longer (S8).
    package struct ScreenReach: Sendable {
        package var revisions: UInt64 = 5_000
        package var structural = 64
        package var changes = 500

        package init() {}
    }

    /// Rows of a sheet as they were at an older revision, in the order given; `nil` when they did not stand there then.
    /// - Parameter first: the rank of the first of them; without it they may stand anywhere.
    /// - Throws: `notKept`; `history` with `tooFar` when the way there is longer than `reach`.
    package func rows(
        _ rows: [RowID], of sheet: SheetID, from first: Int?, asOf revision: Revision, columns: [ColumnID],
        reach: ScreenReach = ScreenReach()
    ) async throws(PipelineError) -> [PastPage.Row]? {
        let store = store
        return try await readingHistory { image, records throws(HistoryError) in
            let behind = image.revision.rawValue.subtractingReportingOverflow(revision.rawValue).partialValue
            guard revision <= image.revision, behind <= reach.revisions else { throw .tooFar(Int(clamping: behind)) }
            let structural = try Self.structural(after: revision, to: image.revision, store, records)
            guard structural.count <= reach.structural else { throw .tooFar(structural.count) }
            return try image.rows(
                rows, of: sheet, from: first, asOf: revision, columns: columns, structural: structural, openings: reach.changes,
                records: records)
        }
    }

    private static func structural(
        after revision: Revision, to last: Revision, _ store: any GridStore, _ records: RecordReader
    ) throws(HistoryError) -> [Revision] {
        // Without its record nobody can tell whether the next commit moved rows.
        if revision < last { _ = try record(revision.next, records) }
        do throws(StoreError) {
            return try store.structuralRevisions(after: revision).filter { $0 <= last }
        } catch {
            throw .unreadable(revision, error.message)
        }
    }

    /// The log's record of a revision, for those who walk history themselves. Blocks.
    package func storedRecord(_ revision: Revision) throws(StoreError) -> [UInt8]? {
        try store.record(revision)?.bytes
    }

    private func readingHistory<T: Sendable>(
        _ read: @escaping @Sendable (GridImage, @escaping RecordReader) throws(HistoryError) -> T
    ) async throws(PipelineError) -> T {
        let image = snapshot()
        let store = store
        let result: Result<T, PipelineError> = await withCheckedContinuation { continuation in
            environment.runBlocking {
                do throws(HistoryError) {
                    continuation.resume(returning: .success(try read(image) { try store.record($0)?.bytes }))
                } catch {
                    let failure = Self.failure(error, newest: image.revision) { try store.record($0)?.bytes }
                    continuation.resume(returning: .failure(failure))
                }
            }
        }
        return try result.get()
    }
}

extension LiveGrid {
    private static func record(_ revision: Revision, _ records: RecordReader) throws(HistoryError) -> [UInt8] {
        let bytes: [UInt8]?
        do { bytes = try records(revision) } catch { throw .unreadable(revision, "\(error)") }
        guard let bytes else { throw .notKept(revision) }
        return bytes
    }

    /// The oldest state that can be told is the one before the oldest record that is kept: from there on each commit can be taken
    /// back. Records go from the beginning of the log on, so that halving finds it.
    private static func failure(_ error: HistoryError, newest: Revision, _ records: RecordReader) -> PipelineError {
        guard case .notKept(let missing) = error else { return .history(error) }
        var lost = missing
        var kept = newest.next
        while lost.next < kept {
            let middle = Revision(lost.rawValue + (kept.rawValue - lost.rawValue) / 2)
            if (try? record(middle, records)) != nil { kept = middle } else { lost = middle }
        }
        return .notKept(oldest: lost, error.words)
    }
}

extension LiveGrid.State {
    /// Takes out the readers that a revision satisfies; all of them without one.
    mutating func takeReaders(upTo revision: Revision?) -> [LiveGrid.WaitingReader] {
        guard !readers.isEmpty else { return [] }
        let ready = readers.filter { entry in revision.map { entry.value.asked <= $0 } ?? true }
        for key in ready.keys { readers[key] = nil }
        return ready.sorted { $0.key < $1.key }.map(\.value)
    }
}

extension HistoryError {
    /// What happened and what can still be told.
    package var words: String {
        switch self {
        case .notKept(let revision): "the record of revision \(revision) is no longer kept; ask for a newer revision"
        case .damaged(let revision, let error): "the record of revision \(revision) is damaged: \(error)"
        case .unreadable(let revision, let reason): "the record of revision \(revision) cannot be read: \(reason)"
        case .noSuchSheet(let sheet): "there was no sheet \(sheet)"
        case .inFuture(let revision): "revision \(revision) is not committed yet"
        case .tooFar(let changes): "more than \(changes) changes of the row lie between; ask for a newer revision"
        }
    }
}
