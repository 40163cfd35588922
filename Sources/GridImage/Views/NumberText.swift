import GridModel

/// Numbers as JSON writes them, compared by value without losing a digit.
enum NumberText {
    @inline(__always)
    static func isNumber(_ json: UnsafeRawBufferPointer) -> Bool {
        guard let first = json.first else { return false }
        return first == UInt8(ascii: "-") || first >= UInt8(ascii: "0") && first <= UInt8(ascii: "9")
    }

    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
        1e22,
    ]

    /// The nearest `Double`. Short numbers take the exact fast path (Clinger 1990): a product or quotient of two exact doubles.
    @inline(__always)
    static func double(_ json: UnsafeRawBufferPointer) -> Double {
        var position = 0
        let negative = json.first == UInt8(ascii: "-")
        if negative { position = 1 }
        var mantissa: UInt64 = 0
        var digits = 0
        var fraction = 0
        var inFraction = false
        while position < json.count {
            let byte = json[position]
            if byte == UInt8(ascii: ".") {
                inFraction = true
            } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                mantissa = mantissa &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
                digits += 1
                if inFraction { fraction += 1 }
            } else {
                return slowDouble(json)
            }
            position += 1
        }
        guard digits <= 15, fraction <= 22 else { return slowDouble(json) }
        let value = Double(mantissa) / powers[fraction]
        return negative ? -value : value
    }

    private static func slowDouble(_ json: UnsafeRawBufferPointer) -> Double {
        Double(String(decoding: json, as: UTF8.self)) ?? 0
    }

    /// Compares by value, exactly: 1, 1.0 and 1e0 are equal, 9007199254740993 is above 9007199254740992.
    static func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        let first = double(a)
        let second = double(b)
        if first != second { return first < second ? -1 : 1 }
        return JSONNumber(a).compare(JSONNumber(b))
    }
}
