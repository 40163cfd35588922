import GridModel

/// Which types every non-empty cell seen so far agrees with.
struct TypeProposal: Hashable, Sendable {
    private var seen = false
    private var number = true
    private var boolean = true
    private var date = true
    private var structure = true

    /// The narrowest type that fits all of them; text when none were seen.
    var type: ColumnType {
        guard seen else { return .text }
        if boolean { return .boolean }
        if number { return .number }
        if date { return .date }
        return structure ? .json : .text
    }

    /// Takes in a cell of a delimited file.
    mutating func take(_ text: UnsafeBufferPointer<UInt8>) {
        guard !text.isEmpty else { return }
        seen = true
        number = number && RawText.isNumber(text) && RawText.significantDigits(text) <= RawText.significantDigits
        boolean = boolean && RawText.isBoolean(text)
        date = date && RawText.isDate(text)
        structure = structure && RawText.isStructure(text)
    }

    /// Takes in a cell that is JSON already.
    mutating func take(json: ArraySlice<UInt8>) {
        guard let first = json.first else { return }
        seen = true
        boolean = boolean && (first == UInt8(ascii: "t") || first == UInt8(ascii: "f"))
        structure = structure && (first == UInt8(ascii: "{") || first == UInt8(ascii: "["))
        number = number && (first == 0x2D || (0x30...0x39).contains(first))
        date = date && first == 0x22 && json.dropFirst().dropLast().withUnsafeBufferPointer { RawText.isDate($0) }
    }
}
