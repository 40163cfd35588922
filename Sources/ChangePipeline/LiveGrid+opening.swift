import GridImage
package import GridModel
package import GridStore
import Logging
import Ordering
import Synchronization

extension LiveGrid {
    /// Opens a grid: loads what was folded and replays the rest of the log.
    package static func open(
        id: GridID, store: any GridStore, environment: PipelineEnvironment
    ) async throws(PipelineError) -> LiveGrid {
        let writer = environment.makeWriter("trueline.grid.\(id)")
        let result: Result<LiveGrid, PipelineError> = await withCheckedContinuation { continuation in
            writer.run {
                do throws(PipelineError) {
                    let grid = try openBlocking(id: id, store: store, environment: environment, writer: writer)
                    continuation.resume(returning: .success(grid))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        let grid = try result.get()
        await grid.discardAbandonedImports()
        return grid
    }

    /// Forgets rows that an import staged and never published, because the process ended in between: nobody can be importing into
    /// a grid that was not open. Should there be no room on the disk, the next opening tries again.
    private func discardAbandonedImports() async {
        let image = snapshot()
        for sheet in image.sheets {
            for staged in image.stagedRows(of: sheet.id) {
                // Row numbers are never used again, so this intent, which no UUID is (its version would be 0), comes up once.
                let intent = IntentID(high: 0, low: UInt64(staged.first.rawValue))
                let discard = Change.discardRows(sheet: sheet.id, first: staged.first, count: staged.count)
                do throws(PipelineError) {
                    _ = try await submit(Command(intent: intent, cause: Cause(kind: .importer), changes: [discard]))
                    environment.logger.notice(
                        "discarded rows of an import that broke off", metadata: ["grid": "\(id)", "rows": "\(staged.count)"])
                } catch {
                    environment.logger.warning(
                        "rows of an import that broke off stay", metadata: ["grid": "\(id)", "error": "\(error)"])
                }
            }
        }
    }

    /// Loads and replays on the calling thread, which must not be one of the cooperative pool.
    package static func openBlocking(
        id: GridID, store: any GridStore, environment: PipelineEnvironment, writer: any SerialWriter
    ) throws(PipelineError) -> LiveGrid {
        do throws(StoreError) {
            let (image, unfolded) = try load(from: store)
            let grid = LiveGrid(
                id: id, store: store, environment: environment, writer: writer, image: image, unfoldedChanges: unfolded)
            let stored = try store.document(GridDocuments.name).map { String(decoding: $0, as: UTF8.self) }
            let storedRuns = try store.document(GridDocuments.runs) != nil
            grid.writing.withLock { ($0.storedName, $0.storedRuns) = (stored, storedRuns) }
            if image.revision > .zero {
                grid.storeName()
                grid.storeRuns()
            }
            // What a crash left unfolded is folded now, though nobody may ever write again.
            grid.handle(.timerFired)
            return grid
        } catch {
            throw .failed("grid \(id) cannot be opened: \(error.message)")
        }
    }

    /// Makes a new grid in an empty store. Its name is its first commit; made again in the same store it is found made.
    package static func create(
        id: GridID, name: String, store: any GridStore, environment: PipelineEnvironment
    ) async throws(PipelineError) -> LiveGrid {
        let grid = try await open(id: id, store: store, environment: environment)
        // The one intent that no UUID is (RFC 9562 keeps the nil UUID for "none"): the making of this grid.
        let command = Command(intent: IntentID(high: 0, low: 0), cause: .person, changes: [.renameGrid(name: name)])
        do throws(PipelineError) {
            _ = try await grid.submit(command)
        } catch {
            await grid.close()
            throw error
        }
        return grid
    }

    private static func load(from store: any GridStore) throws(StoreError) -> (image: GridImage, unfolded: Int) {
        // Nobody else may hold the folded image: replay would copy each row that it changes.
        var replay = LogReplay(try folded(in: store))
        var failure: StoreError?
        try store.forEachRecord(after: replay.revision) { record in
            do throws(RecordError) {
                try replay.apply(record: record.bytes, revision: record.revision)
                return true
            } catch {
                failure = StoreError(.corrupt, "the record of revision \(record.revision) is not understood: \(error)")
                return false
            }
        }
        if let failure { throw failure }
        guard replay.revision == store.lastRevision else {
            throw StoreError(.corrupt, "its log ends at revision \(store.lastRevision), replay at \(replay.revision)")
        }
        let unfolded = replay.changes
        return (replay.finish(), unfolded)
    }

    /// The image at the folded revision.
    private static func folded(in store: any GridStore) throws(StoreError) -> GridImage {
        let documents = try store.documents(withPrefix: "").filter { !$0.name.hasPrefix(GridDocuments.prefix) }
        if documents.isEmpty, store.foldedRevision == .zero { return GridImage(name: "") }
        var loader = GridImageLoader()
        try store.forEachRow { loader.row(key: $0, bytes: $1) }
        let image: GridImage
        do throws(RecordError) {
            image = try loader.finish(documents: documents)
        } catch {
            throw StoreError(.corrupt, "its folded rows are damaged: \(error)")
        }
        guard image.revision == store.foldedRevision else {
            throw StoreError(.corrupt, "its rows stand at revision \(image.revision), its fold at \(store.foldedRevision)")
        }
        return image
    }
}
