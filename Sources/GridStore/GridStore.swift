package import GridModel
package import Ordering

/// The durable log of one grid, and the fold made from it. Records and rows are bytes to the store: it never looks inside.
///
/// One caller at a time writes (`append`, `fold`, `checkpoint`, `close`), always the same serial writer; the reading
/// functions may be called from anywhere at any time. All calls block; the pipeline calls them off the cooperative pool.
package protocol GridStore: AnyObject, Sendable {
    /// The last revision that is durable.
    var lastRevision: Revision { get }

    /// How safe an acknowledged commit is, read back from the store when it opened: "full" or "memory".
    var durability: String { get }

    /// Appends one record. When this returns, the record survives power loss (S1); when it throws, the record is wholly absent.
    /// The entry's revision must be `lastRevision.next` (S2).
    func append(_ entry: LogEntry) throws(StoreError)

    /// Calls `body` with each record after `after` in order, until the last one or until `body` answers false.
    func forEachRecord(after: Revision, _ body: (LogRecord) -> Bool) throws(StoreError)

    /// The record of a revision; `nil` when it is not kept.
    func record(_ revision: Revision) throws(StoreError) -> LogRecord?

    /// The revisions after `after` whose records are structural, in descending order.
    func structuralRevisions(after: Revision) throws(StoreError) -> [Revision]

    /// What an intent came to, if it was committed (S5).
    func outcome(of intent: IntentID) throws(StoreError) -> RecordedOutcome?

    /// The same for many intents at once; those that were not committed are missing.
    func outcomes(of intents: [IntentID]) throws(StoreError) -> [IntentID: RecordedOutcome]

    /// The revision that the fold stands at: everything up to it is in rows and documents.
    var foldedRevision: Revision { get }

    /// Writes one slice of a fold, all or nothing. The last slice of a pass carries `completes`. Power loss may take back slices that
    /// no append or checkpoint followed, the newest first: the log has what they held.
    func fold(_ slice: FoldSlice) throws(StoreError)

    /// Calls `body` with each folded row in ascending order of key. The bytes are valid during the call only.
    func forEachRow(_ body: (_ key: UInt64, _ bytes: UnsafeRawBufferPointer) -> Void) throws(StoreError)

    /// A folded document by name.
    func document(_ name: String) throws(StoreError) -> [UInt8]?

    /// The folded documents whose names begin so, in ascending order of name.
    func documents(withPrefix prefix: String) throws(StoreError) -> [(name: String, bytes: [UInt8])]

    /// Moves what the write-ahead log holds into the database file. Called between commits.
    func checkpoint() throws(StoreError)

    /// The write-ahead log has grown so much that a checkpoint is due.
    var isCheckpointDue: Bool { get }

    /// Bytes that this grid takes on disk or in memory.
    var storedBytes: UInt64 { get }

    /// Nothing may be called afterwards.
    func close()
}

extension GridStore {
    /// A store without a write-ahead log never needs a checkpoint.
    package var isCheckpointDue: Bool { false }

    package func outcomes(of intents: [IntentID]) throws(StoreError) -> [IntentID: RecordedOutcome] {
        var found: [IntentID: RecordedOutcome] = [:]
        for intent in intents { found[intent] = try outcome(of: intent) }
        return found
    }
}

/// What one commit appends.
package struct LogEntry: Hashable, Sendable {
    package var record: LogRecord
    /// The intents this commit fulfils, each with its answer, found again by `outcome(of:)`.
    package var outcomes: [RecordedOutcome]

    package init(record: LogRecord, outcomes: [RecordedOutcome]) {
        self.record = record
        self.outcomes = outcomes
    }
}

/// One record of the log.
package struct LogRecord: Hashable, Sendable {
    package var revision: Revision
    /// True when the record changes more than cells' values: rows, columns, sheets, views.
    package var structural: Bool
    /// The batch, in the format of GridImage's record.
    package var bytes: [UInt8]

    package init(revision: Revision, structural: Bool, bytes: [UInt8]) {
        self.revision = revision
        self.structural = structural
        self.bytes = bytes
    }
}

/// The answer to a committed intent.
package struct RecordedOutcome: Hashable, Sendable {
    package var intent: IntentID
    package var revision: Revision
    /// The results, in the format of the pipeline's outcome codec.
    package var bytes: [UInt8]

    package init(intent: IntentID, revision: Revision, bytes: [UInt8]) {
        self.intent = intent
        self.revision = revision
        self.bytes = bytes
    }
}

/// A part of a fold.
package struct FoldSlice: Sendable {
    /// Rows to write; `nil` bytes delete the row.
    package var rows: [(key: UInt64, bytes: [UInt8]?)]
    /// Documents to write; `nil` bytes delete the document.
    package var documents: [(name: String, bytes: [UInt8]?)]
    /// The revision the pass folded, on its last slice.
    package var completes: Revision?

    package init(
        rows: [(key: UInt64, bytes: [UInt8]?)] = [], documents: [(name: String, bytes: [UInt8]?)] = [],
        completes: Revision? = nil
    ) {
        self.rows = rows
        self.documents = documents
        self.completes = completes
    }
}

/// The grids of one data directory.
package protocol GridCatalog: AnyObject, Sendable {
    /// The grids there are, in order of id; one that cannot be opened carries the reason.
    func grids() throws(StoreError) -> [(id: GridID, damage: String?)]
    /// Makes the store of a new grid.
    func create(_ id: GridID) throws(StoreError) -> any GridStore
    func open(_ id: GridID) throws(StoreError) -> any GridStore
    /// Removes a grid and everything of it. Its store must be closed.
    func delete(_ id: GridID) throws(StoreError)
    /// How safe an acknowledged commit is: "full" or "memory".
    var durability: String { get }
    /// Lets another process have the directory.
    func close()
}
