import GridModel

/// How the cells of one column sort: by class, then within the class; empty cells are always last.
///
/// A number column has numbers, then everything else as text. A boolean column has false, true, then everything else. All other
/// columns are text: case-insensitive first, then exact. Descending reverses all but the empty cells.
struct SortKey {
    let place: ColumnPlace?
    let type: ColumnType
    let descending: Bool

    /// A prefix that sorts after all others.
    static let emptyPrefix: UInt64 = 1 << 63

    /// Whether a cell is of its column's own kind.
    @inline(__always)
    private func isOwnKind(_ json: UnsafeRawBufferPointer) -> Bool {
        switch type {
        case .number: NumberText.isNumber(json)
        case .boolean: json.first == UInt8(ascii: "t") || json.first == UInt8(ascii: "f")
        case .text, .date, .json: true
        }
    }

    /// Whether a cell sorts by its text here.
    func isText(_ json: UnsafeRawBufferPointer) -> Bool {
        !json.isEmpty && (type != .number && type != .boolean || !isOwnKind(json))
    }

    /// A number in the cells' order: cells of different prefixes sort as their prefixes do. With a depth above 0 the cells are
    /// text, equal up to there.
    @inline(__always)
    func prefix(_ json: UnsafeRawBufferPointer, depth: Int, _ scratch: inout [UInt8]) -> UInt64 {
        guard !json.isEmpty else { return Self.emptyPrefix }
        if depth > 0 {
            DisplayText.fold(json, into: &scratch)
            let key = Self.word(scratch, at: Self.firstBytes + (depth - 1) * 8)
            return descending ? ~key : key
        }
        var key: UInt64
        if isOwnKind(json), type == .number {
            let bits = (NumberText.double(json) + 0).bitPattern
            key = (bits >> 63 == 1 ? ~bits : bits | 1 << 63) >> 3
        } else if isOwnKind(json), type == .boolean {
            key = json.first == UInt8(ascii: "t") ? 1 : 0
        } else {
            DisplayText.fold(json, into: &scratch)
            key = Self.word(scratch, at: 0) >> 8
        }
        if !isOwnKind(json) { key |= 1 << 61 }
        return descending ? (1 << 62 - 1) - key : key
    }

    /// Bytes of a text in its first prefix; the ones after have 8.
    private static let firstBytes = 7

    /// Eight bytes as a number that sorts as they do; zeros past the end.
    @inline(__always)
    private static func word(_ bytes: [UInt8], at start: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in start..<start + 8 { word = word << 8 | (index < bytes.count ? UInt64(bytes[index]) : 0) }
        return word
    }

    /// Compares two cells whose prefixes may be equal. Below 0: `a` comes first.
    func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        if a.isEmpty || b.isEmpty { return (a.isEmpty ? 1 : 0) - (b.isEmpty ? 1 : 0) }
        let order = compareAscending(a, b)
        return descending ? -order : order
    }

    private func compareAscending(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        let (ownA, ownB) = (isOwnKind(a), isOwnKind(b))
        if ownA != ownB { return ownA ? -1 : 1 }
        if ownA, type == .number { return NumberText.compare(a, b) }
        if ownA, type == .boolean {
            return (a.first == UInt8(ascii: "t") ? 1 : 0) - (b.first == UInt8(ascii: "t") ? 1 : 0)
        }
        return Self.compareText(a, b)
    }

    /// Case-insensitive, then exact.
    static func compareText(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        var (foldedA, foldedB): ([UInt8], [UInt8]) = ([], [])
        DisplayText.fold(a, into: &foldedA)
        DisplayText.fold(b, into: &foldedB)
        let order = DisplayText.compare(foldedA, foldedB)
        if order != 0 { return order }
        return DisplayText.with(a) { a in DisplayText.with(b) { DisplayText.compare(a, $0) } }
    }
}
