import Enrichment
import GridModel

extension RunActivity {
    /// Both as one: the newer status of each run, all cells of both. Bounded by the number of runs.
    func merged(with next: RunActivity) -> RunActivity {
        var merged = self
        for status in next.statuses {
            if let index = merged.statuses.firstIndex(where: { $0.grid == status.grid && $0.run == status.run }) {
                merged.statuses[index] = status
            } else {
                merged.statuses.append(status)
            }
        }
        for cells in next.cells {
            guard let index = merged.cells.firstIndex(where: { $0.grid == cells.grid && $0.column == cells.column }) else {
                merged.cells.append(cells)
                continue
            }
            guard let old = merged.cells[index].rows, let new = cells.rows else {
                merged.cells[index].rows = nil
                continue
            }
            let rows = Set(old).union(new)
            merged.cells[index].rows = rows.count > RunActivityFeed.namedRows ? nil : rows.sorted()
        }
        return merged
    }

    /// What of it concerns one grid; `nil` when nothing does.
    func part(of grid: GridID) -> RunActivity? {
        var part = self
        part.statuses.removeAll { $0.grid != grid }
        part.cells.removeAll { $0.grid != grid }
        return part.statuses.isEmpty && part.cells.isEmpty ? nil : part
    }
}
