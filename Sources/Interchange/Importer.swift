// Reads a file of any size as a machine without I/O. The host hands over the file's bytes in chunks cut anywhere, and after
// each event drains effects until there are none:
//
//   sampling --64 KB or the end--> effect `columns` --event `columns bound`--> reading --end--> effect `finished`
//                                                              reading --a line of JSON names new columns--> effect `columns`
//   any --what makes the whole file unusable--> effect `failed`, and nothing after it
//
// Between `columns` and `columns bound` nothing is read: what arrives is kept. Memory is bounded by the sample, one record, one
// block and one chunk. A bad row is an effect `reject` and the rows around it are read.

package import GridModel

/// The machine that reads an import.
package struct Importer: Sendable {
    /// What happened.
    package enum Event: Sendable {
        /// The next bytes of the file.
        case bytes([UInt8])
        /// The file is complete.
        case end
        /// No more will be read for now: take what there is as the sample. Answered by `columns` or `failed`.
        case sampleEnded
        /// The grid's columns for those of the last `columns` effect; `nil` leaves a column out.
        case columnsBound([ColumnID?])
    }

    /// What the host has to do.
    package enum Effect: Hashable, Sendable {
        /// Make or find columns for these, which follow those of earlier effects, and answer with `columnsBound`.
        case columns([ImportColumn])
        /// Rows to store.
        case rows(RowsBlock)
        case reject(ImportReject)
        /// Nothing of the file can be imported; the last effect.
        case failed(ImportFailure)
        /// Every row was handed over; the last effect.
        case finished(ImportCounts)
    }

    private enum State: Hashable, Sendable {
        case sampling
        /// Waits for `columnsBound`.
        case binding
        case reading
        /// Failed or finished: events have no effect.
        case done
    }

    private enum Reader: Hashable, Sendable {
        case delimited(DelimitedReader, headerPending: Bool)
        case lines(LineReader, JSONLinesReader)
    }

    package private(set) var counts = ImportCounts()
    /// How the file is read; `nil` before the first `columns` effect.
    package private(set) var plan: ImportPlan?

    private let options: ImportOptions
    private var state = State.sampling
    private var effects: [Effect] = []
    private var nextEffectIndex = 0
    /// Bytes taken in and not read yet; in UTF-8 once sampling is over.
    private var waiting: [UInt8] = []
    private var sampleTarget: Int
    private var ended = false
    private var transcoder = Transcoder(.utf8)
    private var reader: Reader
    private var types: [ColumnType] = []
    private var builder: BlockBuilder

    package init(options: ImportOptions = ImportOptions()) {
        self.options = options
        sampleTarget = options.limits.sampleBytes
        reader = .lines(LineReader(limits: options.limits), JSONLinesReader(limits: options.limits))
        builder = BlockBuilder(limits: options.limits)
    }

    package mutating func handle(_ event: Event) {
        guard state != .done else { return }
        switch event {
        case .bytes(let chunk):
            guard !ended else { return }
            counts.bytes += chunk.count
            take(chunk)
        case .end:
            guard !ended else { return }
            ended = true
            if state != .sampling { transcoder.finish(into: &waiting) }
        case .sampleEnded: if state == .sampling { startReading(isWhole: false) }
        case .columnsBound(let columns):
            precondition(state == .binding, "columns bound in state \(state)")
            builder.bind(columns)
            state = .reading
        }
        proceed()
    }

    /// The next thing to do; `nil` when an event is awaited.
    package mutating func nextEffect() -> Effect? {
        guard nextEffectIndex < effects.count else {
            effects.removeAll(keepingCapacity: true)
            nextEffectIndex = 0
            return nil
        }
        defer { nextEffectIndex += 1 }
        return effects[nextEffectIndex]
    }

    /// The rows collected so far, fewer than a block; for a preview, which reads no further.
    mutating func takePartialBlock() -> RowsBlock? {
        builder.takeBlock()
    }

    // MARK: - Taking in

    private mutating func take(_ chunk: [UInt8]) {
        if state == .sampling {
            waiting.append(contentsOf: chunk)
        } else {
            transcoder.append(chunk[...], to: &waiting)
        }
    }

    private mutating func proceed() {
        while state == .sampling, ended || waiting.count >= sampleTarget {
            startReading(isWhole: ended && waiting.count < sampleTarget)
        }
        guard state == .reading else { return }
        let bytes = waiting
        waiting = []
        let used = bytes.withUnsafeBufferPointer { read($0) }
        if state == .binding {
            waiting = Array(bytes[used...])
            return
        }
        guard state == .reading, ended else { return }
        finish()
    }

    /// Turns the sample into a plan, or doubles it when it does not hold the first row. The sample has the same bytes however
    /// the file was cut, so guesses do not depend on the network.
    private mutating func startReading(isWhole: Bool) {
        let sample = Array(waiting.prefix(sampleTarget))
        if let name = DialectGuesser.binaryFormat(of: sample) { return fail(.notText(name)) }
        let encoding = options.encoding ?? DialectGuesser.encoding(of: sample)
        let text = decodeSample(sample, encoding, isWhole: isWhole)
        let format = options.format ?? DialectGuesser.format(of: text)
        do throws(ImportFailure) {
            switch format {
            case .csv, .tsv: try planDelimited(text, format: format, encoding: encoding, isWhole: isWhole)
            case .jsonl: try planLines(text, encoding: encoding, isWhole: isWhole)
            }
        } catch {
            fail(error)
        }
    }

    /// The sample in UTF-8 without its byte order mark. The transcoder goes on from its end once a plan is made.
    private mutating func decodeSample(_ sample: [UInt8], _ encoding: ImportEncoding, isWhole: Bool) -> [UInt8] {
        let mark = encoding.byteOrderMark
        let body = sample.starts(with: mark) ? sample.dropFirst(mark.count) : sample[...]
        transcoder = Transcoder(encoding)
        var text: [UInt8] = []
        text.reserveCapacity(body.count)
        transcoder.append(body, to: &text)
        if isWhole { transcoder.finish(into: &text) }
        return text
    }

    private mutating func planDelimited(
        _ text: [UInt8], format: ImportFormat, encoding: ImportEncoding, isWhole: Bool
    ) throws(ImportFailure) {
        let dialect = DialectGuesser.dialect(of: text, isWhole: isWhole, encoding: encoding, options: options)
        let rows = SampleRows(text, isWhole: isWhole, dialect: dialect, limits: options.limits)
        if rows.isEmpty, !isWhole, sampleTarget < 2 * options.limits.recordBytes {
            sampleTarget *= 2  // the first row is longer than the sample
            return
        }
        if rows.isEmpty, !isWhole {
            let reason = ImportReject.Reason.recordTooLong(most: options.limits.recordBytes)
            throw .header(ImportReject(line: 1, reason: reason, excerpt: Array(text.prefix(options.limits.excerptBytes))))
        }
        let columns = try rows.columns(dialect: dialect, types: options.types)
        let reader = DelimitedReader(separator: dialect.separator, quote: dialect.quote, limits: options.limits)
        self.reader = .delimited(reader, headerPending: dialect.header)
        announce(ImportPlan(format: format, dialect: dialect, columns: columns), text: text)
    }

    private mutating func planLines(_ text: [UInt8], encoding: ImportEncoding, isWhole: Bool) throws(ImportFailure) {
        if text.first(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }) == UInt8(ascii: "[") {
            throw .jsonArray
        }
        var sample = LineSample(limits: options.limits)
        sample.read(text, isWhole: isWhole)
        if sample.columns.isEmpty, !isWhole, sampleTarget < 2 * options.limits.recordBytes {
            sampleTarget *= 2
            return
        }
        for index in sample.columns.indices {
            sample.columns[index].type = options.types[sample.columns[index].name] ?? sample.types[index].type
        }
        reader = .lines(LineReader(limits: options.limits), sample.reader)
        let dialect = ImportDialect(encoding: encoding)
        announce(ImportPlan(format: .jsonl, dialect: dialect, columns: sample.columns), text: text)
    }

    private mutating func announce(_ plan: ImportPlan, text: [UInt8]) {
        self.plan = plan
        types = plan.columns.map(\.type)
        let afterSample = waiting.dropFirst(sampleTarget)
        waiting = text
        transcoder.append(afterSample, to: &waiting)
        if ended { transcoder.finish(into: &waiting) }
        effects.append(.columns(plan.columns))
        state = .binding
    }

    // MARK: - Reading

    /// Reads until the bytes are used up or columns have to be bound.
    /// - Returns: how many bytes were used.
    private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        switch reader {
        case .delimited(var delimited, var headerPending):
            var position = 0
            while state == .reading, delimited.next(in: bytes, from: &position) {
                takeRecord(delimited, &headerPending, excerpt: { $0.excerpt(in: bytes) })
            }
            reader = .delimited(delimited, headerPending: headerPending)
            return position
        case .lines(var lines, var objects):
            var position = 0
            while state == .reading, lines.next(in: bytes, from: &position) {
                takeLine(&lines, &objects)
            }
            reader = .lines(lines, objects)
            return position
        }
    }

    private mutating func finish() {
        switch reader {
        case .delimited(var delimited, var headerPending):
            if delimited.finish() {
                takeRecord(delimited, &headerPending, excerpt: { $0.excerpt(in: UnsafeBufferPointer(start: nil, count: 0)) })
            }
            reader = .delimited(delimited, headerPending: headerPending)
        case .lines(var lines, var objects):
            if lines.finish() { takeLine(&lines, &objects) }
            reader = .lines(lines, objects)
        }
        guard state == .reading else { return }
        flush()
        if plan?.columns.isEmpty ?? true, counts.rejected == 0 { return fail(.empty) }
        effects.append(.finished(counts))
        state = .done
    }

    private mutating func takeRecord(
        _ record: DelimitedReader, _ headerPending: inout Bool, excerpt: (DelimitedReader) -> [UInt8]
    ) {
        if record.isBlank { return }
        if headerPending {
            headerPending = false
            return
        }
        var problem = record.problem
        if problem == nil, record.fieldCount > types.count {
            problem = .tooManyFields(found: record.fieldCount, columns: types.count)
        }
        if let problem = problem ?? builder.append(record, as: types) {
            reject(line: record.recordLine, problem, excerpt(record))
        } else {
            countRow()
        }
    }

    private mutating func takeLine(_ lines: inout LineReader, _ objects: inout JSONLinesReader) {
        let line = lines.text
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { return }
        if lines.isTooLong {
            return reject(line: lines.line, .recordTooLong(most: options.limits.recordBytes), line)
        }
        switch objects.read(line) {
        case .row:
            builder.append(line, values: objects.values)
            countRow()
        case .reject(let reason): reject(line: lines.line, reason, line)
        case .newColumns(let columns):
            flush()
            lines.hold()
            effects.append(.columns(columns))
            types += columns.map(\.type)
            plan?.columns += columns
            state = .binding
        }
    }

    private mutating func countRow() {
        counts.rows += 1
        if counts.rows > options.limits.rows { return fail(.tooManyRows(most: options.limits.rows)) }
        if builder.isFull { flush() }
    }

    private mutating func flush() {
        if let block = builder.takeBlock() { effects.append(.rows(block)) }
    }

    private mutating func reject(line: Int, _ reason: ImportReject.Reason, _ bytes: [UInt8]) {
        counts.rejected += 1
        let excerpt = Array(bytes.prefix(options.limits.excerptBytes))
        effects.append(.reject(ImportReject(line: line, reason: reason, excerpt: excerpt)))
    }

    private mutating func fail(_ failure: ImportFailure) {
        effects.append(.failed(failure))
        waiting = []
        state = .done
    }
}
