import Trace

/// The attributes that spans had before, as they were written, and which of them came after which: instrumentation writes the same ones
/// in the same order for every span, and comparing them is quicker than taking them apart.
struct OTLPAttributeGuesses: Sendable {
    /// An attribute up to its value: `{"key":"http.request.method","value":{"stringValue":`.
    struct Guess: Sendable {
        fileprivate var place: Int
        fileprivate var count: Int
        /// Its place in `OTLPNames.attribute`; -1 for one that says nothing to us.
        let meaning: Int
        /// The guess that came after it last; 0 for none.
        fileprivate var next = 0
    }

    /// More different attributes are not remembered, nor ones that are longer.
    private static let most = 64
    private static let longest = 256

    private var bytes: [UInt8] = []
    /// Number 0 stands for a list's beginning.
    private var guesses = [Guess(place: 0, count: 0, meaning: -1)]

    /// Steps over the attribute that came after this one last, up to its value, if it comes next.
    /// - Parameter last: the number of the attribute before; becomes this one's.
    mutating func take(_ cursor: inout JSONCursor, after last: inout Int) -> Int? {
        let number = guesses[last].next
        guard number > 0 else { return nil }
        let (place, count) = (guesses[number].place, guesses[number].count)
        let isTaken = bytes.withUnsafeBytes { bytes in
            cursor.take(UnsafeRawBufferPointer(rebasing: bytes[place..<(place + count)]))
        }
        guard isTaken else { return nil }
        last = number
        return guesses[number].meaning
    }

    /// Remembers an attribute that was read.
    /// - Parameters:
    ///   - head: its bytes up to the value within the wrapper.
    ///   - last: the number of the attribute before; becomes this one's when it is remembered.
    mutating func learn(_ head: UnsafeRawBufferPointer, _ meaning: Int, after last: inout Int) {
        // What ends a text must end a comparison with it.
        guard 8...Self.longest ~= head.count, !head.contains(where: { $0 < 0x20 }) else { return }
        let known = guesses.indices.dropFirst().first { number in
            let guess = guesses[number]
            return guess.count == head.count && bytes[guess.place..<(guess.place + guess.count)].elementsEqual(head)
        }
        let number: Int
        if let known {
            number = known
        } else {
            guard guesses.count <= Self.most else { return }
            number = guesses.count
            guesses.append(Guess(place: bytes.count, count: head.count, meaning: meaning))
            bytes.append(contentsOf: head)
        }
        guesses[last].next = number
        last = number
    }
}

extension OTLPImporter {
    /// Reads a span's attributes.
    mutating func attributes(_ cursor: inout JSONCursor, _ meaning: inout Meaning) throws(JSONFailure) {
        var last = 0
        var isFirst = true
        try cursor.beginArray()
        while try cursor.nextElement(&isFirst) {
            var (again, guess) = (cursor, last)
            if let index = guesses.take(&again, after: &guess), try read(index, &again, &meaning), again.takeTwoEnds() {
                (cursor, last) = (again, guess)
            } else {
                try learn(&cursor, &meaning, after: &last)
            }
        }
    }

    /// Reads the scalar of an attribute that was guessed; `false` when it must be looked at more closely.
    private mutating func read(
        _ index: Int, _ value: inout JSONCursor, _ meaning: inout Meaning
    ) throws(JSONFailure) -> Bool {
        guard value.peek() == UInt8(ascii: "\"") else {
            if index == -1 { try value.skipValue() }
            return index == -1
        }
        let text = try value.string()
        switch index {
        case -1: break
        case 0, 1: meaning.method = text
        case 2, 3: meaning.url = text
        default:
            guard let status = text.shortNumber else { return false }
            meaning.status = status
        }
        return true
    }

    /// Reads any attribute, and remembers those that can be guessed.
    private mutating func learn(
        _ cursor: inout JSONCursor, _ meaning: inout Meaning, after last: inout Int
    ) throws(JSONFailure) {
        let start = cursor
        var (found, value) = (JSONString?.none, cursor)
        try attribute(&cursor) { (importer, key, inner) throws(JSONFailure) in
            (found, value) = (key, inner)
            try importer.read(key, &inner, &meaning)
        }
        guard let found, found.isPlain, value.peek() == UInt8(ascii: "{") else { return }
        let index = names.attribute.index(of: found)
        // A credential must be remembered wherever it stands, and the rest must be read with care.
        guard index < 0 ? !telling.contains(found.raw) : [0, 1, 2, 3, 6, 7].contains(index) else { return }
        var isFirst = true
        try value.beginObject()
        guard let type = try value.nextMember(&isFirst), let head = scalarHead(type, index, start, value) else { return }
        try value.skipValue()
        // Otherwise something else stands in the wrapper, or the value stands before its key.
        guard value.takeTwoEnds(), value.offset == cursor.offset else { return }
        guesses.learn(head, index, after: &last)
    }

    /// The bytes from an attribute's beginning to its value, when that is a scalar of a type that can be guessed.
    private func scalarHead(
        _ type: JSONString, _ index: Int, _ start: JSONCursor, _ value: JSONCursor
    ) -> UnsafeRawBufferPointer? {
        let expected = names.value.index(of: type)
        let isRight = index < 0 ? 0...3 ~= expected : index < 6 ? expected == 0 : 0...1 ~= expected
        var (start, value) = (start, value)
        guard start.peek() == UInt8(ascii: "{"), isRight, value.peek() != 0 else { return nil }
        return value.slice(since: start).bytes
    }
}
