import GridModel
import Ordering

extension Planner {
    /// What the plan and the image know of a cell. Its bytes point into the record or a slab.
    private struct Known {
        var back: ChangePointer
        /// Where the old value lies in the record; `nil` when it lies in the image.
        var valueInRecord: Range<Int>?
        var mark: CellMark?
    }

    private func known(_ row: UInt32, _ place: ColumnPlace, _ column: ColumnID, overlayOffset: Int) -> Known {
        var known = Known(back: ChangePointer(revision, offset: overlayOffset))
        var markKnown = false
        var pointer = known.back
        writer.bytes.withUnsafeBytes { raw in
            while pointer.revision == revision, !(known.valueInRecord != nil && markKnown),
                let change = Self.cellChange(raw, at: pointer.offset, revision)
            {
                if change.column == column.rawValue {
                    if change.setsValue, known.valueInRecord == nil {
                        let start = change.new.isEmpty ? 0 : raw.offset(of: change.new)
                        known.valueInRecord = start..<start + change.new.count
                    }
                    if !markKnown, change.tag != .suggestion {
                        known.mark = change.newMark
                        markKnown = true
                    }
                }
                pointer = change.back
            }
        }
        if !markKnown { known.mark = draft.store.withRecord(row, place.group) { $0.mark(place.slotInGroup) } }
        return known
    }

    /// The change of a cell at an offset of the record being written; `nil` when another kind of change is there.
    private static func cellChange(_ raw: UnsafeRawBufferPointer, at offset: Int, _ revision: Revision) -> CellChange? {
        guard offset < raw.count, let tag = ChangeTag(rawValue: raw[offset]), tag.isOfCell else { return nil }
        var cursor = RecordCursor(raw, at: offset + 1)
        return try? CellChange(tag, from: &cursor, revision: revision)
    }

    @inline(__always)
    private func livePlace(_ row: RowID, _ column: ColumnID) throws(CommandRefusal) -> ColumnPlace {
        let place = try place(column)
        guard draft.states[Int(place.stateIndex)].order.contains(row.rawValue) else { throw refuse(.noSuchRow(row)) }
        return place
    }

    mutating func planSet(
        _ row: RowID, _ column: ColumnID, _ value: CellValue?, _ ifRevision: Revision?
    ) throws(CommandRefusal) -> ChangeResult {
        let place = try livePlace(row, column)
        try limit("bytes of a cell", most: Limits.cellBytes, asked: value?.json.utf8.count ?? 0)
        if let ifRevision, let changed = lastChange(row, place, column, after: ifRevision) {
            throw refuse(.cellChanged(row: row, column: column, revision: changed, value: currentValue(row, place, column)))
        }
        writeValue(row.rawValue, place, column, value, provenance: nil)
        return .done
    }

    mutating func planAnswer(
        _ row: RowID, _ column: ColumnID, _ value: CellValue?, _ base: Revision, _ inputs: [ColumnID], _ type: ColumnType?
    ) throws(CommandRefusal) -> ChangeResult {
        guard let place = draft.place(column), draft.states[Int(place.stateIndex)].order.contains(row.rawValue) else {
            return .inputsChanged
        }
        try limit("bytes of a cell", most: Limits.cellBytes, asked: value?.json.utf8.count ?? 0)
        try limit("inputs of an answer", most: Limits.columnsPerSheet, asked: inputs.count)
        let cause = commands[sections[sections.count - 1].command].cause
        // The target first: an answer to be asked again would find a later base, and overwrite what a person wrote.
        if changedByAnother(than: cause, row, place, column, after: base) {
            writeSuggestion(row.rawValue, place, column, value, base, inputs)
            return .keptAsSuggestion
        }
        if let type, draft.column(column)?.type != type { return .inputsChanged }
        for input in inputs {
            guard let inputPlace = draft.place(input), inputPlace.sheet == place.sheet else { return .inputsChanged }
            if changedByAnother(than: cause, row, inputPlace, input, after: base) { return .inputsChanged }
        }
        writeValue(row.rawValue, place, column, value, provenance: (base, inputs))
        return .done
    }

    mutating func planMark(_ row: RowID, _ column: ColumnID, _ mark: CellMark?) throws(CommandRefusal) -> ChangeResult {
        let place = try livePlace(row, column)
        try limit("characters of a mark's reason", most: Limits.markReasonCharacters, asked: mark?.reason.count ?? 0)
        writeMark(row.rawValue, place, column, mark)
        return .done
    }

    /// The value changes of a cell in this plan, newest first, each with its command.
    private func plannedChanges(_ row: RowID, _ place: ColumnPlace, _ column: ColumnID) -> [Int] {
        guard let offset = overlay.offset(PlanOverlay.key(row.rawValue, place.group)) else { return [] }
        var found: [Int] = []
        var pointer = ChangePointer(revision, offset: offset)
        writer.bytes.withUnsafeBytes { raw in
            while pointer.revision == revision, let change = Self.cellChange(raw, at: pointer.offset, revision) {
                if change.column == column.rawValue, change.setsValue {
                    let section = sections.last { $0.offset <= pointer.offset }
                    if let section { found.append(section.command) }
                }
                pointer = change.back
            }
        }
        return found
    }

    /// The last change before this plan of the row's group.
    private func committed(_ row: RowID, _ place: ColumnPlace) -> Revision {
        guard let offset = overlay.offset(PlanOverlay.key(row.rawValue, place.group)) else {
            return draft.store.pointer(row.rawValue, place.group).revision
        }
        var pointer = ChangePointer(revision, offset: offset)
        writer.bytes.withUnsafeBytes { raw in
            while pointer.revision == revision, let change = Self.cellChange(raw, at: pointer.offset, revision) {
                pointer = change.back
            }
        }
        return pointer.revision
    }

    /// When the cell changed after a revision by another command; `nil` when it did not.
    private func lastChange(_ row: RowID, _ place: ColumnPlace, _ column: ColumnID, after base: Revision) -> Revision? {
        let current = sections[sections.count - 1].command
        if plannedChanges(row, place, column).contains(where: { $0 != current }) { return revision }
        let committed = committed(row, place)
        if committed <= base { return nil }
        guard let changes = valueChanges?(row, column, base) else { return committed }
        return changes.first?.revision
    }

    private func changedByAnother(
        than cause: Cause, _ row: RowID, _ place: ColumnPlace, _ column: ColumnID, after base: Revision
    ) -> Bool {
        for command in plannedChanges(row, place, column) where !commands[command].cause.isSameTurn(as: cause) { return true }
        if committed(row, place) <= base { return false }
        guard let changes = valueChanges?(row, column, base) else { return true }
        return changes.contains { !$0.cause.isSameTurn(as: cause) }
    }

    private func currentValue(_ row: RowID, _ place: ColumnPlace, _ column: ColumnID) -> CellValue? {
        if let offset = overlay.offset(PlanOverlay.key(row.rawValue, place.group)),
            let range = known(row.rawValue, place, column, overlayOffset: offset).valueInRecord
        {
            return range.isEmpty ? nil : CellValue(checkedJSON: String(decoding: writer.bytes[range], as: UTF8.self))
        }
        return draft.value(row: row, column: column)
    }

    /// Writes a value, and the marks that follow from it.
    @inline(__always)
    private mutating func writeValue(
        _ row: UInt32, _ place: ColumnPlace, _ column: ColumnID, _ value: CellValue?,
        provenance: (base: Revision, inputs: [ColumnID])?
    ) {
        let key = PlanOverlay.key(row, place.group)
        let offset = writer.count
        let json = value?.json ?? ""
        let changed: Bool
        if let planned = overlay.offset(key) {
            changed = writeValue(row, place, column, json, planned: planned, provenance != nil)
        } else {
            changed = writeValue(row, place, column, json, provenance != nil)
        }
        if let provenance {
            CellChange.writeProvenance(provenance.base, provenance.inputs, at: revision, to: &writer)
        } else if writer.count == offset {
            return
        }
        overlay.note(key, offset: offset)
        finishChange(from: offset)
        if changed, place.hasDependents { markDependents(row, column) }
    }

    /// The common case: nothing of this row was changed by the plan yet.
    /// - Returns: whether the value is another one. Without provenance and without a mark to clear, nothing is written then.
    @inline(__always)
    private mutating func writeValue(
        _ row: UInt32, _ place: ColumnPlace, _ column: ColumnID, _ json: String, _ isAnswer: Bool
    ) -> Bool {
        // Taken out of `self`, so that the record can be read in place while the writer is written.
        var output = writer
        writer.bytes = []
        let changed = draft.store.withRecord(row, place.group) { record in
            let old = record.cell(place.slotInGroup)
            let mark = record.hasMarks ? record.mark(place.slotInGroup) : nil
            let changed = !old.isEqual(to: json)
            if changed || isAnswer || mark != nil {
                Self.writeHead(isAnswer, mark != nil, row, column, record.pointer, revision, &output)
                output.blob(old)
                output.text(json)
                if let mark { output.mark(mark) }
            }
            return changed
        }
        writer = output
        return changed
    }

    private mutating func writeValue(
        _ row: UInt32, _ place: ColumnPlace, _ column: ColumnID, _ json: String, planned: Int, _ isAnswer: Bool
    ) -> Bool {
        let known = known(row, place, column, overlayOffset: planned)
        let old: [UInt8] =
            if let range = known.valueInRecord {
                Array(writer.bytes[range])
            } else {
                draft.store.withRecord(row, place.group) { Array($0.cell(place.slotInGroup)) }
            }
        let changed = !old.elementsEqual(json.utf8)
        if changed || isAnswer || known.mark != nil {
            Self.writeHead(isAnswer, known.mark != nil, row, column, known.back, revision, &writer)
            old.withUnsafeBytes { writer.blob($0) }
            writer.text(json)
            if let mark = known.mark { writer.mark(mark) }
        }
        return changed
    }

    @inline(__always)
    private static func writeHead(
        _ isAnswer: Bool, _ marked: Bool, _ row: UInt32, _ column: ColumnID, _ back: ChangePointer, _ revision: Revision,
        _ writer: inout RecordWriter
    ) {
        let tag: ChangeTag = isAnswer ? (marked ? .answerMarked : .answer) : (marked ? .setMarked : .set)
        writer.byte(tag.rawValue)
        writer.varint(UInt64(row))
        writer.varint(UInt64(column.rawValue))
        writer.back(back, at: revision)
    }

    private mutating func writeSuggestion(
        _ row: UInt32, _ place: ColumnPlace, _ column: ColumnID, _ value: CellValue?, _ base: Revision, _ inputs: [ColumnID]
    ) {
        let offset = writer.count
        writer.byte(ChangeTag.suggestion.rawValue)
        writer.varint(UInt64(row))
        writer.varint(UInt64(column.rawValue))
        writer.back(backPointer(row, place), at: revision)
        writer.text(value?.json ?? "")
        CellChange.writeProvenance(base, inputs, at: revision, to: &writer)
        finishCellChange(row, place, offset)
    }

    /// Writes a mark, unless the cell has it already.
    private mutating func writeMark(_ row: UInt32, _ place: ColumnPlace, _ column: ColumnID, _ mark: CellMark?) {
        let old =
            overlay.offset(PlanOverlay.key(row, place.group))
            .map { known(row, place, column, overlayOffset: $0).mark }
            ?? draft.store.withRecord(row, place.group) { $0.mark(place.slotInGroup) }
        guard old != mark else { return }
        let offset = writer.count
        writer.byte(ChangeTag.mark.rawValue)
        writer.varint(UInt64(row))
        writer.varint(UInt64(column.rawValue))
        writer.back(backPointer(row, place), at: revision)
        writer.mark(old)
        writer.mark(mark)
        finishCellChange(row, place, offset)
    }

    private func backPointer(_ row: UInt32, _ place: ColumnPlace) -> ChangePointer {
        overlay.offset(PlanOverlay.key(row, place.group)).map { ChangePointer(revision, offset: $0) }
            ?? draft.store.pointer(row, place.group)
    }

    private mutating func finishCellChange(_ row: UInt32, _ place: ColumnPlace, _ offset: Int) {
        overlay.note(PlanOverlay.key(row, place.group), offset: offset)
        finishChange(from: offset)
    }

    /// The agent cells of the row whose prompts refer to the column: their values are stale now.
    private mutating func markDependents(_ row: UInt32, _ column: ColumnID) {
        for dependent in draft.dependents[column] ?? [] {
            guard let place = draft.place(dependent), currentValue(RowID(row), place, dependent) != nil else { continue }
            writeMark(row, place, dependent, .stale)
        }
    }
}

extension Cause {
    /// One agent's turn is one cause (S6).
    func isSameTurn(as other: Cause) -> Bool {
        kind == other.kind && run != nil && run == other.run
    }
}

extension UnsafeRawBufferPointer {
    /// Where a part begins that was cut from these bytes; 0 for an empty part.
    func offset(of part: UnsafeRawBufferPointer) -> Int {
        guard let base = baseAddress, let start = part.baseAddress else { return 0 }
        return start - base
    }

    @inline(__always)
    func isEqual(to text: String) -> Bool {
        guard count == text.utf8.count else { return false }
        var text = text
        return text.withUTF8 { DisplayText.compare(self, UnsafeRawBufferPointer($0)) == 0 }
    }
}
