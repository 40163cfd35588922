import GridModel

/// What a cell's raw text is, and the JSON it is kept as. Nothing is coerced: text that is not exactly of the column's type is
/// kept as a JSON string, so an export writes the very bytes that were imported.
enum RawText {
    /// More significant digits than a double holds for certain: such a number is rather a code, and stays text.
    static let significantDigits = 15

    /// Appends the cell's JSON; nothing for an empty text, which is the empty cell.
    static func append(_ text: UnsafeBufferPointer<UInt8>, as type: ColumnType, to output: inout [UInt8]) {
        guard !text.isEmpty else { return }
        if isToken(text, of: type) {
            output.append(contentsOf: text)
        } else {
            appendString(text, to: &output)
        }
    }

    /// True when the text, as it is, becomes the JSON of a cell in a column of the type.
    private static func isToken(_ text: UnsafeBufferPointer<UInt8>, of type: ColumnType) -> Bool {
        switch type {
        case .text, .date: false
        case .number: isNumber(text)
        case .boolean: isBoolean(text)
        case .json: isBoolean(text) || isNumber(text) || isStructure(text)
        }
    }

    /// Appends the text as a JSON string.
    static func appendString(_ text: some Collection<UInt8>, to output: inout [UInt8]) {
        output.append(0x22)
        let done: Void? = text.withContiguousStorageIfAvailable { appendEscaped($0, to: &output) }
        if done == nil { Array(text).withUnsafeBufferPointer { appendEscaped($0, to: &output) } }
        output.append(0x22)
    }

    private static func appendEscaped(_ text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        var start = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte >= 0x20, byte != 0x22, byte != 0x5C {
                index += 1
                continue
            }
            output.append(contentsOf: text[start..<index])
            output.append(0x5C)
            switch byte {
            case 0x22, 0x5C: output.append(byte)
            case 0x0A: output.append(UInt8(ascii: "n"))
            case 0x0D: output.append(UInt8(ascii: "r"))
            case 0x09: output.append(UInt8(ascii: "t"))
            default:
                output.append(contentsOf: [UInt8(ascii: "u"), 0x30, 0x30, 0x30 + byte >> 4, hexDigits[Int(byte & 15)]])
            }
            index += 1
            start = index
        }
        output.append(contentsOf: text[start...])
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    static func isBoolean(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        text.elementsEqual("true".utf8) || text.elementsEqual("false".utf8)
    }

    /// True for an object or array in strict JSON with nothing around it.
    static func isStructure(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = text.first, first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return false }
        guard let last = text.last, last == UInt8(ascii: "}") || last == UInt8(ascii: "]") else { return false }
        return (try? JSONScanner.check(Array(text)[...])) != nil
    }

    /// True for exactly a number of JSON's grammar (RFC 8259, section 6): no plus, no leading zero, no spaces.
    static func isNumber(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 0
        func digits() -> Int {
            let start = index
            while index < text.count, isDigit(text[index]) { index += 1 }
            return index - start
        }
        if index < text.count, text[index] == UInt8(ascii: "-") { index += 1 }
        if index < text.count, text[index] == UInt8(ascii: "0") {
            index += 1
        } else if digits() == 0 {
            return false
        }
        if index < text.count, text[index] == UInt8(ascii: ".") {
            index += 1
            if digits() == 0 { return false }
        }
        if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < text.count, text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-") { index += 1 }
            if digits() == 0 { return false }
        }
        return index == text.count
    }

    /// Digits of a number without its leading zeros and its exponent.
    static func significantDigits(_ number: UnsafeBufferPointer<UInt8>) -> Int {
        var count = 0
        for byte in number {
            if byte | 0x20 == UInt8(ascii: "e") { break }
            if isDigit(byte), count > 0 || byte != 0x30 { count += 1 }
        }
        return count
    }

    /// True for a day or a moment in ISO 8601's extended form: `2024-02-29`, `2024-02-29T12:30`, `2024-02-29 12:30:05.5+01:00`.
    static func isDate(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let year = number(text, 0, 4), text.count >= 10, text[4] == 0x2D, let month = number(text, 5, 2), text[7] == 0x2D,
            let day = number(text, 8, 2), (1...12).contains(month)
        else { return false }
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
        guard (1...days).contains(day) else { return false }
        return text.count == 10 || (text[10] == UInt8(ascii: "T") || text[10] == 0x20) && isTime(text, from: 11)
    }

    private static func isTime(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
        guard let hour = number(text, start, 2), hour < 24, start + 2 < text.count, text[start + 2] == 0x3A,
            let minute = number(text, start + 3, 2), minute < 60
        else { return false }
        var index = start + 5
        if index < text.count, text[index] == 0x3A {
            guard let second = number(text, index + 1, 2), second <= 60 else { return false }
            index += 3
            if index < text.count, text[index] == UInt8(ascii: ".") {
                index += 1
                let fraction = index
                while index < text.count, isDigit(text[index]) { index += 1 }
                if index == fraction { return false }
            }
        }
        if index == text.count { return true }
        if text[index] == UInt8(ascii: "Z") { return index + 1 == text.count }
        guard text[index] == UInt8(ascii: "+") || text[index] == 0x2D, number(text, index + 1, 2) != nil else { return false }
        index += 3
        if index < text.count, text[index] == 0x3A { index += 1 }
        return index == text.count || number(text, index, 2) != nil && index + 2 == text.count
    }

    /// The number that exactly `count` digits write; `nil` when they are not there.
    private static func number(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ count: Int) -> Int? {
        guard text.count >= start + count else { return nil }
        var value = 0
        for byte in text[start..<(start + count)] {
            guard isDigit(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= 0x30 && byte <= 0x39
    }
}
