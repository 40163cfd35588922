import ChangePipeline
import GridImage
import GridModel
import GridStore
import Ordering
import Synchronization
import TestKit
import Testing

/// A grid on a stage: two columns and ten rows, its writer and its clock in the test's hand, and a log of what was seen when.
final class GridRig {
    let stage = PipelineStage()
    let store: ObservedStore
    let grid: LiveGrid
    let seen: Observations
    private var intents: UInt64 = 0

    init(
        on contents: MemoryGridContents = MemoryGridContents(), limits: PipelineLimits = PipelineLimits(),
        signalLimits: SignalLimits = SignalLimits()
    ) throws {
        seen = Observations()
        store = ObservedStore(MemoryGridStore(contents: contents), seen)
        grid = try LiveGrid.openBlocking(
            id: #require(GridID("rig")), store: store,
            environment: stage.environment(limits: limits, signalLimits: signalLimits), writer: stage.writer)
        intents = (grid.snapshot().revision.rawValue + 1) * 1_000  // a rig on the same contents must not repeat intents
        if grid.snapshot().revision == .zero {
            for name in ["A", "B"] {
                submit(.addColumn(sheet: SheetID(1), name: name, type: .text, width: nil, agent: nil, position: .last))
                settle()
            }
            submit(.insertRows(sheet: SheetID(1), position: .last, rows: RowsBlock(emptyRows: 10)))
            settle()
        }
        seen.clear()
    }

    var revision: Revision { grid.snapshot().revision }

    /// Submits one change and returns its intent.
    @discardableResult
    func submit(_ change: Change, by cause: Cause = .person, intent: IntentID? = nil) -> IntentID {
        submit([change], by: cause, intent: intent)
    }

    @discardableResult
    func submit(_ changes: [Change], by cause: Cause = .person, intent: IntentID? = nil) -> IntentID {
        intents += 1
        let command = Command(intent: intent ?? IntentID(high: 0, low: intents), cause: cause, changes: changes)
        grid.submit(command) { [seen] answer in seen.note(answer: answer, to: command.intent) }
        return command.intent
    }

    func settle() { stage.writer.drain() }

    /// A change of the cell in column c1 (A) or c2 (B).
    func set(_ row: UInt32, _ text: String, column: UInt32 = 1, ifRevision: Revision? = nil) -> Change {
        .setCell(row: RowID(row), column: ColumnID(column), value: CellValue(text: text), ifRevision: ifRevision)
    }

    func text(_ row: UInt32, _ column: UInt32 = 1) -> String? {
        grid.snapshot().value(row: RowID(row), column: ColumnID(column))?.displayText
    }
}

/// What happened, in order.
final class Observations: Sendable {
    private struct State {
        var lines: [String] = []
        var answers: [IntentID: [Result<CommandOutcome, PipelineError>]] = [:]
    }

    private let state = Mutex(State())

    var lines: [String] { state.withLock { $0.lines } }

    func answers(to intent: IntentID) -> [Result<CommandOutcome, PipelineError>] {
        state.withLock { $0.answers[intent] ?? [] }
    }

    func note(_ line: String) { state.withLock { $0.lines.append(line) } }

    func note(answer: Result<CommandOutcome, PipelineError>, to intent: IntentID) {
        state.withLock { state in
            state.answers[intent, default: []].append(answer)
            switch answer {
            case .success(let outcome): state.lines.append("acknowledged \(outcome.revision)")
            case .failure: state.lines.append("refused")
            }
        }
    }

    func clear() { state.withLock { $0.lines = [] } }
}

/// Notes each append, can fail the next ones, and can say what is not so.
final class ObservedStore: GridStore {
    /// What it tells instead of what the wrapped store has.
    struct Claims {
        var lastShown: Revision?
        var folded: Revision?
        var keepsNoRecords = false
    }

    private let wrapped: any GridStore
    private let seen: Observations
    private let failures = Mutex<[StoreError]>([])
    private let foldFailures = Mutex<[StoreError]>([])
    private let claims = Mutex(Claims())
    private let whenAppending = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ wrapped: any GridStore, _ seen: Observations) {
        self.wrapped = wrapped
        self.seen = seen
    }

    func failNextAppends(_ errors: [StoreError]) { failures.withLock { $0 = errors } }
    func failNextFolds(_ errors: [StoreError]) { foldFailures.withLock { $0 = errors } }
    func claim(_ body: (inout Claims) -> Void) { claims.withLock { body(&$0) } }

    /// Called in the middle of each append, before it is durable.
    func whileAppending(_ action: @escaping @Sendable () -> Void) { whenAppending.withLock { $0 = action } }

    func append(_ entry: LogEntry) throws(StoreError) {
        whenAppending.withLock { $0 }?()
        let failure = failures.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if let failure { throw failure }
        try wrapped.append(entry)
        seen.note("appended \(entry.record.revision)")
    }

    var lastRevision: Revision { wrapped.lastRevision }
    var durability: String { wrapped.durability }
    var foldedRevision: Revision { claims.withLock { $0.folded } ?? wrapped.foldedRevision }
    var storedBytes: UInt64 { wrapped.storedBytes }
    func forEachRecord(after: Revision, _ body: (LogRecord) -> Bool) throws(StoreError) {
        let last = claims.withLock { $0.lastShown } ?? Revision(.max)
        try wrapped.forEachRecord(after: after) { $0.revision > last ? false : body($0) }
    }
    func record(_ revision: Revision) throws(StoreError) -> LogRecord? {
        claims.withLock { $0.keepsNoRecords } ? nil : try wrapped.record(revision)
    }
    func structuralRevisions(after: Revision) throws(StoreError) -> [Revision] {
        try wrapped.structuralRevisions(after: after)
    }
    func outcome(of intent: IntentID) throws(StoreError) -> RecordedOutcome? { try wrapped.outcome(of: intent) }
    func fold(_ slice: FoldSlice) throws(StoreError) {
        let failure = foldFailures.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if let failure { throw failure }
        try wrapped.fold(slice)
        if let completes = slice.completes { seen.note("folded \(completes)") }
    }
    func forEachRow(_ body: (_ key: UInt64, _ bytes: UnsafeRawBufferPointer) -> Void) throws(StoreError) {
        try wrapped.forEachRow(body)
    }
    func document(_ name: String) throws(StoreError) -> [UInt8]? { try wrapped.document(name) }
    func documents(withPrefix prefix: String) throws(StoreError) -> [(name: String, bytes: [UInt8])] {
        try wrapped.documents(withPrefix: prefix)
    }
    func checkpoint() throws(StoreError) { try wrapped.checkpoint() }
    func close() {
        wrapped.close()
        seen.note("closed")
    }
}

/// Notes the signals of a subscription until it ends.
func noting(_ subscription: SignalSubscription, in seen: Observations) async {
    for await event in subscription { seen.note(event.words) }
    seen.note("end")
}

extension SignalEvent {
    var words: String {
        switch self {
        case .commit(let signal): "signal \(signal.from)...\(signal.revision)"
        case .gap(let revision): "gap \(revision)"
        }
    }
}
