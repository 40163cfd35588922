package import GridModel
package import GridStore
package import Ordering

/// What every store must do, as named checks that a test runs one by one on each store.
package enum GridStoreConformance {
    /// One behaviour.
    package struct Check: Sendable, CustomStringConvertible {
        package let name: String
        package let run: @Sendable (any StoreBench) throws -> Void
        package var description: String { name }
    }

    /// A behaviour that a store does not have.
    package struct Violation: Error, CustomStringConvertible {
        package var description: String
    }

    package static let checks: [Check] = logChecks + intentChecks + foldChecks + reopeningChecks

    static func expect(_ condition: Bool, _ what: @autoclosure () -> String) throws {
        guard condition else { throw Violation(description: what()) }
    }

    static func expectError(_ code: StoreError.Code, _ what: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as StoreError {
            return try expect(error.code == code, "\(what) failed as \(error.code), not \(code): \(error)")
        }
        throw Violation(description: "\(what) did not fail")
    }
}

/// Makes stores of one kind for the suite.
package protocol StoreBench: Sendable {
    /// A new, empty store.
    func make() throws -> any GridStore
    /// Closes a store that `make` made and opens what it stored.
    func reopen(_ store: any GridStore) throws -> any GridStore
}

/// Values that tests build stores' contents from.
package enum StoreSamples {
    package static func intent(_ number: UInt64) -> IntentID {
        IntentID(high: 0xABCD_0000_0000_0000 &+ number &* 0x9E37_79B9, low: number)
    }

    /// The entry of a revision: bytes of different lengths, some structural, some empty.
    package static func entry(_ number: UInt64, structural: Bool? = nil, intents: Int = 1) -> LogEntry {
        let bytes = (0..<(number % 7 == 3 ? 0 : Int(number % 50) * 101)).map { UInt8(truncatingIfNeeded: $0 &+ Int(number)) }
        let outcomes = (0..<UInt64(intents)).map { index in
            RecordedOutcome(
                intent: intent(number * 1_000 + index), revision: Revision(number),
                bytes: [1, UInt8(truncatingIfNeeded: index)])
        }
        let record = LogRecord(revision: Revision(number), structural: structural ?? (number % 3 == 0), bytes: bytes)
        return LogEntry(record: record, outcomes: outcomes)
    }

    package static func records(of store: any GridStore, after: Revision = .zero) throws -> [LogRecord] {
        var records: [LogRecord] = []
        try store.forEachRecord(after: after) { record in
            records.append(record)
            return true
        }
        return records
    }

    package static func rows(of store: any GridStore) throws -> [UInt64: [UInt8]] {
        var rows: [UInt64: [UInt8]] = [:]
        try store.forEachRow { rows[$0] = Array($1) }
        return rows
    }
}

// MARK: - The log

extension GridStoreConformance {
    static let logChecks: [Check] = [
        Check(name: "S2: revisions are 1, 2, 3 ...; any other one is refused and leaves no trace") { bench in
            let store = try bench.make()
            try expect(store.lastRevision == .zero, "a new store stands at \(store.lastRevision)")
            try expectError(.outOfOrder, "appending 2 first") { try store.append(StoreSamples.entry(2)) }
            try store.append(StoreSamples.entry(1))
            try expectError(.outOfOrder, "appending 1 again") { try store.append(StoreSamples.entry(1)) }
            try expectError(.outOfOrder, "appending 3 after 1") { try store.append(StoreSamples.entry(3)) }
            try expect(store.lastRevision == Revision(1), "the store stands at \(store.lastRevision), not 1")
            try expect(try StoreSamples.records(of: store) == [StoreSamples.entry(1).record], "the log is not just revision 1")
            try expect(try store.outcome(of: StoreSamples.intent(3_000)) == nil, "a refused entry left its intent's answer")
        },
        Check(name: "S1: what was appended is read back as it was, in order, also after reopening") { bench in
            var store = try bench.make()
            let entries = (1...60).map { StoreSamples.entry($0) }
            for entry in entries { try store.append(entry) }
            for _ in 0..<2 {
                try expect(store.lastRevision == Revision(60), "the store stands at \(store.lastRevision), not 60")
                try expect(
                    try StoreSamples.records(of: store) == entries.map(\.record), "the log differs from what was appended")
                try expect(
                    try StoreSamples.records(of: store, after: Revision(58)) == entries.suffix(2).map(\.record),
                    "the log after 58 is not 59 and 60")
                try expect(
                    try StoreSamples.records(of: store, after: Revision(60)).isEmpty, "there is something after the last")
                try expect(
                    try StoreSamples.records(of: store, after: Revision(.max)).isEmpty, "there is something after the end")
                store = try bench.reopen(store)
            }
        },
        Check(name: "a reader may stop, and read one record or none") { bench in
            let store = try bench.make()
            for number in 1...5 { try store.append(StoreSamples.entry(UInt64(number))) }
            var seen: [Revision] = []
            try store.forEachRecord(after: Revision(1)) { record in
                seen.append(record.revision)
                return seen.count < 2
            }
            try expect(seen == [Revision(2), Revision(3)], "a reader that stopped after two saw \(seen)")
            try expect(try store.record(Revision(4)) == StoreSamples.entry(4).record, "record 4 is not what was appended")
            for revision in [Revision.zero, Revision(6), Revision(.max)] {
                try expect(try store.record(revision) == nil, "there is a record \(revision)")
            }
        },
        Check(name: "structural revisions are listed from the last one down") { bench in
            var store = try bench.make()
            for number in 1...10 { try store.append(StoreSamples.entry(UInt64(number))) }
            for _ in 0..<2 {
                let all = try store.structuralRevisions(after: .zero)
                try expect(all == [9, 6, 3].map { Revision($0) }, "the structural revisions are \(all)")
                let late = try store.structuralRevisions(after: Revision(6))
                try expect(late == [Revision(9)], "the structural revisions after 6 are \(late)")
                store = try bench.reopen(store)
            }
        },
    ]
}

// MARK: - Intents

extension GridStoreConformance {
    static let intentChecks: [Check] = [
        Check(name: "S5: an intent's answer is found after its commit, also after reopening") { bench in
            var store = try bench.make()
            try expect(try store.outcome(of: StoreSamples.intent(1_000)) == nil, "an intent is answered before its commit")
            for number in 1...20 { try store.append(StoreSamples.entry(UInt64(number), intents: Int(number % 4))) }
            for _ in 0..<2 {
                for entry in (1...20).map({ StoreSamples.entry(UInt64($0), intents: Int($0 % 4)) }) {
                    for outcome in entry.outcomes {
                        try expect(try store.outcome(of: outcome.intent) == outcome, "\(outcome.intent) has another answer")
                    }
                }
                let asked = [StoreSamples.intent(1_000), StoreSamples.intent(7), StoreSamples.intent(3_001)]
                let found = try store.outcomes(of: asked)
                try expect(Set(found.keys) == [asked[0], asked[2]], "of three intents these were found: \(found.keys)")
                store = try bench.reopen(store)
            }
        },
        Check(name: "S5: the first answer of an intent stays") { bench in
            let store = try bench.make()
            let first = RecordedOutcome(intent: StoreSamples.intent(1), revision: Revision(1), bytes: [1])
            let second = RecordedOutcome(intent: StoreSamples.intent(1), revision: Revision(2), bytes: [2])
            for (number, outcome) in [(1, first), (2, second)] {
                let record = LogRecord(revision: Revision(UInt64(number)), structural: false, bytes: [9])
                try store.append(LogEntry(record: record, outcomes: [outcome]))
            }
            try expect(try store.outcome(of: first.intent) == first, "the second answer took the first one's place")
        },
    ]
}

// MARK: - The fold

extension GridStoreConformance {
    static let foldChecks: [Check] = [
        Check(name: "rows are written, replaced and deleted, and read in ascending order of key") { bench in
            var store = try bench.make()
            for number in 1...3 { try store.append(StoreSamples.entry(UInt64(number))) }
            let large = [UInt8](repeating: 7, count: 100_000)
            try store.fold(FoldSlice(rows: [(key: 1 << 39, bytes: [1]), (key: 2, bytes: large), (key: 5, bytes: [])]))
            try store.fold(
                FoldSlice(rows: [(key: 5, bytes: nil), (key: 2, bytes: [3]), (key: 0, bytes: [4]), (key: 77, bytes: nil)]))
            for _ in 0..<2 {
                var keys: [UInt64] = []
                try store.forEachRow { key, _ in keys.append(key) }
                try expect(keys == [0, 2, 1 << 39], "the keys are \(keys)")
                try expect(
                    try StoreSamples.rows(of: store) == [0: [4], 2: [3], 1 << 39: [1]], "the rows differ from what was written")
                store = try bench.reopen(store)
            }
        },
        Check(name: "documents are written, replaced, deleted, and listed by the bytes of their names") { bench in
            var store = try bench.make()
            try store.fold(FoldSlice(documents: [("b/2", [2]), ("b/1", [1]), ("a", []), ("ä", [5]), ("b", [6]), ("c", [7])]))
            try store.fold(FoldSlice(documents: [("c", nil), ("b/2", [9]), ("nothing", nil)]))
            for _ in 0..<2 {
                try expect(try store.document("b/2") == [9], "a replaced document has its old bytes")
                try expect(try store.document("a") == [], "an empty document is not empty")
                try expect(try store.document("c") == nil, "a deleted document is there")
                try expect(try store.document("b/") == nil, "a document is found by the beginning of its name")
                let under = try store.documents(withPrefix: "b/").map(\.name)
                try expect(under == ["b/1", "b/2"], "under b/ are \(under)")
                let all = try store.documents(withPrefix: "").map(\.name)
                try expect(all == ["a", "b", "b/1", "b/2", "ä"], "the documents are \(all)")
                store = try bench.reopen(store)
            }
        },
        Check(name: "the folded revision is that of the last completed pass, between the last one and the log's end") { bench in
            var store = try bench.make()
            for number in 1...5 { try store.append(StoreSamples.entry(UInt64(number))) }
            try store.fold(FoldSlice(rows: [(key: 1, bytes: [1])]))
            try expect(store.foldedRevision == .zero, "a pass that goes on counts as folded")
            try store.fold(FoldSlice(rows: [(key: 2, bytes: [2])], completes: Revision(3)))
            try expectError(.outOfOrder, "folding back to 2") {
                try store.fold(FoldSlice(rows: [(key: 3, bytes: [3])], completes: Revision(2)))
            }
            try expectError(.outOfOrder, "folding past the log") {
                try store.fold(FoldSlice(rows: [(key: 3, bytes: [3])], completes: Revision(6)))
            }
            for _ in 0..<2 {
                try expect(store.foldedRevision == Revision(3), "the folded revision is \(store.foldedRevision), not 3")
                try expect(try StoreSamples.rows(of: store) == [1: [1], 2: [2]], "a refused slice wrote a row")
                store = try bench.reopen(store)
            }
        },
    ]

    static let reopeningChecks: [Check] = [
        Check(name: "a checkpoint changes nothing that is read") { bench in
            var store = try bench.make()
            for number in 1...20 { try store.append(StoreSamples.entry(UInt64(number))) }
            try store.fold(FoldSlice(rows: [(key: 1, bytes: [1])], completes: Revision(20)))
            try store.checkpoint()
            try store.append(StoreSamples.entry(21))
            try store.checkpoint()
            store = try bench.reopen(store)
            try expect(try StoreSamples.records(of: store).count == 21, "records were lost")
            try expect(try StoreSamples.rows(of: store) == [1: [1]], "rows were lost")
            try expect(!store.isCheckpointDue, "a checkpoint is due in a store just opened")
        },
        Check(name: "a closed store refuses everything and may be closed again") { bench in
            let store = try bench.make()
            try store.append(StoreSamples.entry(1))
            store.close()
            store.close()
            try expectError(.other, "appending to a closed store") { try store.append(StoreSamples.entry(2)) }
            try expectError(.other, "reading a closed store") { _ = try store.record(Revision(1)) }
            try expectError(.other, "folding into a closed store") { try store.fold(FoldSlice()) }
            try expectError(.other, "checkpointing a closed store") { try store.checkpoint() }
        },
        Check(name: "a store says how safe it is, and how much it takes") { bench in
            let store = try bench.make()
            try expect(["full", "memory"].contains(store.durability), "durability is \(store.durability)")
            let before = store.storedBytes
            for number in 1...50 { try store.append(StoreSamples.entry(UInt64(number))) }
            try expect(store.storedBytes > before, "50 records take no room")
        },
    ]
}
