import GridModel

/// Reads one object a line. Keys become columns in the order they first appear; values stay the JSON they are.
struct JSONLinesReader: Hashable, Sendable {
    private let limits: ImportLimits
    /// Each key as some line wrote it, with its column: one name can be written in several ways, with and without escapes.
    private var columnsByKey: [ArraySlice<UInt8>: Int] = [:]
    private var columnsByName: [String: Int] = [:]
    /// Each column's key as it was first written: most lines have the same keys in the same order.
    private var keys: [ArraySlice<UInt8>] = []
    private var names = ColumnNames()

    /// What a line came to.
    enum Outcome: Hashable {
        /// One value a column, in `values`.
        case row
        /// The line names columns that no line before it did. Nothing else was taken in: the line is to be read again.
        case newColumns([ImportColumn])
        case reject(ImportReject.Reason)
    }

    /// Where in the row's line each column's value lies; empty for an empty cell.
    private(set) var values: [Range<Int>] = []

    private struct Member {
        var key: ArraySlice<UInt8>
        var value: ArraySlice<UInt8>
    }

    init(limits: ImportLimits) {
        self.limits = limits
    }

    /// Reads one line that is not blank.
    mutating func read(_ line: [UInt8]) -> Outcome {
        do throws(JSONScanner.Failure) {
            var scanner = JSONScanner(line)
            guard scanner.peek() == UInt8(ascii: "{") else {
                _ = try JSONScanner.check(line[...])
                return .reject(.notAnObject)
            }
            values = Array(repeating: 0..<0, count: keys.count)
            var unknown: [(name: String, member: Member)] = []
            if let reason = try readObject(&scanner, &unknown) { return .reject(reason) }
            return unknown.isEmpty ? .row : .newColumns(unknown.map { add($0.name, $0.member) })
        } catch {
            return .reject(.invalidJSON(byte: error.position + 1, problem: error.reason))
        }
    }

    private mutating func readObject(
        _ scanner: inout JSONScanner, _ unknown: inout [(name: String, member: Member)]
    ) throws(JSONScanner.Failure) -> ImportReject.Reason? {
        var seen = Array(repeating: false, count: keys.count)
        var unknownNames: Set<String> = []
        var expected = 0
        _ = scanner.take(UInt8(ascii: "{"))
        if !scanner.take(UInt8(ascii: "}")) {
            repeat {
                let member = try readMember(&scanner)
                if member.value.count > limits.cellBytes {
                    return .cellTooLong(field: expected + 1, most: limits.cellBytes)
                }
                if let column = column(of: member.key, expected: expected) {
                    if seen[column] { throw Self.repeated(member) }
                    seen[column] = true
                    expected = column + 1
                    values[column] = Self.isEmpty(member.value) ? 0..<0 : member.value.startIndex..<member.value.endIndex
                } else {
                    let name = Self.name(member.key)
                    guard unknownNames.insert(name).inserted else { throw Self.repeated(member) }
                    unknown.append((name, member))
                    if unknown.count + keys.count > limits.columns { return .tooManyColumns(most: limits.columns) }
                }
            } while scanner.take(UInt8(ascii: ","))
            guard scanner.take(UInt8(ascii: "}")) else { throw scanner.failure("expected \",\" or \"}\"") }
        }
        try scanner.end()
        return nil
    }

    private func readMember(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> Member {
        guard scanner.peek() == UInt8(ascii: "\"") else { throw scanner.failure("expected a name in quotes") }
        let key = try scanner.skipValue()
        guard scanner.take(UInt8(ascii: ":")) else { throw scanner.failure("expected \":\"") }
        return Member(key: key, value: try scanner.skipValue())
    }

    private mutating func column(of key: ArraySlice<UInt8>, expected: Int) -> Int? {
        if expected < keys.count, keys[expected].elementsEqual(key) { return expected }
        if let column = columnsByKey[key] { return column }
        guard let column = columnsByName[Self.name(key)] else { return nil }
        // A key of n characters can be written in 6^n ways: remember no more of them than there may be columns.
        if columnsByKey.count < 2 * limits.columns { columnsByKey[Array(key)[...]] = column }
        return column
    }

    private mutating func add(_ name: String, _ member: Member) -> ImportColumn {
        let key = Array(member.key)[...]
        columnsByKey[key] = keys.count
        columnsByName[name] = keys.count
        keys.append(key)
        var proposal = TypeProposal()
        if !Self.isEmpty(member.value) { proposal.take(json: member.value) }
        return ImportColumn(name: names.unique(name, position: keys.count), type: proposal.type)
    }

    private static func name(_ key: ArraySlice<UInt8>) -> String {
        JSONText.unescape(String(decoding: key.dropFirst().dropLast(), as: UTF8.self))
    }

    private static func repeated(_ member: Member) -> JSONScanner.Failure {
        JSONScanner.Failure(position: member.key.startIndex, reason: "a name comes twice in one object")
    }

    /// True for the two ways in which JSON writes an empty cell.
    private static func isEmpty(_ value: ArraySlice<UInt8>) -> Bool {
        value.first == UInt8(ascii: "n") || value.count == 2 && value.first == UInt8(ascii: "\"")
    }
}
