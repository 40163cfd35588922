import GridModel
import Ordering

extension GridImage {
    /// A hash over everything a reader can see and every change pointer: equal for two images that applied the same log, whatever
    /// way they took, replayed from the start or from a fold. Grows with the grid.
    package func hash() -> UInt64 {
        var state = Checksum.mix(revision.rawValue, UInt64(nextRow))
        state = Checksum.mix(state, lineage)
        state = Checksum.mix(state, UInt64(nextSheet) << 32 | UInt64(nextView))
        Self.mix(&state, name)
        for place in places {
            state = Checksum.mix(state, UInt64(place.sheet) << 32 | UInt64(place.slot) << 1 | (place.isLive ? 1 : 0))
        }
        for sheetState in states + deletedStates { mix(sheetState, into: &state) }
        RunDocuments.mix(ledger, into: &state)
        return state
    }

    private func mix(_ sheet: SheetState, into state: inout UInt64) {
        var writer = RecordWriter()
        writer.varint(UInt64(sheet.sheet.id.rawValue))
        writer.text(sheet.sheet.name)
        writer.number(sheet.slotCount)
        for column in sheet.sheet.columns { writer.column(column) }
        for view in sheet.sheet.views { writer.view(view) }
        for part in sheet.staged {
            writer.varint(UInt64(part.first.rawValue))
            writer.varint(UInt64(part.count))
        }
        writer.bytes.withUnsafeBytes { state = Checksum.mix(state, Checksum.of($0)) }
        sheet.order.forEach { mix($0, into: &state) }
        for part in sheet.staged {
            for offset in 0..<part.count { mix(part.first.rawValue + offset, into: &state) }
        }
    }

    private func mix(_ row: UInt32, into state: inout UInt64) {
        state = Checksum.mix(state, UInt64(row))
        for group in store.groups.indices {
            store.withRecord(row, group) { record in
                guard !record.isAbsent else { return }
                state = Checksum.mix(state, record.pointer.rawValue)
                record.forEachCell { slot, json in
                    state = Checksum.mix(state, UInt64(group) << 8 | UInt64(slot))
                    state = Checksum.mix(state, Checksum.of(json))
                }
                record.forEachMark { slot, mark in
                    state = Checksum.mix(state, UInt64(group) << 16 | UInt64(slot) << 8 | UInt64(mark.kindByte))
                    Self.mix(&state, mark.reason)
                }
            }
        }
    }

    private static func mix(_ state: inout UInt64, _ text: String) {
        var text = text
        state = Checksum.mix(state, text.withUTF8 { Checksum.of(UnsafeRawBufferPointer($0)) })
    }
}
