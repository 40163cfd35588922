// Splits delimited text into records and fields (RFC 4180), over chunks cut anywhere. A state machine over bytes: the state is
// all that a cut has to keep, so a cut inside a quoted field, a doubled quote, a CRLF or a UTF-8 character changes nothing.
//
//   field start --quote--> quoted --quote--> quote seen --quote--> quoted        (a doubled quote is one quote)
//               --else---> plain             quote seen --separator or line end--> next field or record
//                                            quote seen --else--> plain, and the record has a problem
//
// Line ends are LF, CRLF or CR. Nothing is trimmed: spaces belong to their field. A quote inside a field that does not begin
// with one is a character like any other (`5" pipe`).

/// Reads records from delimited UTF-8 text.
struct DelimitedReader: Hashable, Sendable {
    private enum State: Hashable, Sendable {
        /// Before a field's first byte.
        case fieldStart
        /// Inside a field without quotes.
        case plain
        /// Inside quotes.
        case quoted
        /// After a quote inside quotes: the next byte says whether it closed the field.
        case quoteSeen
    }

    private let separator: UInt8
    private let quote: UInt8
    private let quotes: Bool
    private let limits: ImportLimits

    /// The fields' characters of the record that was read last, one after the other.
    private(set) var text: [UInt8] = []
    /// Where each field ends in `text`.
    private(set) var ends: [Int] = []
    /// The number of fields, also of those beyond the limit.
    private(set) var fieldCount = 0
    /// Why the record cannot be used.
    private(set) var problem: ImportReject.Reason?
    /// The line that the record begins on.
    private(set) var recordLine = 1
    /// True when any field of the record was quoted.
    private(set) var sawQuote = false

    private var state = State.fieldStart
    private var line = 1
    private var quoteLine = 1
    /// A CR ended the record before; a LF that comes next belongs to it. Inside quotes: the last byte was a CR.
    private var afterReturn = false
    private var complete = true
    /// The record's bytes in chunks before this one, up to the limit of an excerpt.
    private var earlier: [UInt8] = []
    /// Where the record begins in this chunk, and where it ends when it is complete.
    private var bounds = 0..<0

    init(separator: UInt8, quote: UInt8?, limits: ImportLimits) {
        self.separator = separator
        self.quote = quote ?? 0
        quotes = quote != nil
        self.limits = limits
    }

    /// True for a line with nothing on it.
    var isBlank: Bool { fieldCount == 1 && text.isEmpty && !sawQuote && problem == nil }

    /// True while a record has begun and not ended.
    var isInsideRecord: Bool { !complete }

    /// The field's characters in `text`.
    func range(ofField field: Int) -> Range<Int> {
        (field == 0 ? 0 : ends[field - 1])..<ends[field]
    }

    /// Reads on to the end of a record.
    /// - Returns: true when a record is complete, false when the chunk is used up.
    mutating func next(in chunk: UnsafeBufferPointer<UInt8>, from position: inout Int) -> Bool {
        if complete {
            if afterReturn, position < chunk.count {
                afterReturn = false
                if chunk[position] == 0x0A { position += 1 }
            }
            guard position < chunk.count else { return false }
            begin(at: position)
        } else {
            bounds = position..<position
        }
        while position < chunk.count {
            switch state {
            case .fieldStart: startField(chunk[position], &position)
            case .plain: readPlain(chunk, &position)
            case .quoted: readQuoted(chunk, &position)
            case .quoteSeen: leaveQuotes(chunk[position], &position)
            }
            if complete {
                bounds = bounds.lowerBound..<position
                return true
            }
        }
        keepExcerpt(chunk[bounds.lowerBound...])
        return false
    }

    /// Ends the record that the file's end cut off.
    /// - Returns: true when there was one.
    mutating func finish() -> Bool {
        guard !complete else { return false }
        if state == .quoted { problem = problem ?? .unterminatedQuote(openedOnLine: quoteLine) }
        endField()
        endRecord()
        bounds = 0..<0
        return true
    }

    /// The beginning of the complete record as it stands in the file.
    func excerpt(in chunk: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var bytes = earlier
        bytes.append(contentsOf: chunk[bounds].prefix(max(0, limits.excerptBytes - bytes.count)))
        while let last = bytes.last, last == 0x0A || last == 0x0D { bytes.removeLast() }
        return bytes
    }

    // MARK: - Steps

    private mutating func begin(at position: Int) {
        complete = false
        state = .fieldStart
        text.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        earlier.removeAll(keepingCapacity: true)
        fieldCount = 0
        problem = nil
        sawQuote = false
        recordLine = line
        bounds = position..<position
    }

    private mutating func startField(_ byte: UInt8, _ position: inout Int) {
        if quotes, byte == quote {
            state = .quoted
            quoteLine = line
            sawQuote = true
            afterReturn = false
            position += 1
        } else {
            state = .plain
        }
    }

    private mutating func readPlain(_ chunk: UnsafeBufferPointer<UInt8>, _ position: inout Int) {
        let start = position
        var index = position
        while index < chunk.count {
            let byte = chunk[index]
            if byte == separator || byte == 0x0A || byte == 0x0D { break }
            index += 1
        }
        append(chunk[start..<index])
        position = index
        guard index < chunk.count else { return }
        position += 1
        endField(chunk[index])
    }

    private mutating func readQuoted(_ chunk: UnsafeBufferPointer<UInt8>, _ position: inout Int) {
        let start = position
        var index = position
        while index < chunk.count {
            let byte = chunk[index]
            if byte == quote { break }
            if byte == 0x0D {
                line += 1
            } else if byte == 0x0A, !(index > start ? chunk[index - 1] == 0x0D : afterReturn) {
                line += 1
            }
            index += 1
        }
        append(chunk[start..<index])
        if index > start { afterReturn = chunk[index - 1] == 0x0D }
        position = index
        guard index < chunk.count else { return }
        afterReturn = false
        position += 1
        state = .quoteSeen
    }

    private mutating func leaveQuotes(_ byte: UInt8, _ position: inout Int) {
        if byte == quote {
            append(CollectionOfOne(byte))
            state = .quoted
            position += 1
        } else if byte == separator || byte == 0x0A || byte == 0x0D {
            position += 1
            endField(byte)
        } else {
            problem = problem ?? .textAfterQuote(field: fieldCount + 1)
            state = .plain
        }
    }

    /// Ends a field at the separator or line end that follows it.
    private mutating func endField(_ byte: UInt8) {
        endField()
        state = .fieldStart
        guard byte != separator else { return }
        line += 1
        afterReturn = byte == 0x0D
        endRecord()
    }

    private mutating func endField() {
        fieldCount += 1
        if fieldCount > limits.columns {
            problem = problem ?? .tooManyColumns(most: limits.columns)
        } else {
            ends.append(text.count)
        }
    }

    private mutating func endRecord() {
        complete = true
        state = .fieldStart
    }

    private mutating func append(_ run: some Collection<UInt8>) {
        guard problem == nil else { return }
        let fieldStart = ends.last ?? 0
        if text.count + run.count - fieldStart > limits.cellBytes {
            problem = .cellTooLong(field: fieldCount + 1, most: limits.cellBytes)
        } else if text.count + run.count > limits.recordBytes {
            problem = .recordTooLong(most: limits.recordBytes)
        } else {
            text.append(contentsOf: run)
        }
    }

    private mutating func keepExcerpt(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) {
        earlier.append(contentsOf: bytes.prefix(max(0, limits.excerptBytes - earlier.count)))
    }
}
