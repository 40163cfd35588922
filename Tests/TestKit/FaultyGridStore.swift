package import GridModel
package import GridStore
package import Ordering
import Synchronization

/// A store that fails at a chosen point. Points are numbered in the order they are passed: each write has one before it is done
/// and one after, so that every crash between two writes and within one is met by counting up.
package final class FaultyGridStore: GridStore {
    /// What happens at the point.
    package enum Fault: Hashable, Sendable {
        /// The write fails for want of room; before it is done only.
        case full
        /// The process dies: this write and everything after it fails. After the point "after", the write is durable.
        case crash
    }

    /// Where the fault struck.
    package enum Point: String, Hashable, Sendable {
        case beforeAppend, afterAppend, beforeFold, afterFold, beforeCheckpoint, afterCheckpoint
    }

    private struct State {
        var passed = 0
        var struck: Point?
        var isDead = false
    }

    private let wrapped: any GridStore
    private let fault: Fault
    private let target: Int
    private let state = Mutex(State())

    /// - Parameter target: the point at which the fault strikes, counted from 0.
    package init(_ wrapped: any GridStore, fault: Fault, at target: Int) {
        self.wrapped = wrapped
        self.fault = fault
        self.target = target
    }

    /// Where the fault struck; `nil` while it has not, or when fewer points were passed.
    package var struck: Point? { state.withLock { $0.struck } }

    /// How many points were passed.
    package var passed: Int { state.withLock { $0.passed } }

    private func pass(_ point: Point, before: Bool) throws(StoreError) {
        try state.withLock { state throws(StoreError) in
            if state.isDead { throw StoreError(.syncFailed, "the process is dead") }
            defer { state.passed += 1 }
            guard state.passed == target else { return }
            switch fault {
            case .full:
                guard before else { return }
                state.struck = point
                throw StoreError(.full, "no room, as planned, at \(point)")
            case .crash:
                state.struck = point
                state.isDead = true
                throw StoreError(.syncFailed, "crashed, as planned, at \(point)")
            }
        }
    }

    private func checkAlive() throws(StoreError) {
        guard !state.withLock({ $0.isDead }) else { throw StoreError(.syncFailed, "the process is dead") }
    }

    package var lastRevision: Revision { wrapped.lastRevision }
    package var durability: String { wrapped.durability }
    package var foldedRevision: Revision { wrapped.foldedRevision }
    package var storedBytes: UInt64 { wrapped.storedBytes }
    /// After every third append, so that checkpoints are among the points.
    package var isCheckpointDue: Bool { wrapped.isCheckpointDue || wrapped.lastRevision.rawValue % 3 == 0 }

    package func append(_ entry: LogEntry) throws(StoreError) {
        try pass(.beforeAppend, before: true)
        try wrapped.append(entry)
        try pass(.afterAppend, before: false)
    }

    package func fold(_ slice: FoldSlice) throws(StoreError) {
        try pass(.beforeFold, before: true)
        try wrapped.fold(slice)
        try pass(.afterFold, before: false)
    }

    package func checkpoint() throws(StoreError) {
        try pass(.beforeCheckpoint, before: true)
        try wrapped.checkpoint()
        try pass(.afterCheckpoint, before: false)
    }

    package func forEachRecord(after: Revision, _ body: (LogRecord) -> Bool) throws(StoreError) {
        try checkAlive()
        try wrapped.forEachRecord(after: after, body)
    }

    package func record(_ revision: Revision) throws(StoreError) -> LogRecord? {
        try checkAlive()
        return try wrapped.record(revision)
    }

    package func structuralRevisions(after: Revision) throws(StoreError) -> [Revision] {
        try checkAlive()
        return try wrapped.structuralRevisions(after: after)
    }

    package func outcome(of intent: IntentID) throws(StoreError) -> RecordedOutcome? {
        try checkAlive()
        return try wrapped.outcome(of: intent)
    }

    package func forEachRow(_ body: (_ key: UInt64, _ bytes: UnsafeRawBufferPointer) -> Void) throws(StoreError) {
        try checkAlive()
        try wrapped.forEachRow(body)
    }

    package func document(_ name: String) throws(StoreError) -> [UInt8]? {
        try checkAlive()
        return try wrapped.document(name)
    }

    package func documents(withPrefix prefix: String) throws(StoreError) -> [(name: String, bytes: [UInt8])] {
        try checkAlive()
        return try wrapped.documents(withPrefix: prefix)
    }

    package func close() { wrapped.close() }
}
