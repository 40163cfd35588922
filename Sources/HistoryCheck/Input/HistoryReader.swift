/// Reads a history from bytes that come in pieces: EDN or a text log, by the first byte. See
/// `Docs/specifications/history-checking.md`.
package struct HistoryReader {
    /// A longer event is refused.
    package static let maximalEventBytes = 16 << 20

    private enum Format {
        /// Nothing but white space came yet.
        case open
        /// One map after another.
        case maps
        /// Within the vector of all events.
        case vector
        /// Behind that vector.
        case closed
        case lines
    }

    private var scanner = EDNScanner()
    private var builder = HistoryBuilder()
    private var format = Format.open
    private var hasFailed = false

    package init(failedCas: FailedCas = .mismatch) {
        builder.failedCas = failedCas
    }

    /// Takes the next bytes in.
    package mutating func read(_ bytes: some Collection<UInt8>) throws(HistoryInputError) {
        scanner.append(bytes)
        try scanAll()
    }

    /// Ends the input.
    /// - Returns: the history; it has an operation at least.
    package mutating func finish() throws(HistoryInputError) -> History {
        scanner.isFinal = true
        try scanAll()
        if format == .vector {
            throw HistoryInputError(
                line: scanner.place.line, column: scanner.place.column, reason: "nothing closes the vector of events")
        }
        let history = builder.finish(scanner.texts)
        guard history.count > 0 else { throw HistoryInputError(line: 1, column: 1, reason: "no operation in this file") }
        return history
    }

    private mutating func scanAll() throws(HistoryInputError) {
        while true {
            let mark = scanner.mark
            do throws(ScanStop) {
                guard try scanOne() else { return }
            } catch {
                switch error {
                case .rejected(let why): throw why
                case .needsMore:
                    scanner.go(back: mark)
                    guard scanner.rest <= Self.maximalEventBytes else {
                        throw HistoryInputError(
                            line: scanner.place.line, column: scanner.place.column,
                            reason: "an event is longer than \(Self.maximalEventBytes) bytes")
                    }
                    return
                }
            }
        }
    }

    /// - Returns: false at the end of the input.
    private mutating func scanOne() throws(ScanStop) -> Bool {
        scanner.clearTape()
        if format == .lines { return try scanLine() }
        guard let byte = try scanner.skipSpace() else { return false }
        switch (format, byte) {
        case (.open, UInt8(ascii: "{")), (.open, UInt8(ascii: "#")): format = .maps
        case (.open, UInt8(ascii: "[")):
            scanner.advance()
            format = .vector
        case (.open, _): format = .lines
        case (.vector, UInt8(ascii: "]")):
            scanner.advance()
            format = .closed
        case (.maps, _), (.vector, _):
            let event = try scanEvent()
            try builder.add(event, scanner.tape, scanner.texts)
        case (.closed, _): throw scanner.rejected("something follows the vector of events")
        case (.lines, _): break
        }
        return true
    }

    /// Scans a map; the value of `:value` stays on the tape.
    private mutating func scanEvent() throws(ScanStop) -> ScannedEvent {
        try skipTags()
        var event = ScannedEvent(at: scanner.place)
        guard try scanner.peek() == UInt8(ascii: "{") else { throw scanner.rejected("an event is a map") }
        scanner.advance()
        var seen: UInt8 = 0
        while true {
            guard let byte = try scanner.skipSpace() else {
                throw scanner.rejected("nothing closes this event", at: event.start)
            }
            if byte == UInt8(ascii: "}") { break }
            let place = scanner.place
            let top = scanner.tape.count
            try scanner.scanForm()
            let key = scanner.tape[top].value
            scanner.clearTape(to: top)
            guard let end = try scanner.skipSpace(), end != UInt8(ascii: "}") else {
                throw scanner.rejected("the last key of this event has no value")
            }
            let valuePlace = scanner.place
            try scanner.scanForm()
            guard let bit = key.flatMap(Self.bit) else {
                scanner.clearTape(to: top)
                continue
            }
            guard seen & bit == 0 else { throw scanner.rejected("a key comes twice", at: place) }
            seen |= bit
            try take(bit, top, valuePlace, &event)
        }
        scanner.advance()
        return event
    }

    private mutating func skipTags() throws(ScanStop) {
        while try scanner.peek() == UInt8(ascii: "#") {
            scanner.advance()
            guard try scanner.peek() != UInt8(ascii: "{") else { throw scanner.rejected("an event is a map, not a set") }
            let start = try scanner.scanToken()
            guard start < scanner.position else { throw scanner.rejected("a tag has no name") }
            guard try scanner.skipSpace() != nil else { throw scanner.rejected("the file ends behind a tag") }
        }
    }

    private static func bit(_ key: HistoryValue) -> UInt8? {
        switch key {
        case HistoryWord.process: 1
        case HistoryWord.type: 2
        case HistoryWord.function: 4
        case HistoryWord.value: 8
        case HistoryWord.key: 16
        case HistoryWord.error: 32
        default: nil
        }
    }

    private mutating func take(
        _ bit: UInt8, _ top: Int, _ place: InputPlace, _ event: inout ScannedEvent
    ) throws(ScanStop) {
        let form = scanner.tape[top]
        switch bit {
        case 1: event.process = form
        case 2: (event.type, event.typePlace) = (form.value, place)
        case 4: (event.function, event.functionPlace) = (form.value, place)
        case 8:
            (event.value, event.valuePlace) = (top, place)
            return
        case 16:
            guard let key = form.value else { throw scanner.rejected("a key is a scalar", at: place) }
            event.key = key
        default: event.hasError = form.value != .nil
        }
        scanner.clearTape(to: top)
    }
}

// MARK: - Text logs

extension HistoryReader {
    /// One line: `... jepsen.util - PROCESS TYPE F VALUE`, or only what comes behind the dash.
    private mutating func scanLine() throws(ScanStop) -> Bool {
        guard let first = try scanner.peek() else { return false }
        guard let end = scanner.lineEnd() else { throw .needsMore }
        if first == UInt8(ascii: "\n") {
            try scanner.skipLine(end)
            return true
        }
        guard scanner.findOperation(before: end) else {
            // Logs have other lines between operations: each is counted, and no more.
            builder.skip()
            try scanner.skipLine(end)
            return true
        }
        var event = ScannedEvent(at: scanner.place)
        try scanner.scanForm()
        event.process = scanner.tape[0]
        if event.process?.value?.integer != nil {
            event.typePlace = try scanner.word(before: end)
            event.type = scanner.lastValue
            event.functionPlace = try scanner.word(before: end)
            event.function = scanner.lastValue
            if event.type != HistoryWord.info { try scanValue(&event, before: end) }
        }
        try builder.add(event, scanner.tape, scanner.texts)
        try scanner.skipLine(end)
        return true
    }

    private mutating func scanValue(_ event: inout ScannedEvent, before end: Int) throws(ScanStop) {
        guard try scanner.skipBlanks(before: end) else { return }
        event.value = scanner.tape.count
        event.valuePlace = scanner.place
        try scanner.scanForm()
        guard scanner.position <= end else {
            throw scanner.rejected("a value runs over the end of its line", at: event.valuePlace)
        }
        guard try scanner.skipBlanks(before: end) else { return }
        let place = scanner.place
        // jepsen's history.txt has the error behind the value.
        guard event.type == HistoryWord.fail else { throw scanner.rejected("something follows the value", at: place) }
        event.hasError = true
    }
}

extension EDNScanner {
    /// Where the line ends; `nil` when more bytes are needed to tell.
    fileprivate func lineEnd() -> Int? {
        var index = position
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\n") { return index }
            index += 1
        }
        return isFinal ? index : nil
    }

    /// Goes behind the line.
    fileprivate mutating func skipLine(_ end: Int) throws(ScanStop) {
        go(within: end)
        if try peek() != nil { nextLine() }
    }

    /// Passes blanks within a line.
    /// - Returns: false at its end.
    fileprivate mutating func skipBlanks(before end: Int) throws(ScanStop) -> Bool {
        while position < end, Self.isBlank(bytes[position]) { advance() }
        return position < end
    }

    fileprivate var lastValue: HistoryValue? { tape.last?.value }

    fileprivate mutating func word(before end: Int) throws(ScanStop) -> InputPlace {
        guard try skipBlanks(before: end) else { throw rejected("the line ends before its type and operation") }
        let place = place
        try scanForm()
        guard position <= end else { throw rejected("a value runs over the end of its line", at: place) }
        return place
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: ",")
    }

    /// Goes to the process of a line's operation.
    /// - Returns: false, and stays, when the line is another program's.
    fileprivate mutating func findOperation(before end: Int) -> Bool {
        if beginsProcess(position, end) { return true }
        guard let behind = firstPlace(behind: "jepsen.util", end) else { return false }
        var index = behind
        while index < end,
            Self.isBlank(bytes[index]) || bytes[index] == UInt8(ascii: "-") && !beginsNumber(index, end)
                || bytes[index] == UInt8(ascii: ":") && index + 1 < end && Self.isBlank(bytes[index + 1])
        {
            index += 1
        }
        guard index > behind, beginsProcess(index, end) else { return false }
        go(within: index)
        return true
    }

    private func beginsNumber(_ index: Int, _ end: Int) -> Bool {
        index + 1 < end && bytes[index + 1] >= UInt8(ascii: "0") && bytes[index + 1] <= UInt8(ascii: "9")
    }

    /// An integer or a keyword, a blank, and a type.
    private func beginsProcess(_ start: Int, _ end: Int) -> Bool {
        var index = start
        while index < end, !Self.isBlank(bytes[index]) { index += 1 }
        guard index > start else { return false }
        let first = bytes[start]
        let isNumber =
            first >= UInt8(ascii: "0") && first <= UInt8(ascii: "9") || first == UInt8(ascii: "-") && beginsNumber(start, end)
        guard isNumber || first == UInt8(ascii: ":") else { return false }
        while index < end, Self.isBlank(bytes[index]) { index += 1 }
        return index < end && bytes[index] == UInt8(ascii: ":")
    }

    private func firstPlace(behind name: StaticString, _ end: Int) -> Int? {
        let length = name.utf8CodeUnitCount
        var index = position
        while index + length <= end {
            var matched = 0
            while matched < length, bytes[index + matched] == name.utf8Start[matched] { matched += 1 }
            if matched == length { return index + length }
            index += 1
        }
        return nil
    }
}
