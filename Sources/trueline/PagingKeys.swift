/// What keys ask of a page in the terminal, read from the bytes that a terminal sends. Bytes that mean nothing are passed over.
struct PagingKeys {
    enum Key: Equatable {
        case next
        case previous
        case goTo(Int)
        case quit
        /// A number is being typed; `nil` when that was given up.
        case typing(String?)
    }

    private enum State {
        case plain
        /// After "g": the digits so far.
        case number(String)
        /// In an escape sequence: what came after ESC.
        case escape([UInt8])
    }

    /// More digits than any page number has.
    private static let mostDigits = 9
    /// Longer than any sequence that a key sends.
    private static let longestEscape = 8
    private static let escape: UInt8 = 0x1B
    private static let backspaces: [UInt8] = [0x08, 0x7F]
    /// Ctrl-C and Ctrl-D, which a terminal that hands over every key sends as bytes.
    private static let ends: [UInt8] = [0x03, 0x04]

    private var state = State.plain

    /// The keys in these bytes, in order.
    mutating func take(_ bytes: [UInt8]) -> [Key] {
        var keys = bytes.compactMap { take($0) }
        // A terminal sends a sequence in one piece: an ESC that ends one is the key of that name.
        if case .escape(let rest) = state, rest.isEmpty {
            state = .plain
            keys.append(.typing(nil))
        }
        return keys
    }

    private mutating func take(_ byte: UInt8) -> Key? {
        if Self.ends.contains(byte) { return .quit }
        switch state {
        case .plain: return plain(byte)
        case .number(let digits): return number(byte, digits)
        case .escape(let rest): return escaped(rest + [byte])
        }
    }

    private mutating func plain(_ byte: UInt8) -> Key? {
        switch byte {
        case UInt8(ascii: "n"), UInt8(ascii: " "): return .next
        case UInt8(ascii: "p"): return .previous
        case UInt8(ascii: "q"): return .quit
        case UInt8(ascii: "g"):
            state = .number("")
            return .typing("")
        case Self.escape:
            state = .escape([])
            return nil
        default: return nil
        }
    }

    private mutating func number(_ byte: UInt8, _ digits: String) -> Key? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            guard digits.utf8.count < Self.mostDigits else { return nil }
            let more = digits + String(UnicodeScalar(byte))
            state = .number(more)
            return .typing(more)
        case _ where Self.backspaces.contains(byte):
            let fewer = String(digits.dropLast())
            state = .number(fewer)
            return .typing(fewer)
        case UInt8(ascii: "\r"), UInt8(ascii: "\n"):
            state = .plain
            return Int(digits).map { .goTo($0) } ?? .typing(nil)
        case Self.escape:
            state = .escape([])
            return nil
        default:
            state = .plain
            return .typing(nil)
        }
    }

    /// ESC [ 6 ~ and ESC [ 5 ~ are PageDown and PageUp.
    private mutating func escaped(_ sequence: [UInt8]) -> Key? {
        let isOpen = sequence.first == UInt8(ascii: "[") && (sequence.count == 1 || !(0x40...0x7E).contains(sequence.last ?? 0))
        if isOpen, sequence.count < Self.longestEscape {
            state = .escape(sequence)
            return nil
        }
        state = .plain
        switch sequence {
        case Array("[6~".utf8): return .next
        case Array("[5~".utf8): return .previous
        default: return .typing(nil)
        }
    }
}
