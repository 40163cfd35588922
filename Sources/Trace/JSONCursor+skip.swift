extension JSONCursor {
    /// The containers that are open, as bits: 1 an object, 0 an array.
    @usableFromInline
    struct Nesting {
        @usableFromInline var bits: UInt128 = 0
        @usableFromInline var depth = 0

        @inlinable init() {}

        @inlinable var isInObject: Bool { bits & 1 == 1 }

        @inlinable
        mutating func enter(isObject: Bool) -> Bool {
            bits = bits << 1 | (isObject ? 1 : 0)
            depth += 1
            return depth <= JSONCursor.maximumDepth
        }

        @inlinable
        mutating func leave() {
            bits >>= 1
            depth -= 1
        }
    }

    /// Checks one value of any kind and steps over it.
    @inlinable
    @discardableResult
    package mutating func skipValue() throws(JSONFailure) -> JSONSlice {
        let byte = peek()
        let first = next
        switch byte {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "{"), UInt8(ascii: "["): try skipContainer()
        default: try scalar(byte)
        }
        return JSONSlice(start: first, count: next - first)
    }

    @inlinable
    mutating func skipContainer() throws(JSONFailure) {
        var nesting = Nesting()
        repeat {
            if try skipOpening(&nesting) { continue }
            try skipEndings(&nesting)
        } while nesting.depth > 0
    }

    /// Steps over a scalar, or into a container. `true` when a value must follow.
    @inlinable @inline(__always)
    mutating func skipOpening(_ nesting: inout Nesting) throws(JSONFailure) -> Bool {
        let byte = peek()
        switch byte {
        case UInt8(ascii: "\""):
            _ = try string()
            return false
        case UInt8(ascii: "{"):
            guard nesting.enter(isObject: true) else { throw failure("nested deeper than 128") }
            next += 1
            if peek() == UInt8(ascii: "}") { return false }
            try memberName()
            return true
        case UInt8(ascii: "["):
            guard nesting.enter(isObject: false) else { throw failure("nested deeper than 128") }
            next += 1
            return peek() != UInt8(ascii: "]")
        default:
            try scalar(byte)
            return false
        }
    }

    /// Steps over what follows a value: the ends of containers, then a comma and the next name.
    @inlinable @inline(__always)
    mutating func skipEndings(_ nesting: inout Nesting) throws(JSONFailure) {
        while nesting.depth > 0 {
            let byte = peek()
            if byte == UInt8(ascii: ",") {
                next += 1
                if nesting.isInObject { try memberName() }
                return
            }
            guard byte == (nesting.isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw failure(nesting.isInObject ? "expected , or } after a member" : "expected , or ] after an element")
            }
            next += 1
            nesting.leave()
        }
    }

    @inlinable @inline(__always)
    mutating func memberName() throws(JSONFailure) {
        _ = try string("expected a member's name")
        try expect(UInt8(ascii: ":"), "expected : after a member's name")
    }

    /// Steps over a number or a literal that begins with `byte`.
    @inlinable @inline(__always)
    mutating func scalar(_ byte: UInt8) throws(JSONFailure) {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): try number()
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): try literal()
        default: throw failure(byte == 0 && next >= end ? "the value does not end" : "expected a value")
        }
    }

    @inlinable
    mutating func literal() throws(JSONFailure) {
        let word = UnsafeRawPointer(next).loadUnaligned(as: UInt32.self).littleEndian
        if word == 0x6C6C_756E || word == 0x6575_7274 {  // null, true
            next += 4
        } else if word == 0x736C_6166, next[4] == UInt8(ascii: "e") {  // false
            next += 5
        } else {
            throw failure("expected a value")
        }
    }

    /// Steps over a number.
    @inlinable
    mutating func number() throws(JSONFailure) {
        if next.pointee == UInt8(ascii: "-") { next += 1 }
        let first = next
        guard skipDigits() else { throw failure("expected a digit") }
        if first.pointee == UInt8(ascii: "0"), next - first > 1 { throw failure("a number with a leading zero") }
        if next.pointee == UInt8(ascii: ".") {
            next += 1
            guard skipDigits() else { throw failure("expected a digit after the decimal point") }
        }
        if next.pointee | 0x20 == UInt8(ascii: "e") {
            next += 1
            if next.pointee == UInt8(ascii: "+") || next.pointee == UInt8(ascii: "-") { next += 1 }
            guard skipDigits() else { throw failure("expected a digit in the exponent") }
        }
    }

    @inlinable
    func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    @inlinable @inline(__always)
    mutating func skipDigits() -> Bool {
        let first = next
        while isDigit(next.pointee) { next += 1 }
        return next > first
    }
}
