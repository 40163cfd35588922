import ChangePipeline
import Foundation
import GridImage
import GridModel
import Interchange
import Logging
import Ordering
import ServiceLifecycle
import Wire

/// Brings one file into a sheet: rows are staged batch by batch, seen by nobody, and published in one revision at the end.
struct ImportJob: Sendable {
    struct Progress: Sendable {
        var counts: ImportCounts
        var totalBytes: Int
        var nanoseconds: UInt64
    }

    struct Outcome: Sendable {
        var revision: Revision
        var counts: ImportCounts
        /// The first ones.
        var rejects: [ImportReject]
        /// The file with all of them, when there are more.
        var list: ImportRegistry.RejectList?
    }

    let id: ImportRegistry.ID
    let services: ServerServices
    let grid: LiveGrid
    let sheet: SheetID
    let options: ImportOptions
    let file: SpoolFile
    let totalBytes: Int
    let intent: IntentID
    /// Who waits for the import: when they leave, it is undone.
    let client: ClientPresence?

    /// Rejects that the answer itself carries.
    static let listedRejects = 1_000
    /// Batches on their way at one time: the pipeline groups them and pushes back beyond its own bound.
    private static let batchesInFlight = 4

    /// What an import has done to the grid so far, so that it can be undone.
    private struct Work {
        var addedColumns: [ColumnID] = []
        /// Staged rows in the file's order.
        var staged: [(first: RowID, count: UInt32)] = []
        var rejects: [ImportReject] = []
        var rejectCount = 0
        /// Not written to the list's file yet.
        var rejectLines: [UInt8] = []
        var rejectBytes = 0
    }

    /// Runs to the end. When it throws, the grid is as it was.
    func run(progress: (Progress) async throws -> Void) async throws -> Outcome {
        services.imports.begin(id)
        let rejectsFile = try await SpoolFile(directory: services.configuration.spoolDirectory, name: "\(id).rejects")
        var work = Work()
        do {
            let outcome = try await read(&work, rejectsFile, progress)
            for old in services.imports.end(id, rejects: outcome.list) { SpoolFile(path: old.path).remove() }
            return outcome
        } catch {
            await undo(work)
            rejectsFile.remove()
            _ = services.imports.end(id, rejects: nil)
            throw error
        }
    }

    private func read(
        _ work: inout Work, _ rejectsFile: SpoolFile, _ progress: (Progress) async throws -> Void
    ) async throws -> Outcome {
        var importer = Importer(options: options)
        let started = services.environment.monotonicClock()
        var counts: ImportCounts?
        try await file.read { bytes in
            try checkCancelled()
            importer.handle(.bytes(bytes))
            counts = try await drain(&importer, &work)
            try await write(&work, rejectsFile)
            try await progress(
                Progress(
                    counts: importer.counts, totalBytes: totalBytes,
                    nanoseconds: services.environment.monotonicClock() &- started))
        }
        importer.handle(.end)
        if let last = try await drain(&importer, &work) { counts = last }
        try await write(&work, rejectsFile)
        try checkCancelled()
        guard let counts else {
            throw Problem("failed", "The import did not end", status: 500, detail: "the reader stopped early")
        }
        let revision = try await publish(work)
        services.metrics.importedRows.add(counts.rows)
        services.metrics.rejectedRows.add(counts.rejected)
        let hasMore = work.rejectCount > work.rejects.count
        if !hasMore { rejectsFile.remove() }
        let list = ImportRegistry.RejectList(path: rejectsFile.path, bytes: work.rejectBytes)
        return Outcome(revision: revision, counts: counts, rejects: work.rejects, list: hasMore ? list : nil)
    }

    /// Does what the reader asks for, until it asks for nothing.
    private func drain(_ importer: inout Importer, _ work: inout Work) async throws -> ImportCounts? {
        var blocks: [RowsBlock] = []
        var finished: ImportCounts?
        while let effect = importer.nextEffect() {
            switch effect {
            case .columns(let columns):
                try await stage(&blocks, &work)
                importer.handle(.columnsBound(try await bind(columns, &work)))
            case .rows(let block):
                blocks.append(block)
                if blocks.count == Self.batchesInFlight { try await stage(&blocks, &work) }
            case .reject(let reject): try note(reject, &work)
            case .failed(let failure):
                throw Problem(
                    "invalid", "The file cannot be imported", status: 422, detail: failure.description,
                    errors: [.init(["reason": .text(failure.description)])])
            case .finished(let counts): finished = counts
            }
        }
        try await stage(&blocks, &work)
        return finished
    }

    /// The sheet's columns of these names; those that are not there are added.
    private func bind(_ columns: [ImportColumn], _ work: inout Work) async throws -> [ColumnID?] {
        let present = grid.snapshot().sheet(sheet)?.columns ?? []
        let known = Dictionary(present.map { ($0.name, $0.id) }) { first, _ in first }
        let missing = columns.filter { known[$0.name] == nil }
        var added: [String: ColumnID] = [:]
        if !missing.isEmpty {
            let changes = missing.map {
                Change.addColumn(sheet: sheet, name: $0.name, type: $0.type, width: nil, agent: nil, position: .last)
            }
            let outcome = try await submit(changes)
            for (column, result) in zip(missing, outcome.results) {
                guard case .column(let id) = result else { continue }
                added[column.name] = id
                work.addedColumns.append(id)
            }
        }
        return columns.map { known[$0.name] ?? added[$0.name] }
    }

    /// Stages blocks side by side, and keeps their rows in the file's order.
    private func stage(_ blocks: inout [RowsBlock], _ work: inout Work) async throws {
        guard !blocks.isEmpty else { return }
        let staged = await withThrowingTaskGroup(of: (Int, RowID, UInt32).self) { group in
            for (index, block) in blocks.enumerated() {
                group.addTask { [self] in
                    let outcome = try await submit([.stageRows(sheet: sheet, rows: block)])
                    guard case .rows(let first, let count)? = outcome.results.first else {
                        throw Problem("failed", "Staging failed", status: 500, detail: "rows were staged without an answer")
                    }
                    return (index, first, count)
                }
            }
            // All are awaited even when one fails, so that what was staged is known and can be undone.
            var done: [(Int, RowID, UInt32)] = []
            var failure: (any Error)?
            while let result = await group.nextResult() {
                switch result {
                case .success(let entry): done.append(entry)
                case .failure(let error): failure = error
                }
            }
            return (done.sorted { $0.0 < $1.0 }, failure)
        }
        for (_, first, count) in staged.0 { Self.append(first, count, to: &work.staged) }
        blocks = []
        if let failure = staged.1 { throw failure }
    }

    private static func append(_ first: RowID, _ count: UInt32, to ranges: inout [(first: RowID, count: UInt32)]) {
        if let last = ranges.last, last.first.rawValue &+ last.count == first.rawValue {
            ranges[ranges.count - 1].count += count
        } else {
            ranges.append((first, count))
        }
    }

    private func publish(_ work: Work) async throws -> Revision {
        guard !work.staged.isEmpty else { return grid.snapshot().revision }
        let changes = work.staged.map { Change.publishRows(sheet: sheet, first: $0.first, count: $0.count, position: .last) }
        let command = Command(intent: intent, cause: Cause(kind: .importer), changes: changes)
        return try await services.commit(command, to: grid).revision
    }

    /// Takes back what was staged and added.
    private func undo(_ work: Work) async {
        let changes =
            work.staged.map { Change.discardRows(sheet: sheet, first: $0.first, count: $0.count) }
            + work.addedColumns.map { Change.deleteColumn(column: $0) }
        guard !changes.isEmpty else { return }
        do {
            _ = try await submit(changes)
        } catch {
            services.environment.logger.warning(
                "an import was not undone", metadata: ["grid": "\(grid.id)", "import": "\(id)", "error": "\(error)"])
        }
    }

    private func submit(_ changes: [Change]) async throws(PipelineError) -> CommandOutcome {
        try await grid.submit(Command(intent: services.newIntent(), cause: Cause(kind: .importer), changes: changes))
    }

    private func note(_ reject: ImportReject, _ work: inout Work) throws(Problem) {
        work.rejectCount += 1
        if work.rejects.count < Self.listedRejects { work.rejects.append(reject) }
        let line = WireWriter.write { reject.write(to: &$0) } + [0x0A]
        work.rejectLines += line
        work.rejectBytes += line.count
        guard work.rejectBytes <= services.configuration.limits.rejectListBytes else {
            throw Problem.tooLarge(
                "bytes of the list of rejected rows (the last is of line \(reject.line): \(reject.reason))",
                most: services.configuration.limits.rejectListBytes, asked: work.rejectBytes)
        }
    }

    private func write(_ work: inout Work, _ file: SpoolFile) async throws {
        guard work.rejectCount > Self.listedRejects, !work.rejectLines.isEmpty else { return }
        let lines = Data(work.rejectLines)
        work.rejectLines = []
        try await SpoolFile.blocking {
            if !FileManager.default.fileExists(atPath: file.path) {
                _ = FileManager.default.createFile(atPath: file.path, contents: nil, attributes: [.posixPermissions: 0o600])
            }
            let handle = try FileHandle(forWritingTo: URL(filePath: file.path))
            defer { try? handle.close() }
            try handle.seekToEnd()
            try handle.write(contentsOf: lines)
        }
    }

    private func checkCancelled() throws {
        try Task.checkCancellation()
        if Task.isShuttingDownGracefully { throw CancellationError() }
        if services.imports.isCancelled(id) || client?.isGone == true {
            throw Problem(
                "cancelled", "Cancelled", status: 409, detail: "the import was cancelled; nothing of it is in the grid")
        }
    }
}

extension ImportReject {
    func write(to writer: inout WireWriter) {
        writer.object { writer in
            writer.member("line", line)
            writer.member("reason", reason.description)
            writer.member("text", text)
        }
    }
}
