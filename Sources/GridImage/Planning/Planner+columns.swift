import GridModel
import Ordering

extension Planner {
    mutating func planColumn(_ change: Change) throws(CommandRefusal) -> ChangeResult {
        switch change {
        case .addColumn(let sheet, let name, let type, let width, let agent, let position):
            return try planNewColumn(sheet, name, type, width, agent, position)
        case .renameColumn(let column, let name):
            return try planRenaming(column, name)
        case .retypeColumn(let column, let type):
            return try planColumnChange(column) { $0.type = type }
        case .resizeColumn(let column, let width):
            return try planColumnChange(column) { $0.width = width }
        case .setColumnAgent(let column, let agent):
            try check(agent)
            return try planColumnChange(column) { $0.agent = Self.numbered(agent, after: $0.agent) }
        case .moveColumn(let column, let position):
            return try planColumnMove(column, position)
        case .deleteColumn(let column):
            return try planColumnDeletion(column)
        default: throw refuse(.invalid("not a change of columns"))
        }
    }

    private func check(_ agent: AgentSettings?) throws(CommandRefusal) {
        guard let agent else { return }
        try limit("characters of a prompt", most: Limits.promptCharacters, asked: agent.prompt.count)
        try limit("characters of a model's name", most: Limits.nameCharacters, asked: agent.model?.count ?? 0)
    }

    /// The version counts up with each change of what is asked, whatever the caller says.
    private static func numbered(_ agent: AgentSettings?, after old: AgentSettings?) -> AgentSettings? {
        guard let agent, let old else { return agent }
        return agent.numbered(after: old)
    }

    private func index(_ position: Position<ColumnID>, in columns: [Column]) throws(CommandRefusal) -> Int {
        switch position {
        case .first: return 0
        case .last: return columns.count
        case .before(let column), .after(let column):
            guard let index = columns.firstIndex(where: { $0.id == column }) else { throw refuse(.noSuchColumn(column)) }
            if case .after = position { return index + 1 }
            return index
        }
    }

    private mutating func planNewColumn(
        _ sheet: SheetID, _ name: String, _ type: ColumnType, _ width: UInt16?, _ agent: AgentSettings?,
        _ position: Position<ColumnID>
    ) throws(CommandRefusal) -> ChangeResult {
        let state = draft.states[try stateIndex(sheet)]
        try limit("columns of a sheet", most: Limits.columnsPerSheet, asked: state.sheet.columns.count + 1)
        try limit("columns in a sheet's life", most: Limits.columnsPerSheet, asked: state.slotCount + 1)
        try check(name: name, among: state.sheet.columns.lazy.map { $0.name })
        try check(agent)
        let index = try index(position, in: state.sheet.columns)
        let id = ColumnID(UInt32(draft.places.count))
        let column = Column(id: id, name: name, type: type, width: width, agent: agent)
        try emit(.addColumn) { writer in
            writer.varint(UInt64(sheet.rawValue))
            writer.number(index)
            writer.number(state.slotCount)
            writer.column(column)
        }
        return .column(id)
    }

    private func found(_ column: ColumnID) throws(CommandRefusal) -> (sheet: Sheet, index: Int) {
        let state = draft.states[Int(try place(column).stateIndex)]
        guard let index = state.columnIndex(column) else { throw refuse(.noSuchColumn(column)) }
        return (state.sheet, index)
    }

    private mutating func planColumnChange(_ id: ColumnID, _ body: (inout Column) -> Void) throws(CommandRefusal)
        -> ChangeResult
    {
        let (sheet, index) = try found(id)
        var column = sheet.columns[index]
        body(&column)
        try emitChange(from: sheet.columns[index], to: column)
        return .done
    }

    private mutating func emitChange(from old: Column, to new: Column) throws(CommandRefusal) {
        guard old != new else { return }
        try emit(.changeColumn) { writer in
            writer.column(old)
            writer.column(new)
        }
    }

    /// Prompts that refer to the column follow its new name.
    private mutating func planRenaming(_ id: ColumnID, _ name: String) throws(CommandRefusal) -> ChangeResult {
        let (sheet, index) = try found(id)
        let old = sheet.columns[index]
        try check(name: name, among: sheet.columns.lazy.filter { $0.id != id }.map { $0.name })
        for column in sheet.columns where column.id != id {
            guard var agent = column.agent else { continue }
            agent.prompt = PromptReferences.renaming(old.name, to: name, in: agent.prompt)
            var renamed = column
            renamed.agent = agent
            try emitChange(from: column, to: renamed)
        }
        return try planColumnChange(id) { $0.name = name }
    }

    private mutating func planColumnMove(
        _ id: ColumnID, _ position: Position<ColumnID>
    ) throws(CommandRefusal) -> ChangeResult {
        let (sheet, old) = try found(id)
        var others = sheet.columns
        others.remove(at: old)
        let new = try index(position, in: others)
        try emit(.moveColumn) { writer in
            writer.varint(UInt64(id.rawValue))
            writer.number(old)
            writer.number(new)
        }
        return .done
    }

    /// Saved views lose their conditions on the column.
    private mutating func planColumnDeletion(_ id: ColumnID) throws(CommandRefusal) -> ChangeResult {
        let (sheet, index) = try found(id)
        for view in sheet.views where view.definition.columns.contains(id) {
            var changed = view
            changed.definition.filter.removeAll { $0.column == id }
            changed.definition.sort.removeAll { $0.column == id }
            try emit(.changeView) { writer in
                writer.varint(UInt64(sheet.id.rawValue))
                writer.view(view)
                writer.view(changed)
            }
        }
        try emit(.deleteColumn) { writer in
            writer.number(index)
            writer.column(sheet.columns[index])
        }
        return .done
    }
}
