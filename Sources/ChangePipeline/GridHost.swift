import GridImage
package import GridModel
package import GridStore
import Ordering
import Synchronization

/// The grids of one catalog: opens each when it is first asked for, closes the idle ones, makes and deletes them.
package final class GridHost: Sendable {
    /// A grid of the catalog, open or not.
    package struct Summary: Hashable, Sendable {
        package var id: GridID
        /// The name at the last commit; after a crash it may be that of the last open until the grid is opened again.
        package var name: String
        /// Why the grid cannot be opened; `nil` for a sound one.
        package var damage: String?
        package var isOpen: Bool
    }

    private enum Entry {
        case open(LiveGrid)
        /// Being opened, made, closed or deleted; these wait for the end of it.
        case busy([CheckedContinuation<Void, Never>])
    }

    private struct State {
        var entries: [GridID: Entry] = [:]
        /// Names of grids that are not open, read once.
        var names: [GridID: String] = [:]
        var isClosed = false

        func grid(_ id: GridID) -> LiveGrid? {
            if case .open(let grid) = entries[id] { grid } else { nil }
        }
    }

    package let environment: PipelineEnvironment
    private let catalog: any GridCatalog
    private let state = Mutex(State())

    package init(catalog: any GridCatalog, environment: PipelineEnvironment) {
        self.catalog = catalog
        self.environment = environment
    }

    /// How safe an acknowledged commit is: "full" or "memory".
    package var durability: String { catalog.durability }

    /// All grids, in order of id; damaged ones with the reason.
    package func grids() async throws(PipelineError) -> [Summary] {
        let listed = try await blocking { [catalog] () throws(StoreError) in try catalog.grids() }
        var summaries: [Summary] = []
        for (id, damage) in listed {
            var summary = Summary(id: id, name: "", damage: damage, isOpen: false)
            let (open, known) = state.withLock { state in (state.grid(id), state.names[id]) }
            if let open {
                summary.name = open.snapshot().name
                summary.isOpen = true
            } else if let known {
                summary.name = known
            } else if damage == nil {
                do throws(PipelineError) {
                    summary.name = try await storedName(id)
                } catch .noSuchGrid {
                    continue  // deleted meanwhile
                } catch {
                    summary.damage = "\(error)"
                }
            }
            summaries.append(summary)
        }
        return summaries
    }

    /// The grid, opened if need be. Concurrent calls open it once.
    package func grid(_ id: GridID) async throws(PipelineError) -> LiveGrid {
        if let open = try await begin(id) { return open }
        do throws(PipelineError) {
            let store = try await blocking(id) { [catalog] () throws(StoreError) in try catalog.open(id) }
            let grid = try await started(store) { () async throws(PipelineError) in
                try await LiveGrid.open(id: id, store: store, environment: environment)
            }
            end(id, with: grid)
            return grid
        } catch {
            end(id, with: nil)
            throw error
        }
    }

    /// Makes a grid and opens it.
    package func create(_ id: GridID, name: String) async throws(PipelineError) -> LiveGrid {
        guard try await begin(id) == nil else { throw .failed("there is a grid \(id) already; choose another id") }
        do throws(PipelineError) {
            let store = try await blocking(id) { [catalog] () throws(StoreError) in try catalog.create(id) }
            let grid: LiveGrid
            do throws(PipelineError) {
                grid = try await started(store) { () async throws(PipelineError) in
                    try await LiveGrid.create(id: id, name: name, store: store, environment: environment)
                }
            } catch {
                // Nothing was acknowledged: a grid that could not be named is not left behind.
                try await blocking(id) { [catalog] () throws(StoreError) in try catalog.delete(id) }
                throw error
            }
            end(id, with: grid)
            return grid
        } catch {
            end(id, with: nil)
            throw error
        }
    }

    /// Closes a grid and removes everything of it.
    package func delete(_ id: GridID) async throws(PipelineError) {
        if let open = try await begin(id, taking: true) { await open.close() }
        defer { end(id, with: nil) }
        try await blocking(id) { [catalog] () throws(StoreError) in try catalog.delete(id) }
    }

    /// The grids whose runs go on after a restart, found without opening them.
    package func gridsWithRuns() async throws(PipelineError) -> [GridID] {
        let listed = try await blocking { [catalog] () throws(StoreError) in try catalog.grids() }
        var found: [GridID] = []
        for (id, damage) in listed where damage == nil {
            if let open = try await begin(id) {
                if !open.snapshot().ledger.unfinished.isEmpty { found.append(id) }
                continue
            }
            defer { end(id, with: nil) }
            let hasRuns = try await blocking(id) { [catalog] () throws(StoreError) in
                let store = try catalog.open(id)
                defer { store.close() }
                return try store.document(GridDocuments.runs) != nil
            }
            if hasRuns { found.append(id) }
        }
        return found
    }

    /// Closes the grids that nobody listens to and nobody asked anything of for so long. Returns which.
    /// - Parameter isNeeded: grids that stay open all the same.
    package func closeIdle(after duration: Duration, unless isNeeded: (GridID) -> Bool = { _ in false }) async -> [GridID] {
        let idle = state.withLock { state in
            state.entries.keys.sorted().filter { state.grid($0)?.isIdle(for: duration) ?? false }
        }.filter { !isNeeded($0) }
        for id in idle { await close(id) }
        return idle
    }

    /// Closes every grid and lets another process have the directory.
    package func close() async {
        let all = state.withLock { state in
            state.isClosed = true
            return state.entries.keys.sorted()
        }
        for id in all { await close(id) }
        catalog.close()
    }

    private func close(_ id: GridID) async {
        do throws(PipelineError) {
            guard let grid = try await begin(id, taking: true, evenClosed: true) else { return end(id, with: nil) }
            let name = grid.snapshot().name
            await grid.close()
            state.withLock { $0.names[id] = name }
            end(id, with: nil)
        } catch {
            // `begin` fails only for a closed host, which was excluded.
        }
    }
}

extension GridHost {
    /// Marks the grid busy, once nobody else has. Returns the open grid instead, if there is one; with `taking` takes it out.
    private func begin(
        _ id: GridID, taking: Bool = false, evenClosed: Bool = false
    ) async throws(PipelineError) -> LiveGrid? {
        while true {
            let closed = state.withLock { $0.isClosed }
            if closed, !evenClosed { throw .closed }
            let (grid, mine): (LiveGrid?, Bool) = state.withLock { state in
                switch state.entries[id] {
                case .open(let grid):
                    if taking { state.entries[id] = .busy([]) }
                    return (grid, true)
                case .busy: return (nil, false)
                case nil:
                    state.entries[id] = .busy([])
                    state.names[id] = nil
                    return (nil, true)
                }
            }
            if mine { return grid }
            await withCheckedContinuation { continuation in
                let over = state.withLock { state in
                    guard case .busy(let waiting) = state.entries[id] else { return true }
                    state.entries[id] = .busy(waiting + [continuation])
                    return false
                }
                if over { continuation.resume() }
            }
        }
    }

    private func end(_ id: GridID, with grid: LiveGrid?) {
        let waiting = state.withLock { state in
            let entry = state.entries[id]
            state.entries[id] = grid.map { .open($0) }
            if case .busy(let waiting) = entry { return waiting }
            return []
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Closes the store again when what was to use it did not come to be.
    private func started(
        _ store: any GridStore, _ body: () async throws(PipelineError) -> LiveGrid
    ) async throws(PipelineError) -> LiveGrid {
        do throws(PipelineError) {
            return try await body()
        } catch {
            store.close()
            throw error
        }
    }

    private func storedName(_ id: GridID) async throws(PipelineError) -> String {
        if let open = try await begin(id) { return open.snapshot().name }
        defer { end(id, with: nil) }
        let name = try await blocking(id) { [catalog] () throws(StoreError) in
            let store = try catalog.open(id)
            defer { store.close() }
            return try store.document(GridDocuments.name).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        state.withLock { $0.names[id] = name }
        return name
    }

    private func blocking<T: Sendable>(
        _ id: GridID? = nil, _ work: @escaping @Sendable () throws(StoreError) -> T
    ) async throws(PipelineError) -> T {
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            environment.runBlocking {
                do throws(StoreError) {
                    continuation.resume(returning: .success(try work()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        switch result {
        case .success(let value): return value
        case .failure(let error):
            switch error.code {
            case .full: throw .full(error.message)
            case .notFound: throw id.map { .noSuchGrid($0) } ?? .failed(error.message)
            case .syncFailed, .corrupt, .locked, .exists, .outOfOrder, .other: throw .failed(error.message)
            }
        }
    }
}
