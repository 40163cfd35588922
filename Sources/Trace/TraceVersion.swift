/// A version of a key, or of a whole store: an ordered number, or a text that is only equal to itself.
package struct TraceVersion: Sendable, Hashable {
    /// `>= 0`: the number. `Int64.min`: none. Other negative values: -1 - the symbol of a text.
    package let raw: Int64

    package init(raw: Int64) {
        self.raw = raw
    }

    package static let none = TraceVersion(raw: .min)

    /// A number; negative ones do not occur in the format and become `none`.
    package init(number: Int64) {
        raw = number >= 0 ? number : .min
    }

    package init(text: Symbol) {
        raw = -1 - Int64(text.raw)
    }

    package var isNone: Bool { raw == .min }
    package var number: Int64? { raw >= 0 ? raw : nil }
    package var text: Symbol? { raw < 0 && raw != .min ? Symbol(raw: UInt32(truncatingIfNeeded: -1 - raw)) : nil }

    /// Whether this version is known to be older than `other`; `false` when one of them is not a number.
    package func isOlder(than other: TraceVersion) -> Bool {
        raw >= 0 && other.raw >= 0 && raw < other.raw
    }
}

/// An interned text: a request, an intent, a slot, a key, a name. 0 is "none".
package struct Symbol: Sendable, Hashable, Comparable {
    package let raw: UInt32

    package init(raw: UInt32) {
        self.raw = raw
    }

    package static let none = Symbol(raw: 0)
    package var isNone: Bool { raw == 0 }

    package static func < (a: Symbol, b: Symbol) -> Bool { a.raw < b.raw }
}
