public import GridModel
public import Ordering
import Wire

/// A grid in a server's list.
public struct GridSummary: Hashable, Sendable {
    public var id: GridID
    /// Empty when the grid cannot be opened.
    public var name: String
    /// Why the grid cannot be opened.
    public var damage: String?
}

/// A grid with its sheets.
public struct GridDescription: Hashable, Sendable {
    public var id: GridID
    public var name: String
    public var revision: Revision
    public var sheets: [SheetDescription]

    /// The sheet of that id or, when there is none, of that name.
    public func sheet(_ text: String) -> SheetDescription? {
        sheets.first { $0.id.description == text } ?? sheets.first { $0.name == text }
    }

    init(_ document: GridDocument) {
        id = document.id
        name = document.name
        revision = document.revision
        sheets = document.sheets.map { SheetDescription(sheet: $0.sheet, rows: $0.rows) }
    }
}

/// A sheet with its columns and views.
public struct SheetDescription: Hashable, Sendable {
    var sheet: Sheet
    /// How many rows it has.
    public var rows: Int

    public var id: SheetID { sheet.id }
    public var name: String { sheet.name }
    /// In the order shown.
    public var columns: [Column] { sheet.columns }
    public var views: [SavedView] { sheet.views }

    init(sheet: Sheet, rows: Int) {
        self.sheet = sheet
        self.rows = rows
    }
}

/// Which rows of a sheet are asked for, and in what order.
public enum ViewSelection: Hashable, Sendable {
    /// The sheet's own rows and order.
    case all
    /// A saved view.
    case saved(ViewID)
    case inline(ViewDefinition)

    var query: PagesQuery.View? {
        switch self {
        case .all: nil
        case .saved(let id): .saved(id)
        case .inline(let definition): definition.isEmpty ? nil : .inline(definition)
        }
    }

    /// The columns that decide which rows are seen; unknown for a saved view, which may be changed by others.
    var sensitive: SensitiveColumns {
        switch self {
        case .all: .these([])
        case .saved: .all
        case .inline(let definition) where definition.find != nil: .all
        case .inline(let definition): .these(definition.columns.map { ColumnKey($0.rawValue) })
        }
    }
}
