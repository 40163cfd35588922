// The folded documents of agents' runs. Each ends in the checksum of what is before it.
//
//   run/7            what was ordered, the budget, how it stands, its counts, open calls and calls in doubt
//   run/7/rows       the rows and their fingerprints
//   run/7/tasks/3    the states of tasks 3 * 4096 and on
//   answers/12       kept answers
//   words            what turns of plain words asked

import GridModel
import Ordering

enum RunDocuments {
    static func changed(in ledger: RunLedger) -> [(name: String, bytes: [UInt8]?)] {
        var documents: [(String, [UInt8]?)] = []
        for (id, chunks) in ledger.forgotten {
            documents.append(("run/\(id.rawValue)", nil))
            documents.append(("run/\(id.rawValue)/rows", nil))
            for chunk in 0..<chunks { documents.append(("run/\(id.rawValue)/tasks/\(chunk)", nil)) }
        }
        for (id, run) in ledger.runs.sorted(by: { $0.key < $1.key }) where run.epoch == ledger.epoch {
            documents.append(("run/\(id.rawValue)", encode(run)))
            // Rows never change; what a run found is of no use once it has ended.
            if run.isNew(since: ledger.epoch) || run.phase.isEnded {
                documents.append(("run/\(id.rawValue)/rows", sealed { $0.rows(run.order.rows, found: run.order.found) }))
            }
            for (index, chunk) in run.chunks.enumerated() where chunk.epoch == ledger.epoch {
                documents.append(("run/\(id.rawValue)/tasks/\(index)", encode(chunk)))
            }
        }
        if ledger.words.calls > 0, ledger.words.epoch == ledger.epoch {
            documents.append(("words", sealed { ledger.words.write(to: &$0) }))
        }
        for number in ledger.answers.dropped { documents.append(("answers/\(number)", nil)) }
        for chunk in ledger.answers.chunks where chunk.epoch == ledger.epoch {
            documents.append(
                (
                    "answers/\(chunk.number)",
                    sealed { writer in
                        writer.number(chunk.entries.count)
                        for entry in chunk.entries {
                            writer.text(entry.question)
                            writer.text(entry.text)
                        }
                    }
                ))
        }
        return documents
    }

    private static func sealed(_ body: (inout RecordWriter) -> Void) -> [UInt8] {
        var writer = RecordWriter()
        body(&writer)
        writer.seal()
        return writer.bytes
    }

    private static func encode(_ chunk: RecordedRun.Chunk) -> [UInt8] {
        sealed { writer in
            writer.number(chunk.marks.count)
            writer.raw(chunk.marks)
            for calls in chunk.calls { writer.number(Int(calls)) }
        }
    }

    private static func encode(_ run: RecordedRun) -> [UInt8] {
        sealed { writer in
            writer.byte(FoldDocuments.version)
            writer.order(run.order)
            writer.budget(run.budget)
            writer.phase(run.phase)
            writer.varint(run.planned.rawValue)
            writer.varint(run.time)
            writer.optional(run.endTime)
            writer.usage(run.spent)
            writer.varint(run.callCount)
            writer.optional(run.undone.map { UInt64($0) })
            writer.number(run.openCalls.count)
            for (task, open) in run.openCalls.sorted(by: { $0.key < $1.key }) {
                writer.varint(UInt64(task))
                writer.varint(UInt64(open.call))
                writer.usage(open.reserved)
            }
            writer.number(run.doubtCount)
            writer.number(run.doubts.count)
            for doubt in run.doubts {
                writer.varint(UInt64(doubt.row.rawValue))
                writer.varint(UInt64(doubt.call))
                writer.usage(doubt.reserved)
            }
            // The last part, and only where there is any: a grid that was folded before there was such a thing has none.
            guard !run.wrong.isEmpty else { return }
            writer.number(run.wrong.count)
            for (task, answers) in run.wrong.sorted(by: { $0.key < $1.key }) {
                writer.varint(UInt64(task))
                writer.number(answers.count)
                for wrong in answers {
                    writer.wrong(wrong.answer)
                    writer.usage(wrong.usage)
                }
            }
        }
    }

    /// Everything that is remembered, into a hash.
    static func mix(_ ledger: RunLedger, into state: inout UInt64) {
        func mix(_ bytes: [UInt8]) { bytes.withUnsafeBytes { state = Checksum.mix(state, Checksum.of($0)) } }
        for (id, run) in ledger.runs.sorted(by: { $0.key < $1.key }) {
            state = Checksum.mix(state, UInt64(id.rawValue))
            mix(encode(run))
            mix(sealed { $0.rows(run.order.rows, found: run.order.found) })
            for chunk in run.chunks { mix(encode(chunk)) }
        }
        if ledger.words.calls > 0 { mix(sealed { ledger.words.write(to: &$0) }) }
        for entry in ledger.answers.chunks.flatMap(\.entries) { mix(Array((entry.question + "\u{0}" + entry.text).utf8)) }
    }

    // MARK: reading

    static func read(_ named: [String: [UInt8]], into ledger: inout RunLedger) throws(RecordError) {
        for (name, bytes) in named where name.hasPrefix("run/") && !name.dropFirst(4).contains("/") {
            guard let number = UInt32(name.dropFirst(4)) else { throw .damaged(offset: 0, "the document \"\(name)\"") }
            ledger.runs[RunID(number)] = try readRun(bytes, name, named)
        }
        var chunks: [KeptAnswers.Chunk] = []
        for (name, bytes) in named where name.hasPrefix("answers/") {
            guard let number = UInt32(name.dropFirst(8)) else { throw .damaged(offset: 0, "the document \"\(name)\"") }
            try FoldDocuments.open(bytes, name) { cursor throws(RecordError) in
                var chunk = KeptAnswers.Chunk(number: number, entries: [], epoch: 0)
                for _ in 0..<(try cursor.number(most: KeptAnswers.Chunk.entries)) {
                    chunk.entries.append(KeptAnswer(question: try cursor.text(), text: try cursor.text()))
                }
                chunks.append(chunk)
            }
        }
        for chunk in chunks.sorted(by: { $0.number < $1.number }) { ledger.answers.load(chunk) }
        if let bytes = named["words"] {
            try FoldDocuments.open(bytes, "words") { cursor throws(RecordError) in ledger.words = try WordsLedger(&cursor) }
        }
        ledger.epoch = 1
    }

    private static func readRun(_ bytes: [UInt8], _ name: String, _ named: [String: [UInt8]]) throws(RecordError) -> RecordedRun
    {
        guard let rowsDocument = named["\(name)/rows"] else {
            throw .damaged(offset: 0, "the document \"\(name)/rows\" is missing")
        }
        var rows: [RowID] = []
        var found: [UInt64] = []
        try FoldDocuments.open(rowsDocument, "\(name)/rows") { cursor throws(RecordError) in
            (rows, found) = try cursor.rows()
        }
        var run: RecordedRun?
        try FoldDocuments.open(bytes, name) { cursor throws(RecordError) in run = try readHead(&cursor, rows, found) }
        guard var run else { throw .damaged(offset: 0, "the document \"\(name)\"") }
        run.counts = [Int](repeating: 0, count: TaskMark.allCases.count)
        for index in run.chunks.indices {
            guard let document = named["\(name)/tasks/\(index)"] else {
                throw .damaged(offset: 0, "the document \"\(name)/tasks/\(index)\" is missing")
            }
            try FoldDocuments.open(document, "\(name)/tasks/\(index)") { cursor throws(RecordError) in
                try readTasks(&cursor, into: &run.chunks[index])
            }
            for mark in run.chunks[index].marks { run.counts[Int(mark)] += 1 }
        }
        return run
    }

    private static func readTasks(_ cursor: inout RecordCursor, into chunk: inout RecordedRun.Chunk) throws(RecordError) {
        let count = try cursor.number(most: RecordedRun.Chunk.tasks)
        guard count == chunk.marks.count else { throw cursor.damaged("\(count) tasks where \(chunk.marks.count) are") }
        chunk.marks = Array(try cursor.take(count))
        guard chunk.marks.allSatisfy({ TaskMark(rawValue: $0) != nil }) else { throw cursor.damaged("a task's state") }
        for index in 0..<count { chunk.calls[index] = UInt16(try cursor.number(most: Int(UInt16.max))) }
    }

    private static func readHead(
        _ cursor: inout RecordCursor, _ rows: [RowID], _ found: [UInt64]
    ) throws(RecordError) -> RecordedRun {
        let version = try cursor.byte()
        guard version == FoldDocuments.version else { throw .version(version) }
        var order = try cursor.order()
        order.rows = rows
        let budget = try cursor.budget()
        let phase = try cursor.phase()
        order.found = phase.isEnded ? [] : found
        var run = RecordedRun(
            order: order, budget: budget, planned: Revision(try cursor.varint()), time: try cursor.varint(), epoch: 0)
        run.phase = phase
        run.endTime = try cursor.optionalNumber()
        run.spent = try cursor.usage()
        run.callCount = try cursor.varint()
        run.undone = try cursor.optionalNumber().map { UInt32(clamping: $0) }
        for _ in 0..<(try cursor.number(most: cursor.remaining)) {
            let task = try cursor.number32()
            guard Int(task) < rows.count else { throw cursor.damaged("an open call of task \(task)") }
            run.openCalls[task] = .init(call: try cursor.number32(), reserved: try cursor.usage())
        }
        run.doubtCount = try cursor.number(most: Int(UInt32.max))
        for _ in 0..<(try cursor.number(most: Limits.doubtsPerRun)) {
            run.doubts.append(
                .init(row: RowID(try cursor.number32()), call: try cursor.number32(), reserved: try cursor.usage()))
        }
        if cursor.remaining > 0 { try readWrongAnswers(&cursor, into: &run) }
        return run
    }

    private static func readWrongAnswers(_ cursor: inout RecordCursor, into run: inout RecordedRun) throws(RecordError) {
        for _ in 0..<(try cursor.number(most: run.taskCount)) {
            let task = try cursor.number32()
            guard Int(task) < run.taskCount else { throw cursor.damaged("a wrong answer of task \(task)") }
            for _ in 0..<(try cursor.number(most: RecordedRun.wrongAnswersPerTask)) {
                run.wrong[task, default: []].append(.init(answer: try cursor.wrong(), usage: try cursor.usage()))
            }
        }
    }
}
