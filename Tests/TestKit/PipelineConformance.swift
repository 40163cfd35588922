import ChangePipeline
import GridImage
import GridModel
package import GridStore
import Ordering
import Synchronization

/// What a pipeline must keep on every store, at every point where the store can fail.
package enum PipelineConformance {
    /// Runs the script with a fault at every point in turn, until a run passes fewer points than that. Returns where faults struck.
    package static func everyPoint(
        _ fault: FaultyGridStore.Fault, makeBench: () throws -> any StoreBench
    ) throws -> [FaultyGridStore.Point] {
        var struck: [FaultyGridStore.Point] = []
        for target in 0..<1_000 {
            let bench = try makeBench()
            let store = try bench.make()
            let faulty = FaultyGridStore(store, fault: fault, at: target)
            do {
                let script = try PipelineScript(faulty)
                script.run()
                guard let point = faulty.struck else {
                    try script.expectAllDone()
                    if target >= faulty.passed { return struck }
                    continue  // a full disk strikes before a write, never after it
                }
                struck.append(point)
                switch fault {
                case .full: try script.recoverInPlace()
                case .crash: try script.recoverAfterCrash(try bench.reopen(store))
                }
            } catch let violation as GridStoreConformance.Violation {
                let point = faulty.struck.map { "\($0)" } ?? "no point"
                throw GridStoreConformance.Violation(description: "fault \(fault) at \(target) (\(point)): \(violation)")
            }
        }
        throw GridStoreConformance.Violation(description: "the script never ends")
    }
}

/// A fixed run of commands by people and programs, each of which fills two cells of its own.
package final class PipelineScript {
    private typealias Violation = GridStoreConformance.Violation

    private final class Answers: Sendable {
        let list = Mutex<[IntentID: [Result<CommandOutcome, PipelineError>]]>([:])
    }

    private static let rows: UInt32 = 24
    private let stage = PipelineStage()
    private let answers = Answers()
    private let commands: [Command]
    private var grid: LiveGrid
    private var subscription: SignalSubscription?

    package init(_ store: any GridStore) throws {
        var commands: [Command] = []
        func add(_ cause: Cause, _ changes: [Change]) {
            commands.append(Command(intent: IntentID(high: 7, low: UInt64(commands.count + 1)), cause: cause, changes: changes))
        }
        let sheet = SheetID(1)
        for name in ["A", "B"] {
            let column = Change.addColumn(sheet: sheet, name: name, type: .text, width: nil, agent: nil, position: .last)
            add(.person, [column])
        }
        add(.person, [.insertRows(sheet: sheet, position: .last, rows: RowsBlock(emptyRows: Int(Self.rows)))])
        for row in 1...Self.rows {
            let cause = row % 4 == 0 ? Cause.person : Cause(kind: .agent, run: RunID(row % 2))
            let value = CellValue(text: "value \(row)")
            let cells = [1, 2].map { column in
                Change.setCell(row: RowID(row), column: ColumnID(column), value: value, ifRevision: nil)
            }
            add(cause, cells)
        }
        self.commands = commands
        grid = try Self.open(store, stage)
        subscription = try grid.signals()
    }

    private static func open(_ store: any GridStore, _ stage: PipelineStage) throws -> LiveGrid {
        guard let id = GridID("script") else { throw Violation(description: "no id") }
        var limits = PipelineLimits()
        limits.changesPerCommit = 6
        limits.changesBeforeFold = 8
        limits.changesBeforeFoldUnderLoad = 16
        limits.changesPerFoldSlice = 1
        limits.rowsPerFoldSlice = 3
        return try LiveGrid.openBlocking(
            id: id, store: store, environment: stage.environment(limits: limits), writer: stage.writer)
    }

    private func submit(_ command: Command) {
        grid.submit(command) { [answers] answer in answers.list.withLock { $0[command.intent, default: []].append(answer) } }
    }

    private func settle() {
        for _ in 0..<20 {
            stage.writer.drain()
            stage.time.advance(by: .milliseconds(200))
        }
    }

    /// Submits all commands, the later ones while earlier ones are being committed and folded.
    package func run() {
        for (index, command) in commands.enumerated() {
            submit(command)
            if index < 3 { stage.writer.drain() } else { stage.writer.step() }
            if index % 5 == 0 { stage.time.advance(by: .milliseconds(60)) }
        }
        settle()
    }

    /// Every command was acknowledged once, and its cells hold its values.
    package func expectAllDone() throws {
        for command in commands {
            let given = answers.list.withLock { $0[command.intent] ?? [] }
            guard given.count == 1, case .success? = given.first else {
                throw Violation(description: "command \(command.intent.low) got \(given)")
            }
        }
        try expectContents { _ in true }
    }

    /// After a full disk: what was refused is absent, is submitted again, and then everything is there.
    package func recoverInPlace() throws {
        guard stage.fatal.isEmpty else { throw Violation(description: "a full disk was taken for fatal: \(stage.fatal)") }
        let refused = try unacknowledged { if case .full = $0 { true } else { false } }
        try expectContents { !refused.contains($0) }
        for command in commands where refused.contains(command.intent.low) {
            answers.list.withLock { $0[command.intent] = [] }
            submit(command)
        }
        settle()
        try expectAllDone()
        try expectOneEffectEach()
    }

    /// After a crash: what was acknowledged is there, the rest wholly or not at all, and sent again has one effect.
    package func recoverAfterCrash(_ store: any GridStore) throws {
        guard stage.fatal.count == 1 else { throw Violation(description: "onFatal was called \(stage.fatal.count) times") }
        let lost = try unacknowledged { if case .failed = $0 { true } else { false } }
        let before = answers.list.withLock { $0 }
        let seen = grid.snapshot().revision
        grid = try Self.open(store, stage)
        guard grid.snapshot().revision >= seen else {
            throw Violation(description: "S1: revision \(seen) was shown, \(grid.snapshot().revision) survived")
        }
        for command in commands.dropFirst(3) where !lost.contains(command.intent.low) {
            try expectCells(of: command, set: true)
        }
        for command in commands.dropFirst(3) where lost.contains(command.intent.low) { try expectWhole(command) }

        answers.list.withLock { $0 = [:] }
        for command in commands {
            submit(command)
            settle()
        }
        try expectAllDone()
        for (intent, given) in before {
            guard case .success(let first)? = given.first else { continue }
            let again = answers.list.withLock { $0[intent]?.first }
            guard case .success(first)? = again else {
                throw Violation(description: "S5: \(intent) got \(first), then \(String(describing: again))")
            }
        }
        try expectOneEffectEach()
    }

    /// The commands without success; each must have been answered, as `expected`.
    private func unacknowledged(_ expected: (PipelineError) -> Bool) throws -> Set<UInt64> {
        var lost: Set<UInt64> = []
        for command in commands {
            let given = answers.list.withLock { $0[command.intent] ?? [] }
            guard given.count == 1 else { throw Violation(description: "command \(command.intent.low) got \(given)") }
            guard case .failure(let error) = given[0] else { continue }
            // A command on a row whose insertion was lost is refused by plan; it too had no effect.
            guard expected(error) || isRefusal(error) else {
                throw Violation(description: "command \(command.intent.low) failed as \(error)")
            }
            lost.insert(command.intent.low)
        }
        return lost
    }

    private func isRefusal(_ error: PipelineError) -> Bool {
        if case .refused = error { true } else { false }
    }

    private func expectContents(_ isThere: (UInt64) -> Bool) throws {
        for command in commands.dropFirst(3) { try expectCells(of: command, set: isThere(command.intent.low)) }
    }

    private func expectCells(of command: Command, set: Bool) throws {
        let image = grid.snapshot()
        for case .setCell(let row, let column, let value, _) in command.changes {
            let found = image.value(row: row, column: column)
            guard found == (set ? value : nil) else {
                throw Violation(description: "\(row) \(column) holds \(String(describing: found)), set: \(set)")
            }
        }
    }

    private func expectWhole(_ command: Command) throws {
        let image = grid.snapshot()
        let cells = command.changes.compactMap { change -> Bool? in
            guard case .setCell(let row, let column, _, _) = change else { return nil }
            return image.value(row: row, column: column) != nil
        }
        guard Set(cells).count <= 1 else { throw Violation(description: "half of command \(command.intent.low) is there") }
    }

    /// S5: each cell was set once, whatever was sent again.
    private func expectOneEffectEach() throws {
        let image = grid.snapshot()
        for row in 1...Self.rows {
            for column in [1, 2] as [UInt32] {
                let entries = try image.history(row: RowID(row), column: ColumnID(column), limit: 10) { [grid] revision in
                    try grid.storedRecord(revision)
                }
                let sets = entries.filter { $0.kind == .set }
                guard sets.count == 1 else {
                    throw Violation(description: "r\(row) c\(column) was set \(sets.count) times")
                }
            }
        }
    }
}
