import GridImage
import GridModel

/// The columns of a page, in the order shown, each with a number that changes with its name and its type.
struct Heading: Hashable, Sendable {
    var columns: [UInt32]
    var labels: [UInt32]

    init(_ columns: some Sequence<Column>) {
        self.columns = columns.map(\.id.rawValue)
        labels = columns.map { Self.label($0.name, $0.type) }
    }

    /// FNV-1a over the name and the type.
    private static func label(_ name: String, _ type: ColumnType) -> UInt32 {
        var hash: UInt32 = 0x811C_9DC5
        for byte in name.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        for byte in type.rawValue.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return hash
    }
}

/// The sheets and their columns at one revision, told from the commands alone. Made anew when something of it changes, so that a state costs a
/// reference.
final class Structure: Sendable {
    let sheets: [Sheet]
    /// By sheet, for those that screens look at: all columns, and the three that were there from the beginning.
    private let all: [Heading]
    private let named: [Heading]

    init(_ sheets: [Sheet]) {
        self.sheets = sheets
        all = sheets.prefix(Truth.sheets).map { Heading($0.columns) }
        named = sheets.prefix(Truth.sheets).enumerated().map { index, sheet in
            Heading(Truth.named(index).compactMap { id in sheet.columns.first { $0.id.rawValue == id } })
        }
    }

    func heading(_ sheet: Int, showsAll: Bool) -> Heading { showsAll ? all[sheet] : named[sheet] }

    /// The structure after a change; `nil` when the change is of something else.
    func after(_ change: Change, _ result: ChangeResult) -> Structure? {
        var sheets = sheets
        switch (change, result) {
        case (.addColumn(let sheet, let name, let type, _, _, let position), .column(let id)):
            guard let index = sheets.firstIndex(where: { $0.id == sheet }) else { return nil }
            Self.insert(Column(id: id, name: name, type: type), position, into: &sheets[index].columns)
        case (.renameColumn(let id, let name), .done): Self.change(id, in: &sheets) { $0[$1].name = name }
        case (.retypeColumn(let id, let type), .done): Self.change(id, in: &sheets) { $0[$1].type = type }
        case (.moveColumn(let id, let position), .done):
            Self.change(id, in: &sheets) { Self.insert($0.remove(at: $1), position, into: &$0) }
        case (.deleteColumn(let id), .done): Self.change(id, in: &sheets) { $0.remove(at: $1) }
        case (.addSheet(let name), .sheet(let id)): sheets.append(Sheet(id: id, name: name))
        case (.renameSheet(let id, let name), .done):
            for index in sheets.indices where sheets[index].id == id { sheets[index].name = name }
        case (.deleteSheet(let id), .done): sheets.removeAll { $0.id == id }
        default: return nil
        }
        return Structure(sheets)
    }

    private static func change(_ id: ColumnID, in sheets: inout [Sheet], _ body: (inout [Column], Int) -> Void) {
        for sheet in sheets.indices {
            guard let index = sheets[sheet].columns.firstIndex(where: { $0.id == id }) else { continue }
            return body(&sheets[sheet].columns, index)
        }
    }

    private static func insert(_ column: Column, _ position: Position<ColumnID>, into columns: inout [Column]) {
        func index(_ id: ColumnID) -> Int? { columns.firstIndex { $0.id == id } }
        let place =
            switch position {
            case .first: 0
            case .last: columns.count
            case .before(let id): index(id) ?? columns.count
            case .after(let id): index(id).map { $0 + 1 } ?? columns.count
            }
        columns.insert(column, at: place)
    }
}

/// The columns that a reply is made of. Where nothing changes the columns of a world, they need not be looked up.
struct Windows: Sendable {
    let fixed: [ColumnWindow]
    let areFixed: Bool

    func of(_ sheet: Int, in image: GridImage, showsAll: Bool) -> ColumnWindow {
        if areFixed { return fixed[sheet] }
        let id = SheetID(UInt32(sheet + 1))
        let found = showsAll ? image.window(of: id) : image.window(of: id, columns: Truth.named(sheet).map { ColumnID($0) })
        return found ?? fixed[sheet]
    }
}
