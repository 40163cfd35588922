// Writers of JSON repeat themselves: the same members in the same order, thousands of times. What comes next is guessed and compared, some
// words at a time, before it is taken apart.

extension JSONCursor {
    /// Steps over these bytes if they come next, exactly so.
    /// - Parameter bytes: eight or more, none of them zero or a line feed: what ends a text ends the comparison.
    @inlinable @inline(__always)
    package mutating func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let here = UnsafeRawPointer(next)
        let last = bytes.count - 8
        var at = 0
        while at < last {
            guard
                here.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    == bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            else { return false }
            at += 8
        }
        guard
            here.loadUnaligned(fromByteOffset: last, as: UInt64.self)
                == bytes.loadUnaligned(fromByteOffset: last, as: UInt64.self)
        else { return false }
        next += bytes.count
        return true
    }

    /// Steps over the ends of two objects if they come next, without white space.
    @inlinable @inline(__always)
    package mutating func takeTwoEnds() -> Bool {
        guard next[0] == UInt8(ascii: "}"), next[1] == UInt8(ascii: "}") else { return false }
        next += 2
        return true
    }

    /// Like `nextMember(_:)`, for an object whose members mostly stand in the order of a table.
    /// - Parameter last: the place in the table of the member before; -1 at first.
    /// - Returns: the name's place in the table, -1 for other names, `nil` when the object ends.
    @inlinable @inline(__always)
    package mutating func nextMember(
        _ isFirst: inout Bool, of table: JSONNameTable, after last: inout Int
    ) throws(JSONFailure) -> Int? {
        if isFirst || next.pointee == UInt8(ascii: ",") {
            let start = isFirst ? next : next + 1
            if let (place, count) = table.guess(after: last, at: UnsafeRawPointer(start)) {
                (isFirst, last) = (false, place)
                next = start + count
                return place
            }
        }
        guard let name = try nextMember(&isFirst) else { return nil }
        let place = table.index(of: name)
        if place >= 0 { last = place }
        return place
    }
}

extension JSONNameTable {
    /// A name as it is written before its value, quotes and colon included, with a mask for the bytes behind it.
    @usableFromInline
    struct Written: Sendable {
        @usableFromInline var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        @usableFromInline var masks: (UInt64, UInt64, UInt64) = (0, 0, 0)
        /// 0 for a name that is too long to be guessed.
        @usableFromInline var count = 0

        init(_ name: String) {
            let bytes = Array("\"\(name)\":".utf8)
            guard bytes.count <= 24 else { return }
            func word(_ index: Int) -> (UInt64, UInt64) {
                var (word, mask): (UInt64, UInt64) = (0, 0)
                for (place, byte) in bytes.dropFirst(index * 8).prefix(8).enumerated() {
                    word |= UInt64(byte) << UInt64(place * 8)
                    mask |= 0xFF << UInt64(place * 8)
                }
                return (word, mask)
            }
            ((words.0, masks.0), (words.1, masks.1), (words.2, masks.2)) = (word(0), word(1), word(2))
            count = bytes.count
        }

        /// Whether it stands here. The 24 bytes from here may be read.
        @inlinable @inline(__always)
        func stands(at place: UnsafeRawPointer) -> Bool {
            let first = place.loadUnaligned(as: UInt64.self).littleEndian
            guard (first ^ words.0) & masks.0 == 0, count > 0 else { return false }
            let second = place.loadUnaligned(fromByteOffset: 8, as: UInt64.self).littleEndian
            let third = place.loadUnaligned(fromByteOffset: 16, as: UInt64.self).littleEndian
            return ((second ^ words.1) & masks.1) | ((third ^ words.2) & masks.2) == 0
        }
    }

    /// Whether one of the two names that follow a place in the list is written here, and how long it is.
    @inlinable @inline(__always)
    func guess(after last: Int, at place: UnsafeRawPointer) -> (place: Int, count: Int)? {
        written.withUnsafeBufferPointer { written in
            for next in (last + 1)...(last + 2) where next < written.count && written[next].stands(at: place) {
                return (next, written[next].count)
            }
            return nil
        }
    }
}
