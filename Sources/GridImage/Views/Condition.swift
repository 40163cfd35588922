import GridModel

/// A view's condition, prepared to be asked of many cells.
struct Condition {
    let place: ColumnPlace?
    private let operation: Filter.Operation
    private let type: ColumnType
    /// The compared values' JSON, displayed bytes, and displayed bytes in lower case.
    private let json: [[UInt8]]
    private let exact: Set<[UInt8]>
    private let display: [UInt8]
    private let folded: [UInt8]
    /// The values that are numbers, for a number column.
    private let numbers: [[UInt8]]

    init(_ filter: Filter, place: ColumnPlace?, type: ColumnType) {
        self.place = place
        self.type = type
        operation = filter.operation
        json = filter.values.map { type == .number ? Self.number($0) : Array($0.json.utf8) }
        exact = Set(filter.values.map { Array($0.displayText.utf8) })
        display = filter.values.first.map { Array($0.displayText.utf8) } ?? []
        var folded: [UInt8] = []
        json.first?.withUnsafeBytes { DisplayText.fold($0, into: &folded) }
        self.folded = folded
        numbers = type == .number ? json.filter { $0.withUnsafeBytes { NumberText.isNumber($0) } } : []
    }

    /// The value's JSON; of text that reads as a number, as people type it, the number.
    private static func number(_ value: CellValue) -> [UInt8] {
        guard value.kind == .text else { return Array(value.json.utf8) }
        let text = Array(value.displayText.utf8)
        guard let number = try? JSONScanner.check(text[...]), number.withUnsafeBytes({ NumberText.isNumber($0) }) else {
            return Array(value.json.utf8)
        }
        return Array(number)
    }

    /// Whether it asks for a cell's mark, and not for its value.
    var isOfMark: Bool {
        switch operation {
        case .isFailed, .isStale: true
        case .equals, .notEquals, .contains, .startsWith, .isEmpty, .isNotEmpty, .less, .lessOrEqual, .greater, .greaterOrEqual,
            .oneOf:
            false
        }
    }

    /// Whether a cell with this mark meets a condition that asks for marks.
    func holds(_ mark: CellMark?) -> Bool {
        switch mark {
        case .failed: operation == .isFailed
        case .stale: operation == .isStale
        case .skipped, nil: false
        }
    }

    /// Whether a cell, given by its JSON, meets the condition.
    @inline(__always)
    func holds(_ cell: UnsafeRawBufferPointer, _ scratch: inout [UInt8]) -> Bool {
        switch operation {
        case .isFailed, .isStale: return false  // of the mark, not of the value
        case .isEmpty: return cell.isEmpty
        case .isNotEmpty: return !cell.isEmpty
        case .equals: return !cell.isEmpty && equals(cell)
        case .notEquals: return cell.isEmpty || !equals(cell)
        case .oneOf: return !cell.isEmpty && isOne(cell)
        case .contains:
            guard !cell.isEmpty else { return false }
            DisplayText.fold(cell, into: &scratch)
            return DisplayText.contains(scratch, folded)
        case .startsWith:
            guard !cell.isEmpty else { return false }
            DisplayText.fold(cell, into: &scratch)
            return scratch.starts(with: folded)
        case .less: return order(cell).map { $0 < 0 } ?? false
        case .lessOrEqual: return order(cell).map { $0 <= 0 } ?? false
        case .greater: return order(cell).map { $0 > 0 } ?? false
        case .greaterOrEqual: return order(cell).map { $0 >= 0 } ?? false
        }
    }

    private func equals(_ cell: UnsafeRawBufferPointer) -> Bool {
        if let number = numbers.first, NumberText.isNumber(cell) {
            return number.withUnsafeBytes { NumberText.compare(cell, $0) == 0 }
        }
        return DisplayText.with(cell) { text in text.count == display.count && text.elementsEqual(display) }
    }

    private func isOne(_ cell: UnsafeRawBufferPointer) -> Bool {
        if !numbers.isEmpty, NumberText.isNumber(cell) {
            return numbers.contains { $0.withUnsafeBytes { NumberText.compare(cell, $0) == 0 } }
        }
        return DisplayText.with(cell) { exact.contains(Array($0)) }
    }

    /// How a cell stands to the value; `nil` when they cannot be compared: one is empty, or not a number in a number column.
    private func order(_ cell: UnsafeRawBufferPointer) -> Int? {
        guard !cell.isEmpty, let value = json.first else { return nil }
        return value.withUnsafeBytes { value in
            guard type == .number else { return SortKey.compareText(cell, value) }
            guard NumberText.isNumber(cell), NumberText.isNumber(value) else { return nil }
            return NumberText.compare(cell, value)
        }
    }
}
