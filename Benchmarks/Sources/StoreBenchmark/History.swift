import Foundation
import GridImage
import GridModel
import GridStore
import Ordering
import SQLiteStore

/// What the back pointers cost, the only price of every cell's history: each record is appended and applied as it is, and again
/// without its back pointers, to another file and another image. Planning is timed once, and so is looking the pointers up after
/// it; without back pointers a commit would plan that much faster. Medians, so that another program's load counts less.
struct HistoryBenchmark {
    let rows: Int
    let columns: Int
    let directory: String

    func run() async throws {
        print("== \(rows) x \(columns), 1000 changes a commit, with and without back pointers")
        var workload = Workload(rows: rows, columns: columns)
        let pipeline = try await PipelineBench(directory: directory + "/grid", workload: &workload)
        var with = try Variant(pipeline.snapshot, directory + "/with")
        var without = try Variant(pipeline.snapshot, directory + "/without")
        await pipeline.close()
        let clock = ContinuousClock()
        var (planning, pointers) = (Timings(), Timings())
        var sum: UInt64 = 0
        for number in 1...1_000 {
            let command = workload.commands(1, changes: 1_000)[0]
            let begun = clock.now
            let plan = with.image.plan([command], time: 0)
            let planned = clock.now
            for case .setCell(let row, let column, _, _) in command.changes {
                sum &+= with.image.lastChange(row: row, column: column).rawValue
            }
            let looked = clock.now
            let stripped = try StrippedRecord.make(plan.record)
            // Turns in going first.
            if number % 2 == 0 {
                try with.commit(plan.record, counts: number > 100)
                try without.commit(stripped, counts: number > 100)
            } else {
                try without.commit(stripped, counts: number > 100)
                try with.commit(plan.record, counts: number > 100)
            }
            guard number > 100 else { continue }
            planning.add(planned - begun)
            pointers.add(looked - planned)
        }
        for (name, variant) in [("with", with), ("without", without)] {
            print(
                "\(name): append p50 \(variant.appending[50]) ms, apply p50 \(variant.applying[50]) ms, "
                    + "\(figure(Double(variant.bytes) / 900_000, 1)) bytes a change")
        }
        print("plan p50 \(planning[50]) ms, of it looking up pointers p50 \(pointers[50]) ms (\(sum & 1))")
        let full = planning.value(50) + with.appending.value(50) + with.applying.value(50)
        let bare = planning.value(50) - pointers.value(50) + without.appending.value(50) + without.applying.value(50)
        Goals.report("percent that back pointers cost a commit", (full / bare - 1) * 100)
        with.store.close()
        without.store.close()
    }

    /// An image and a log of its own.
    private struct Variant {
        var image: GridImage
        let store: any GridStore
        private let catalog: SQLiteGridCatalog
        private(set) var appending = Timings()
        private(set) var applying = Timings()
        private(set) var bytes = 0
        private var next = Revision(1)

        init(_ image: GridImage, _ directory: String) throws {
            self.image = image
            guard let id = GridID("log") else { throw CocoaError(.formatting) }
            catalog = try SQLiteGridCatalog(directory: directory, startedAt: "now")
            store = try catalog.create(id)
        }

        mutating func commit(_ record: [UInt8], counts: Bool) throws {
            let clock = ContinuousClock()
            let start = clock.now
            try store.append(LogEntry(record: LogRecord(revision: next, structural: false, bytes: record), outcomes: []))
            let appended = clock.now
            _ = try image.apply(record: record, revision: image.revision.next)
            let applied = clock.now
            next = next.next
            if counts {
                appending.add(appended - start)
                applying.add(applied - appended)
                bytes += record.count
            }
            if store.isCheckpointDue { try store.checkpoint() }
        }
    }
}

/// A record of plain changes of cells without its back pointers: each is "none". The format: Docs/specifications/record-format.md.
enum StrippedRecord {
    private struct Unexpected: Error {}

    static func make(_ record: [UInt8]) throws -> [UInt8] {
        var at = 2
        func varint() -> UInt64 {
            var (value, shift): (UInt64, UInt64) = (0, 0)
            while true {
                let byte = record[at]
                at += 1
                value |= UInt64(byte & 0x7F) << shift
                shift += 7
                if byte < 0x80 { return value }
            }
        }
        _ = varint()
        _ = varint()
        var bytes = Array(record[..<at])
        while at < record.count - 8 {
            let length = record[at..<at + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
            let (sectionAt, end) = (bytes.count, at + 4 + length)
            let head = at
            at += 4 + 16 + 1
            _ = varint()
            guard record[at] == 0 else { throw Unexpected() }
            at += 1
            bytes += record[head..<at]
            while at < end {
                let start = at
                guard record[at] == 1 else { throw Unexpected() }
                at += 1
                _ = varint()
                _ = varint()
                bytes += record[start..<at]
                _ = varint()
                _ = varint()
                bytes += [0, 0]
                let values = at
                at += Int(varint())
                at += Int(varint())
                bytes += record[values..<at]
            }
            let stripped = UInt32(bytes.count - sectionAt - 4)
            for byte in 0..<4 { bytes[sectionAt + byte] = UInt8(truncatingIfNeeded: stripped >> UInt32(byte * 8)) }
        }
        let sum = checksum(bytes)
        for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: sum >> UInt64(byte * 8))) }
        return bytes
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt64 {
        func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
            var state = (state ^ word) &* 0xFF51_AFD7_ED55_8CCD
            state ^= state >> 32
            return state &+ 0x2545_F491_4F6C_DD1D
        }
        var state = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
        var at = 0
        while at + 8 <= bytes.count {
            state = mix(state, bytes[at..<at + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
            at += 8
        }
        state = mix(state, bytes[at...].reduce(0) { $0 << 8 | UInt64($1) })
        return mix(state, 0xD6E8_FEB8_6659_FD93)
    }
}
