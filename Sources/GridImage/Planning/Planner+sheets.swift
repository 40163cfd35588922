package import GridModel
import Ordering

extension Planner {
    mutating func planSheet(_ change: Change) throws(CommandRefusal) -> ChangeResult {
        switch change {
        case .addSheet(let name): return try planNewSheet(name)
        case .renameSheet(let sheet, let name): return try planRenaming(sheet, name)
        case .deleteSheet(let sheet):
            let index = try stateIndex(sheet)
            guard draft.states.count > 1 else { throw refuse(.invalid("a grid keeps at least one sheet")) }
            try emit(.deleteSheet) { writer in
                writer.varint(UInt64(sheet.rawValue))
                writer.number(index)
            }
            return .done
        case .addView(let sheet, let name, let definition): return try planNewView(sheet, name, definition)
        case .changeView(let view, let name, let definition): return try planViewChange(view, name, definition)
        case .deleteView(let view):
            let (sheet, index) = try found(view)
            try emit(.deleteView) { writer in
                writer.varint(UInt64(sheet.id.rawValue))
                writer.number(index)
                writer.view(sheet.views[index])
            }
            return .done
        case .renameGrid(let name):
            try check(name: name, among: [])
            let old = draft.name
            try emit(.renameGrid) { writer in
                writer.text(old)
                writer.text(name)
            }
            return .done
        default: throw refuse(.invalid("not a change of sheets"))
        }
    }

    private mutating func planNewSheet(_ name: String) throws(CommandRefusal) -> ChangeResult {
        try limit("sheets of a grid", most: Limits.sheetsPerGrid, asked: draft.states.count + 1)
        try check(name: name, among: draft.states.lazy.map { $0.sheet.name })
        let id = SheetID(draft.nextSheet)
        try emit(.addSheet) { writer in
            writer.varint(UInt64(id.rawValue))
            writer.text(name)
        }
        return .sheet(id)
    }

    private mutating func planRenaming(_ id: SheetID, _ name: String) throws(CommandRefusal) -> ChangeResult {
        let old = draft.states[try stateIndex(id)].sheet.name
        try check(name: name, among: draft.states.lazy.filter { $0.sheet.id != id }.map { $0.sheet.name })
        try emit(.renameSheet) { writer in
            writer.varint(UInt64(id.rawValue))
            writer.text(old)
            writer.text(name)
        }
        return .done
    }

    private func found(_ view: ViewID) throws(CommandRefusal) -> (sheet: Sheet, index: Int) {
        for state in draft.states {
            if let index = state.sheet.views.firstIndex(where: { $0.id == view }) { return (state.sheet, index) }
        }
        throw refuse(.noSuchView(view))
    }

    private func check(_ definition: ViewDefinition, for sheet: Sheet) throws(CommandRefusal) {
        if let problem = definition.problem(in: sheet) { throw refuse(problem) }
        if definition.find != nil { throw refuse(.invalid("a saved view holds no text to find")) }
    }

    private mutating func planNewView(
        _ id: SheetID, _ name: String, _ definition: ViewDefinition
    ) throws(CommandRefusal) -> ChangeResult {
        let sheet = draft.states[try stateIndex(id)].sheet
        try limit("saved views of a sheet", most: Limits.viewsPerSheet, asked: sheet.views.count + 1)
        try check(name: name, among: sheet.views.lazy.map { $0.name })
        try check(definition, for: sheet)
        let view = SavedView(id: ViewID(draft.nextView), name: name, definition: definition)
        try emit(.addView) { writer in
            writer.varint(UInt64(id.rawValue))
            writer.view(view)
        }
        return .view(view.id)
    }

    private mutating func planViewChange(
        _ id: ViewID, _ name: String, _ definition: ViewDefinition
    ) throws(CommandRefusal) -> ChangeResult {
        let (sheet, index) = try found(id)
        try check(name: name, among: sheet.views.lazy.filter { $0.id != id }.map { $0.name })
        try check(definition, for: sheet)
        let old = sheet.views[index]
        let new = SavedView(id: id, name: name, definition: definition)
        try emit(.changeView) { writer in
            writer.varint(UInt64(sheet.id.rawValue))
            writer.view(old)
            writer.view(new)
        }
        return .done
    }
}

extension ViewDefinition {
    /// Why the definition does not fit a sheet, in the words a command is refused with; `nil` when it fits. A definition that
    /// comes with a request must be asked this before `GridImage.rows(of:view:)`.
    package func problem(in sheet: Sheet) -> CommandRefusal.Reason? {
        let criteria = filter.count + sort.count
        if criteria > Limits.criteriaPerView {
            return .limit("conditions and sort levels of a view", most: Limits.criteriaPerView, asked: criteria)
        }
        for column in columns where !sheet.columns.contains(where: { $0.id == column }) { return .noSuchColumn(column) }
        for condition in filter {
            if let problem = condition.problem { return problem }
        }
        return nil
    }
}

extension Filter {
    fileprivate var problem: CommandRefusal.Reason? {
        if values.count > Limits.valuesPerFilter {
            return .limit("values of a condition", most: Limits.valuesPerFilter, asked: values.count)
        }
        let bytes = values.reduce(0) { $0 + $1.json.utf8.count }
        if bytes > Limits.cellBytes { return .limit("bytes of a condition's values", most: Limits.cellBytes, asked: bytes) }
        let expected: Int? =
            switch operation {
            case .isEmpty, .isNotEmpty, .isFailed, .isStale: 0
            case .oneOf: nil
            case .equals, .notEquals, .contains, .startsWith, .less, .lessOrEqual, .greater, .greaterOrEqual: 1
            }
        guard let expected, values.count != expected else { return nil }
        return .invalid("\"\(operation.rawValue)\" takes \(expected) values, \(values.count) were given")
    }
}
