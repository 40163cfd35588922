import GridModel
import GridStore
import Ordering
import Synchronization

/// Grids in memory on a disk that a test fills, and whose logs it cuts.
final class FillableCatalog: GridCatalog {
    private let wrapped = MemoryGridCatalog()
    private let full = Mutex(false)
    private let cut = Mutex(Revision.zero)

    /// The last record that is no longer kept.
    var lostThrough: Revision {
        get { cut.withLock { $0 } }
        set { cut.withLock { $0 = newValue } }
    }

    var isFull: Bool {
        get { full.withLock { $0 } }
        set { full.withLock { $0 = newValue } }
    }

    var durability: String { wrapped.durability }
    func grids() throws(StoreError) -> [(id: GridID, damage: String?)] { try wrapped.grids() }
    func create(_ id: GridID) throws(StoreError) -> any GridStore { Store(wrapped: try wrapped.create(id), catalog: self) }
    func open(_ id: GridID) throws(StoreError) -> any GridStore { Store(wrapped: try wrapped.open(id), catalog: self) }
    func delete(_ id: GridID) throws(StoreError) { try wrapped.delete(id) }
    func close() { wrapped.close() }

    private final class Store: GridStore {
        let wrapped: any GridStore
        let catalog: FillableCatalog

        init(wrapped: any GridStore, catalog: FillableCatalog) {
            self.wrapped = wrapped
            self.catalog = catalog
        }

        var lastRevision: Revision { wrapped.lastRevision }
        var durability: String { wrapped.durability }
        var foldedRevision: Revision { wrapped.foldedRevision }
        var storedBytes: UInt64 { wrapped.storedBytes }

        func append(_ entry: LogEntry) throws(StoreError) {
            if catalog.isFull { throw StoreError(.full, "no space left on the test's disk") }
            try wrapped.append(entry)
        }

        func forEachRecord(after: Revision, _ body: (LogRecord) -> Bool) throws(StoreError) {
            try wrapped.forEachRecord(after: after, body)
        }

        func record(_ revision: Revision) throws(StoreError) -> LogRecord? {
            revision <= catalog.lostThrough ? nil : try wrapped.record(revision)
        }
        func structuralRevisions(after: Revision) throws(StoreError) -> [Revision] {
            try wrapped.structuralRevisions(after: after)
        }
        func outcome(of intent: IntentID) throws(StoreError) -> RecordedOutcome? { try wrapped.outcome(of: intent) }
        func fold(_ slice: FoldSlice) throws(StoreError) { try wrapped.fold(slice) }
        func forEachRow(_ body: (_ key: UInt64, _ bytes: UnsafeRawBufferPointer) -> Void) throws(StoreError) {
            try wrapped.forEachRow(body)
        }
        func document(_ name: String) throws(StoreError) -> [UInt8]? { try wrapped.document(name) }
        func documents(withPrefix prefix: String) throws(StoreError) -> [(name: String, bytes: [UInt8])] {
            try wrapped.documents(withPrefix: prefix)
        }
        func checkpoint() throws(StoreError) { try wrapped.checkpoint() }
        func close() { wrapped.close() }
    }
}
