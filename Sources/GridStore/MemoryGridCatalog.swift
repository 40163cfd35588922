package import GridModel
import Synchronization

/// Grids in memory. A closed grid can be opened again as long as the catalog lives.
package final class MemoryGridCatalog: GridCatalog {
    private let contents = Mutex<[GridID: MemoryGridContents]>([:])

    package init() {}

    package var durability: String { "memory" }

    package func grids() throws(StoreError) -> [(id: GridID, damage: String?)] {
        contents.withLock { $0.keys.sorted().map { (id: $0, damage: nil) } }
    }

    package func create(_ id: GridID) throws(StoreError) -> any GridStore {
        try contents.withLock { contents throws(StoreError) in
            guard contents[id] == nil else { throw StoreError(.exists, "there is a grid \(id) already; choose another id") }
            let made = MemoryGridContents()
            contents[id] = made
            return MemoryGridStore(contents: made)
        }
    }

    package func open(_ id: GridID) throws(StoreError) -> any GridStore {
        let found = contents.withLock { $0[id] }
        guard let found else { throw StoreError(.notFound, "there is no grid \(id)") }
        return MemoryGridStore(contents: found)
    }

    package func delete(_ id: GridID) throws(StoreError) {
        let removed = contents.withLock { $0.removeValue(forKey: id) }
        guard removed != nil else { throw StoreError(.notFound, "there is no grid \(id)") }
    }

    package func close() {}
}
