// Makes one record of many commands. Each command is resolved against the image plus what the commands before it in the plan do;
// one that is refused leaves nothing behind.
//
// Two ways, one result. Plans of cell changes only look at the image and, through `PlanOverlay`, at the record being written.
// Plans with structural commands work on a draft, a copy of the image that each written change is applied to at once.

package import GridModel
import Ordering

/// See the file's head.
struct Planner {
    /// The image; in a structural plan with what was planned so far.
    var draft: GridImage
    var writer = RecordWriter()
    let revision: Revision
    /// Milliseconds since 1970.
    let time: UInt64
    let isDrafting: Bool
    var overlay: PlanOverlay
    var changeCount = 0
    /// Where each planned command's section begins in the record, and the command.
    private(set) var sections: [(offset: Int, command: Int)] = []
    let commands: [Command]
    let valueChanges: ValueChangesAfter?
    private var structuralCount = 0
    /// The change being planned, for refusals.
    private var changeIndex = 0

    init(_ image: GridImage, _ commands: [Command], time: UInt64, valueChanges: ValueChangesAfter?) {
        draft = image
        revision = image.revision.next
        self.time = time
        self.commands = commands
        self.valueChanges = valueChanges
        isDrafting = commands.contains { $0.isStructural }
        overlay = PlanOverlay(expecting: commands.reduce(0) { $0 + $1.changes.count })
        writer.bytes.reserveCapacity(64 + commands.count * 64)
        RecordHeader(revision: revision, time: time, structural: false).write(to: &writer)
    }

    consuming func run() -> BatchPlan {
        var plan = BatchPlan(revision: revision)
        var accepted = 0
        var warmed = 0
        for index in commands.indices {
            if accepted > 0, writer.count > BatchPlan.fullRecordBytes { break }
            if index >= warmed { warmed = warm(commandsFrom: index) }
            let start = writer.count
            let saved = (isDrafting ? draft : nil, changeCount, structuralCount)
            overlay.beginCommand()
            sections.append((start, index))
            do throws(CommandRefusal) {
                let results = try planCommand(commands[index])
                plan.results.append(.success(results))
                accepted += 1
            } catch {
                writer.bytes.removeLast(writer.count - start)
                sections.removeLast()
                overlay.refuseCommand()
                (changeCount, structuralCount) = (saved.1, saved.2)
                if let image = saved.0 { draft = image }
                // A command that is too long only because of those before it has its turn in the next record.
                if accepted > 0, case .limit(Self.recordLimitName, _, _) = error.reason { break }
                plan.results.append(.failure(error))
            }
        }
        guard accepted > 0 else { return plan }
        plan.structural = structuralCount > 0
        writer.bytes[1] = plan.structural ? RecordFormat.structuralFlag : 0
        writer.seal()
        plan.record = writer.bytes
        plan.changeCount = changeCount
        plan.isEmpty = false
        return plan
    }

    static let recordLimitName = "bytes of one command's record"

    private mutating func planCommand(_ command: Command) throws(CommandRefusal) -> [ChangeResult] {
        changeIndex = 0
        try limit("changes of one command", most: Limits.changesPerCommand, asked: command.changes.count)
        try limit("bytes of a cause's detail", most: Limits.causeDetailBytes, asked: command.cause.detail?.utf8.count ?? 0)
        var results: [ChangeResult] = []
        results.reserveCapacity(command.changes.count)
        let section = SectionHeader.begin(command, in: &writer)
        for (index, change) in command.changes.enumerated() {
            changeIndex = index
            if index % RowStore.warmCount == 0, command.changes.count > RowStore.warmCount { warm(command.changes[index...]) }
            if change.isStructural { structuralCount += 1 }
            results.append(try plan(change, after: results.last))
            try limit(Self.recordLimitName, most: BatchPlan.recordByteLimit - 64, asked: writer.count)
        }
        SectionHeader.finish(section, in: &writer)
        return results
    }

    private mutating func plan(_ change: Change, after before: ChangeResult?) throws(CommandRefusal) -> ChangeResult {
        switch change {
        case .setCell(let row, let column, let value, let ifRevision):
            try planSet(row, column, value, ifRevision)
        case .answerCell(let row, let column, let value, let base, let inputs, let type):
            try planAnswer(row, column, value, base, inputs, type)
        case .markCell(let row, let column, let mark):
            try planMark(row, column, mark)
        case .takeBack(let row, let column, let run): try planTakeBack(row, column, run)
        case .noteRun(let run, let fact): try planRun(run, fact, after: before)
        case .insertRows, .deleteRows, .moveRows, .stageRows, .publishRows, .discardRows:
            try planRows(change)
        case .addColumn, .renameColumn, .retypeColumn, .resizeColumn, .setColumnAgent, .moveColumn, .deleteColumn:
            try planColumn(change)
        case .addSheet, .renameSheet, .deleteSheet, .addView, .changeView, .deleteView, .renameGrid:
            try planSheet(change)
        }
    }

    /// Touches the rows of the next short commands (`RowStore.warm`).
    /// - Returns: the first command that was not looked at.
    private func warm(commandsFrom first: Int) -> Int {
        var next = first
        while next < commands.count, next - first < RowStore.warmCount, commands[next].changes.count <= 4 {
            warm(commands[next].changes[...])
            next += 1
        }
        return max(next, first + 1)
    }

    private func warm(_ changes: ArraySlice<Change>) {
        var rows: [(row: UInt32, group: Int)] = []
        rows.reserveCapacity(RowStore.warmCount)
        var shown = 0
        for change in changes.prefix(RowStore.warmCount) {
            guard case .setCell(let row, let column, _, _) = change, let place = draft.place(column) else { continue }
            rows.append((row.rawValue, place.group))
            if draft.states[Int(place.stateIndex)].order.contains(row.rawValue) { shown += 1 }
        }
        precondition(shown <= rows.count, "more rows than were looked at")
        draft.store.warm(rows)
    }

    // MARK: refusing

    func refuse(_ reason: CommandRefusal.Reason) -> CommandRefusal {
        CommandRefusal(change: changeIndex, reason: reason)
    }

    func limit(_ name: String, most: Int, asked: Int) throws(CommandRefusal) {
        if asked > most { throw refuse(.limit(name, most: most, asked: asked)) }
    }

    func stateIndex(_ sheet: SheetID) throws(CommandRefusal) -> Int {
        guard let index = draft.stateIndex(sheet) else { throw refuse(.noSuchSheet(sheet)) }
        return index
    }

    func place(_ column: ColumnID) throws(CommandRefusal) -> ColumnPlace {
        guard let place = draft.place(column) else { throw refuse(.noSuchColumn(column)) }
        return place
    }

    /// Checks a name of one among `others`.
    func check(name: String, among others: some Sequence<String>) throws(CommandRefusal) {
        let characters = name.count
        guard characters >= 1, characters <= Limits.nameCharacters, name.utf8.count <= Limits.nameCharacters * 8,
            !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { throw refuse(.nameInvalid(String(name.prefix(Limits.nameCharacters)))) }
        if others.contains(name) { throw refuse(.nameTaken(name)) }
    }

    // MARK: writing structural changes

    /// Writes one structural change and applies it to the draft.
    mutating func emit(_ tag: ChangeTag, _ body: (inout RecordWriter) -> Void) throws(CommandRefusal) {
        let offset = writer.count
        writer.byte(tag.rawValue)
        body(&writer)
        try limit(Self.recordLimitName, most: BatchPlan.recordByteLimit - 64, asked: writer.count)
        finishChange(from: offset)
    }

    /// Counts a written change, in a draft by applying it.
    @inline(__always)
    mutating func finishChange(from offset: Int) {
        if isDrafting {
            applyToDraft(from: offset)
        } else {
            changeCount += 1
        }
    }

    /// What the planner writes it can read: a throw here is a fault of this file alone.
    private mutating func applyToDraft(from offset: Int) {
        var touched = TouchedBuilder(columns: 0)
        let bytes = writer.bytes
        writer.bytes = []
        bytes.withUnsafeBytes { raw in
            var cursor = RecordCursor(raw, at: offset)
            do throws(RecordError) {
                while !cursor.isAtEnd { try draft.applyChange(&cursor, revision, &touched) }
            } catch {
                preconditionFailure("the planner wrote a change that it cannot read: \(error)")
            }
        }
        writer.bytes = bytes
        changeCount += touched.changes
    }
}

extension GridImage {
    /// Says what commands would do at the next revision, all in one record. Changes nothing.
    /// - Parameters:
    ///   - time: milliseconds since 1970, written into the record.
    ///   - valueChanges: asked when only the log can tell whether a cell changed after a revision; without it such a cell counts
    ///     as changed.
    package func plan(_ commands: [Command], time: UInt64, valueChanges: ValueChangesAfter? = nil) -> BatchPlan {
        Planner(self, commands, time: time, valueChanges: valueChanges).run()
    }
}
