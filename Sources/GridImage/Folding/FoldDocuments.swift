// The folded documents. Each ends in the checksum of what is before it.
//
//   structure        version 1, revision, lineage, name, next numbers, the places of all columns, sheets, deleted sheets
//   order/s1         the ids of the sheet's order chunks, in order
//   order/s1/5       the row numbers of chunk 5
//   run/..., answers/...  see RunDocuments

import GridModel
import Ordering

enum FoldDocuments {
    static let version: UInt8 = 1
    static let structureName = "structure"

    static func changed(in image: GridImage) -> [(name: String, bytes: [UInt8]?)] {
        var documents: [(String, [UInt8]?)] = []
        for state in image.states + image.deletedStates {
            let order = state.order
            let prefix = "order/\(state.sheet.id)"
            let used = Set(order.chunks.map { $0.id })
            for id in Set(order.ceased).subtracting(used).sorted() { documents.append(("\(prefix)/\(id)", nil)) }
            for chunk in order.chunks where chunk.epoch == order.epoch {
                documents.append(("\(prefix)/\(chunk.id)", encode(chunk)))
            }
            if order.isDirty { documents.append((prefix, encode(order))) }
        }
        documents += RunDocuments.changed(in: image.ledger)
        documents.append((structureName, encode(image)))
        return documents
    }

    private static func encode(_ order: RowOrder) -> [UInt8] {
        var writer = RecordWriter()
        writer.number(order.chunks.count)
        for chunk in order.chunks { writer.varint(UInt64(chunk.id)) }
        writer.seal()
        return writer.bytes
    }

    /// Runs of consecutive numbers: the first one as a difference to the row before (zigzag), and how many follow it.
    private static func encode(_ chunk: RowOrder.Chunk) -> [UInt8] {
        var writer = RecordWriter()
        writer.number(chunk.rows.count)
        var last = 0
        var index = 0
        while index < chunk.rows.count {
            let first = Int(chunk.rows[index])
            var end = index + 1
            while end < chunk.rows.count, Int(chunk.rows[end]) == first + end - index { end += 1 }
            let delta = first - last
            writer.varint(UInt64(bitPattern: Int64(delta << 1 ^ delta >> 63)))
            writer.number(end - index - 1)
            last = first + end - index - 1
            index = end
        }
        writer.seal()
        return writer.bytes
    }

    private static func encode(_ image: GridImage) -> [UInt8] {
        var writer = RecordWriter()
        writer.byte(version)
        writer.varint(image.revision.rawValue)
        writer.word(image.lineage)
        writer.text(image.name)
        writer.varint(UInt64(image.nextRow))
        writer.varint(UInt64(image.nextSheet))
        writer.varint(UInt64(image.nextView))
        writer.number(image.places.count - 1)
        for place in image.places.dropFirst() {
            writer.varint(UInt64(place.sheet))
            writer.varint(UInt64(place.slot))
            writer.byte(place.isLive ? 1 : 0)
        }
        for states in [image.states, image.deletedStates] {
            writer.number(states.count)
            for state in states { write(state, to: &writer) }
        }
        writer.seal()
        return writer.bytes
    }

    private static func write(_ state: SheetState, to writer: inout RecordWriter) {
        writer.varint(UInt64(state.sheet.id.rawValue))
        writer.text(state.sheet.name)
        writer.varint(state.deletedAt.rawValue)
        writer.number(state.slotCount)
        writer.number(state.sheet.columns.count)
        for column in state.sheet.columns { writer.column(column) }
        writer.number(state.sheet.views.count)
        for view in state.sheet.views { writer.view(view) }
        writer.number(state.staged.count)
        for part in state.staged {
            writer.varint(UInt64(part.first.rawValue))
            writer.varint(UInt64(part.count))
        }
    }

    // MARK: reading

    /// Sets everything but the rows of `image` from its documents.
    static func read(_ documents: [(name: String, bytes: [UInt8])], into image: inout GridImage) throws(RecordError) {
        var named: [String: [UInt8]] = [:]
        for document in documents { named[document.name] = document.bytes }
        guard let structure = named[structureName] else {
            if named.keys.contains(where: { $0.hasPrefix("order/") }) {
                throw .damaged(offset: 0, "the document \"\(structureName)\" is missing")
            }
            return
        }
        try open(structure, structureName) { cursor throws(RecordError) in try readStructure(&cursor, into: &image) }
        for index in image.states.indices {
            image.states[index].order = try readOrder(of: image.states[index].sheet.id, named)
        }
        for index in image.deletedStates.indices {
            image.deletedStates[index].order = try readOrder(of: image.deletedStates[index].sheet.id, named)
        }
        try RunDocuments.read(named, into: &image.ledger)
        image.reindexSheets()
        image.reindexDependents()
    }

    static func open(
        _ document: [UInt8], _ name: String, _ body: (inout RecordCursor) throws(RecordError) -> Void
    ) throws(RecordError) {
        try document.withUnsafeBufferPointer { buffer throws(RecordError) in
            let raw = UnsafeRawBufferPointer(buffer)
            let end = raw.count - RecordFormat.checksumBytes
            guard end >= 0,
                Checksum.of(UnsafeRawBufferPointer(rebasing: raw[..<end]))
                    == UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: end, as: UInt64.self))
            else { throw .damaged(offset: max(end, 0), "the checksum of the document \"\(name)\" does not match") }
            var cursor = RecordCursor(UnsafeRawBufferPointer(rebasing: raw[..<end]))
            try body(&cursor)
            guard cursor.isAtEnd else { throw cursor.damaged("the document \"\(name)\" goes on") }
        }
    }

    private static func readStructure(_ cursor: inout RecordCursor, into image: inout GridImage) throws(RecordError) {
        let version = try cursor.byte()
        guard version == Self.version else { throw .version(version) }
        image.revision = Revision(try cursor.varint())
        image.lineage = try cursor.word()
        image.name = try cursor.text()
        image.nextRow = try cursor.number32()
        image.nextSheet = try cursor.number32()
        image.nextView = try cursor.number32()
        for _ in 0..<(try cursor.number(most: cursor.remaining)) {
            let sheet = try cursor.number32()
            let slot = UInt16(try cursor.number(most: Limits.columnsPerSheet - 1))
            image.places.append(ColumnPlace(sheet: sheet, slot: slot, isLive: try cursor.byte() != 0))
        }
        image.states = try readStates(&cursor, image.places)
        image.deletedStates = try readStates(&cursor, image.places)
    }

    private static func readStates(_ cursor: inout RecordCursor, _ places: [ColumnPlace]) throws(RecordError) -> [SheetState] {
        var states: [SheetState] = []
        for _ in 0..<(try cursor.number(most: cursor.remaining)) {
            let id = SheetID(try cursor.number32())
            var state = SheetState(sheet: Sheet(id: id, name: try cursor.text()))
            state.deletedAt = Revision(try cursor.varint())
            state.slotCount = try cursor.number(most: Limits.columnsPerSheet)
            for _ in 0..<(try cursor.number(most: Limits.columnsPerSheet)) {
                let column = try cursor.column()
                guard Int(column.id.rawValue) < places.count else {
                    throw cursor.damaged("the column \(column.id) has no place")
                }
                state.sheet.columns.append(column)
            }
            for _ in 0..<(try cursor.number(most: Limits.viewsPerSheet)) { state.sheet.views.append(try cursor.view()) }
            for _ in 0..<(try cursor.number(most: cursor.remaining)) {
                state.staged.append(StagedRows(first: RowID(try cursor.number32()), count: try cursor.number32()))
            }
            states.append(state)
        }
        return states
    }

    private static func readOrder(of sheet: SheetID, _ named: [String: [UInt8]]) throws(RecordError) -> RowOrder {
        let name = "order/\(sheet)"
        guard let list = named[name] else { return RowOrder() }
        var ids: [UInt32] = []
        try open(list, name) { cursor throws(RecordError) in
            for _ in 0..<(try cursor.number(most: cursor.remaining)) { ids.append(try cursor.number32()) }
        }
        var chunks: [(UInt32, [UInt32])] = []
        for id in ids {
            let chunkName = "\(name)/\(id)"
            guard let document = named[chunkName] else { throw .damaged(offset: 0, "the document \"\(chunkName)\" is missing") }
            var rows: [UInt32] = []
            try open(document, chunkName) { cursor throws(RecordError) in rows = try readRows(&cursor) }
            chunks.append((id, rows))
        }
        guard let order = RowOrder(folded: chunks) else {
            throw .damaged(offset: 0, "a row or chunk comes twice in the order of \(sheet)")
        }
        return order
    }

    private static func readRows(_ cursor: inout RecordCursor) throws(RecordError) -> [UInt32] {
        let count = try cursor.number(most: RowOrder.chunkLimit)
        var rows: [UInt32] = []
        var last: Int64 = 0
        while rows.count < count {
            let zigzag = try cursor.varint()
            let delta = Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
            let length = try cursor.number(most: RowOrder.chunkLimit)
            let (first, overflow) = last.addingReportingOverflow(delta)
            guard !overflow, first >= 0, first <= Int64(UInt32.max) - Int64(length), rows.count + length < count else {
                throw cursor.damaged("row numbers out of range")
            }
            for offset in 0...length { rows.append(UInt32(first + Int64(offset))) }
            last = first + Int64(length)
        }
        return rows
    }
}
