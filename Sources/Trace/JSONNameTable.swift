/// Finds out which of a few known names a member's name is, by one hash of its first eight bytes.
package struct JSONNameTable: Sendable {
    @usableFromInline
    struct Entry: Sendable {
        /// The first eight bytes, zeros after the end.
        @usableFromInline var word: UInt64
        @usableFromInline var count: Int
        @usableFromInline var index: Int
        /// Where the bytes after the first eight stand in `rests`.
        @usableFromInline var rest: Int
    }

    @usableFromInline let entries: [Entry]
    @usableFromInline let rests: [UInt8]
    /// The names in the order of the list, as they are written.
    @usableFromInline let written: [Written]

    /// - Parameter names: the names, ASCII; `index(of:)` gives the place in this list.
    package init(_ names: [String]) {
        var entries = Array(repeating: Entry(word: 0, count: 0, index: -1, rest: 0), count: 128)
        var rests: [UInt8] = []
        precondition(names.count <= 64, "\(names.count) names in a table of 128 places")
        for (index, name) in names.enumerated() {
            let bytes = Array(name.utf8)
            let word = bytes.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << UInt64($1.offset * 8) }
            var place = Self.place(word, bytes.count)
            while entries[place].index >= 0 { place = (place + 1) & 127 }
            entries[place] = Entry(word: word, count: bytes.count, index: index, rest: rests.count)
            rests.append(contentsOf: bytes.dropFirst(8))
        }
        self.entries = entries
        self.rests = rests
        written = names.map { Written($0) }
    }

    @inlinable @inline(__always)
    static func place(_ word: UInt64, _ count: Int) -> Int {
        Int(truncatingIfNeeded: ((word ^ UInt64(truncatingIfNeeded: count)) &* 0x9E37_79B9_7F4A_7C15) >> 57)
    }

    /// The place of the name in the list; -1 when it is not there.
    @inlinable
    package func index(of name: JSONString) -> Int {
        guard name.count > 0, name.isPlain else { return name.count > 0 ? indexOfEscaped(name) : -1 }
        // Within the padding when the name is shorter.
        let all = UnsafeRawPointer(name.start).loadUnaligned(as: UInt64.self).littleEndian
        let word = name.count >= 8 ? all : all & (1 << UInt64(name.count * 8) &- 1)
        return entries.withUnsafeBufferPointer { entries in
            var place = Self.place(word, name.count)
            while entries[place].index >= 0 {
                if entries[place].word == word, entries[place].count == name.count,
                    name.count <= 8 || restMatches(entries[place], name)
                {
                    return entries[place].index
                }
                place = (place + 1) & 127
            }
            return -1
        }
    }

    @usableFromInline
    func restMatches(_ entry: Entry, _ name: JSONString) -> Bool {
        (8..<name.count).allSatisfy { name.start[$0] == rests[entry.rest + $0 - 8] }
    }

    /// A name written with escapes is the name they stand for.
    @usableFromInline
    func indexOfEscaped(_ name: JSONString) -> Int {
        var bytes: [UInt8] = []
        name.decode(into: &bytes)
        let count = bytes.count
        guard count > 0 else { return -1 }
        bytes.append(contentsOf: repeatElement(0, count: 8))
        return bytes.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return -1 }
            return index(of: JSONString(start: start, count: count, isPlain: true))
        }
    }
}
