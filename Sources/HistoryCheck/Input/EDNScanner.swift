/// A scanned form: a scalar, or the beginning of a collection whose children follow it on the tape.
struct EDNForm {
    enum Kind: UInt8 {
        case scalar, vector, list, map, set
    }

    var kind: Kind
    /// Of a scalar, its value; of a collection, the place on the tape behind its last child.
    var code: Int64

    var value: HistoryValue? { kind == .scalar ? HistoryValue(code: code) : nil }
    var isSequence: Bool { kind == .vector || kind == .list }
}

/// Where a byte is: line and column, both from 1; columns count bytes.
struct InputPlace {
    var line: Int
    var column: Int
}

/// Why scanning stopped.
enum ScanStop: Error {
    /// The bytes end within a form, and more may come.
    case needsMore
    case rejected(HistoryInputError)
}

/// Reads EDN (github.com/edn-format/edn), strictly, from bytes that come in pieces. Whoever calls marks where a form begins and goes
/// back there when the bytes do not suffice: nothing is kept between the pieces but the bytes themselves.
struct EDNScanner {
    /// Deeper nesting is refused: the scanner calls itself for each level.
    static let maximalDepth = 64

    struct Mark {
        var position: Int
        var line: Int
        var lineStart: Int
    }

    private(set) var bytes: [UInt8] = []
    private(set) var position = 0
    private(set) var line = 1
    /// Where the line begins; negative when that was given away already.
    private var lineStart = 0
    /// True when no more bytes come.
    var isFinal = false
    private(set) var tape: [EDNForm] = []
    private(set) var texts = ValueTexts()

    var mark: Mark { Mark(position: position, line: line, lineStart: lineStart) }
    var place: InputPlace { InputPlace(line: line, column: position - lineStart + 1) }
    var rest: Int { bytes.count - position }

    mutating func go(back mark: Mark) {
        position = mark.position
        line = mark.line
        lineStart = mark.lineStart
    }

    mutating func append(_ more: some Collection<UInt8>) {
        bytes.removeFirst(position)
        lineStart -= position
        position = 0
        bytes.append(contentsOf: more)
    }

    func rejected(_ reason: String, at place: InputPlace? = nil) -> ScanStop {
        let place = place ?? self.place
        return .rejected(HistoryInputError(line: place.line, column: place.column, reason: reason))
    }

    mutating func clearTape(to count: Int = 0) {
        tape.removeLast(tape.count - count)
    }

    /// The byte at the position; `nil` at the end of the input.
    @inline(__always)
    func peek() throws(ScanStop) -> UInt8? {
        if position < bytes.count { return bytes[position] }
        if isFinal { return nil }
        throw .needsMore
    }

    /// Goes on by a byte that is no line end.
    @inline(__always)
    mutating func advance() {
        position += 1
    }

    /// Goes to a place in the same line.
    mutating func go(within place: Int) {
        position = place
    }

    /// Goes over a line end.
    mutating func nextLine() {
        position += 1
        line += 1
        lineStart = position
    }

    /// Passes white space, commas, comments and discarded forms.
    /// - Returns: the byte behind them; `nil` at the end of the input.
    mutating func skipSpace(depth: Int = 0) throws(ScanStop) -> UInt8? {
        while let byte = try peek() {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: ","), UInt8(ascii: "\t"), UInt8(ascii: "\r"), 0x0C:
                position += 1
            case UInt8(ascii: "\n"):
                position += 1
                line += 1
                lineStart = position
            case UInt8(ascii: ";"):
                while let byte = try peek(), byte != UInt8(ascii: "\n") { position += 1 }
            case UInt8(ascii: "#"):
                guard position + 1 < bytes.count || isFinal else { throw .needsMore }
                guard position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "_") else { return byte }
                position += 2
                let count = tape.count
                try scanForm(depth: depth + 1)
                clearTape(to: count)
            default: return byte
            }
        }
        return nil
    }

    /// Scans one form to the end of the tape.
    mutating func scanForm(depth: Int = 0) throws(ScanStop) {
        guard depth <= Self.maximalDepth else { throw rejected("nested deeper than \(Self.maximalDepth)") }
        guard let byte = try skipSpace(depth: depth) else { throw rejected("the file ends where a value should be") }
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"): try scanNumberOrSymbol()
        case UInt8(ascii: ":"): try scanKeyword()
        case UInt8(ascii: "\""): try scanString()
        case UInt8(ascii: "["): try scanCollection(.vector, end: UInt8(ascii: "]"), depth: depth)
        case UInt8(ascii: "("): try scanCollection(.list, end: UInt8(ascii: ")"), depth: depth)
        case UInt8(ascii: "{"): try scanCollection(.map, end: UInt8(ascii: "}"), depth: depth)
        case UInt8(ascii: "#"): try scanDispatch(depth: depth)
        case UInt8(ascii: "]"), UInt8(ascii: ")"), UInt8(ascii: "}"):
            throw rejected("\(Self.shown(byte)) closes nothing here")
        case UInt8(ascii: "\\"): try scanCharacter()
        default: try scanSymbol()
        }
    }

    /// A tagged form is the form; a set is a collection.
    private mutating func scanDispatch(depth: Int) throws(ScanStop) {
        position += 1
        guard let byte = try peek() else { throw rejected("the file ends behind #") }
        if byte == UInt8(ascii: "{") { return try scanCollection(.set, end: UInt8(ascii: "}"), depth: depth) }
        guard Self.isLetter(byte) else { throw rejected("\(Self.shown(byte)) cannot follow #") }
        _ = try scanToken()
        try scanForm(depth: depth + 1)
    }

    private mutating func scanCollection(_ kind: EDNForm.Kind, end: UInt8, depth: Int) throws(ScanStop) {
        let start = place
        let index = tape.count
        tape.append(EDNForm(kind: kind, code: 0))
        position += 1
        var children = 0
        while true {
            guard let byte = try skipSpace(depth: depth) else { throw rejected("nothing closes this \(kind)", at: start) }
            if byte == end { break }
            try scanForm(depth: depth + 1)
            children += 1
        }
        if kind == .map, children % 2 == 1 { throw rejected("the last key of this map has no value") }
        position += 1
        tape[index].code = Int64(tape.count)
    }

    /// Passes a token.
    /// - Returns: where it begins.
    mutating func scanToken() throws(ScanStop) -> Int {
        let start = position
        while position < bytes.count, !Self.isDelimiter(bytes[position]) { position += 1 }
        if position == bytes.count, !isFinal { throw .needsMore }
        return start
    }

    private mutating func scanNumberOrSymbol() throws(ScanStop) {
        let start = position
        var magnitude: Int64 = 0
        var index = position
        let isNegative = bytes[index] == UInt8(ascii: "-")
        if isNegative || bytes[index] == UInt8(ascii: "+") { index += 1 }
        let digits = index
        while index < bytes.count, index - digits < 18, bytes[index] >= UInt8(ascii: "0"), bytes[index] <= UInt8(ascii: "9") {
            magnitude = magnitude * 10 + Int64(bytes[index] - UInt8(ascii: "0"))
            index += 1
        }
        if index > digits, index < bytes.count, Self.isDelimiter(bytes[index]), magnitude < 1 << 61 {
            if bytes[digits] == UInt8(ascii: "0"), index > digits + 1 { throw rejected("a number begins with 0") }
            position = index
            tape.append(EDNForm(kind: .scalar, code: (isNegative ? -magnitude : magnitude) << 2))
            return
        }
        _ = try scanToken()
        let token = bytes[start..<position]
        guard token.count > 1 || magnitude > 0 || index > digits else { return try push(token) }
        try pushNumber(token, start: start, digits: digits)
    }

    /// A number that is not short and whole, or a symbol like `->`.
    private mutating func pushNumber(_ token: ArraySlice<UInt8>, start: Int, digits: Int) throws(ScanStop) {
        guard let first = bytes[digits..<position].first, first >= UInt8(ascii: "0"), first <= UInt8(ascii: "9") else {
            return try push(token)
        }
        guard let number = EDNNumber(token) else {
            throw rejected("\(Self.shown(token)) is no number", at: InputPlace(line: line, column: start - lineStart + 1))
        }
        switch number {
        case .integer(let integer): tape.append(EDNForm(kind: .scalar, code: integer << 2))
        case .other(let text): tape.append(EDNForm(kind: .scalar, code: texts.intern(text).code))
        }
    }

    private mutating func scanKeyword() throws(ScanStop) {
        let start = try scanToken()
        let length = position - start - 1
        guard length > 0 else {
            throw rejected("a keyword has no name", at: InputPlace(line: line, column: start - lineStart + 1))
        }
        guard length <= 7 else { return try push(bytes[start..<position]) }
        var packed: UInt64 = 0
        for index in start + 1..<position { packed = packed << 8 | UInt64(bytes[index]) }
        if packed & 0x8080_8080_8080_80 != 0 { try checkText(start..<position) }
        tape.append(EDNForm(kind: .scalar, code: Int64(bitPattern: packed << 8 | 2)))
    }

    private mutating func scanSymbol() throws(ScanStop) {
        let place = place
        let start = try scanToken()
        guard let first = bytes[start..<position].first,
            Self.isLetter(first) || "*!_?$%&=<>./".utf8.contains(first) || first >= 0x80
        else {
            throw rejected(
                start < bytes.count ? "\(Self.shown(bytes[start])) begins no value" : "a value is missing", at: place)
        }
        try push(bytes[start..<position])
    }

    private mutating func scanCharacter() throws(ScanStop) {
        let start = position
        position += 1
        guard try peek() != nil else { throw rejected("the file ends behind \\") }
        position += 1
        _ = try scanToken()
        try push(bytes[start..<position])
    }

    /// Escapes are checked and kept as they are written.
    private mutating func scanString() throws(ScanStop) {
        let start = position
        let startPlace = place
        position += 1
        var isASCII = true
        while true {
            guard let byte = try peek() else { throw rejected("nothing closes this string", at: startPlace) }
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") { try checkEscape() }
            if byte >= 0x80 { isASCII = false }
            position += 1
            if byte == UInt8(ascii: "\n") {
                line += 1
                lineStart = position
            }
        }
        position += 1
        if !isASCII { try checkText(start..<position, from: startPlace) }
        tape.append(EDNForm(kind: .scalar, code: texts.intern(bytes[start..<position]).code))
    }

    private mutating func checkEscape() throws(ScanStop) {
        position += 1
        guard let byte = try peek() else { throw rejected("the file ends behind \\") }
        guard "tnrbf\\\"u01234567".utf8.contains(byte) else { throw rejected("\\\(Self.shown(byte)) is no escape") }
    }

    private mutating func push(_ token: ArraySlice<UInt8>) throws(ScanStop) {
        try checkText(token.startIndex..<token.endIndex)
        tape.append(EDNForm(kind: .scalar, code: texts.intern(token).code))
    }

    /// Refuses what is not UTF-8, at its first byte.
    /// - Parameter start: where the token begins, if not in the line that the scanner is in.
    private func checkText(_ range: Range<Int>, from start: InputPlace? = nil) throws(ScanStop) {
        guard let wrong = UTF8Check.firstInvalid(bytes, range) else { return }
        var place = start ?? InputPlace(line: line, column: range.lowerBound - lineStart + 1)
        for byte in bytes[range.lowerBound..<wrong] {
            place =
                byte == UInt8(ascii: "\n")
                ? InputPlace(line: place.line + 1, column: 1) : InputPlace(line: place.line, column: place.column + 1)
        }
        throw rejected("a byte is not UTF-8", at: place)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
    }

    @inline(__always)
    static func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: ";"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"):
            true
        default: false
        }
    }

    static func shown(_ byte: UInt8) -> String {
        byte > 0x20 && byte < 0x7F ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x" + String(byte, radix: 16)
    }

    static func shown(_ token: ArraySlice<UInt8>) -> String {
        "'" + String(decoding: token.prefix(40), as: UTF8.self) + (token.count > 40 ? "...'" : "'")
    }
}
