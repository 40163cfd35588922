package import GridModel
import Ordering
import Synchronization

/// Views kept between reads, shared by an image and its copies. Each is kept with the revision and the lineage it was made from,
/// so that copies that went different ways never see each other's.
final class ViewCache: Sendable {
    static let viewLimit = 16
    /// Rows of all kept views together: about 8 bytes each.
    static let rowLimit = 8_000_000

    struct Key: Hashable {
        var sheet: SheetID
        var definition: ViewDefinition
    }

    struct Kept {
        var revision: Revision
        var lineage: UInt64
        var order: RowOrder
    }

    private struct State {
        var views: [Key: (kept: Kept, used: UInt64)] = [:]
        var uses: UInt64 = 0
    }

    private let state = Mutex(State())

    func find(_ key: Key) -> Kept? {
        state.withLock { state in
            state.uses += 1
            state.views[key]?.used = state.uses
            return state.views[key]?.kept
        }
    }

    /// Keeps a view, unless a newer one is kept already.
    func keep(_ kept: Kept, as key: Key) {
        state.withLock { state in
            if let other = state.views[key]?.kept, other.revision > kept.revision { return }
            state.uses += 1
            state.views[key] = (kept, state.uses)
            var rows = state.views.values.reduce(0) { $0 + $1.kept.order.count }
            while state.views.count > 1, state.views.count > Self.viewLimit || rows > Self.rowLimit {
                guard let oldest = state.views.min(by: { $0.value.used < $1.value.used }) else { return }
                rows -= oldest.value.kept.order.count
                state.views[oldest.key] = nil
            }
        }
    }
}

extension GridImage {
    /// Touched rows beyond which a kept view is made anew instead of being brought forward.
    static let bringForwardLimit = 2_000

    /// The rows of a sheet under a definition: filtered, and sorted so that ties keep the sheet's order. No rows for a sheet that
    /// is not there. Kept between calls and brought forward where few rows were touched since.
    package func rows(of sheet: SheetID, view: ViewDefinition) -> RowList {
        guard let state = state(sheet) else { return RowList(order: RowOrder()) }
        if view.isEmpty { return RowList(order: state.order) }
        let key = ViewCache.Key(sheet: sheet, definition: view)
        let kept = views.find(key)
        if let kept, kept.revision == revision, kept.lineage == lineage { return RowList(order: kept.order) }
        let evaluator = ViewEvaluator(self, state, view)
        let order = kept.flatMap { bringForward($0, state, view, evaluator) } ?? RowOrder(evaluator.rows())
        views.keep(ViewCache.Kept(revision: revision, lineage: lineage, order: order), as: key)
        return RowList(order: order)
    }

    /// The kept view at this revision; `nil` when it must be made anew.
    private func bringForward(
        _ kept: ViewCache.Kept, _ state: SheetState, _ view: ViewDefinition, _ evaluator: ViewEvaluator
    ) -> RowOrder? {
        guard let rows = touchedSince(kept, state.sheet.id, view, limit: max(kept.order.count / 4, 64)) else {
            return nil
        }
        guard !rows.isEmpty else { return kept.order }
        var order = kept.order
        order.remove(rows)
        var scratch: [UInt8] = []
        for row in rows where state.order.contains(row) && evaluator.holds(row, &scratch) {
            order.insert([row], at: evaluator.rank(of: row, in: order))
        }
        return order
    }

    /// The rows whose place in a kept view may have changed; `nil` when that is not known, or they are many.
    private func touchedSince(_ kept: ViewCache.Kept, _ sheet: SheetID, _ view: ViewDefinition, limit: Int) -> [UInt32]? {
        guard let entries = recent.after(kept.revision, lineage: kept.lineage) else { return nil }
        let limit = min(limit, Self.bringForwardLimit)
        let columns = view.columns
        var rows: Set<UInt32> = []
        for entry in entries {
            guard let touched = entry.touched.sheets.first(where: { $0.id == sheet }) else { continue }
            if touched.structure { return nil }
            let isRelevant =
                view.find != nil || touched.order || (touched.columns?.contains(where: { columns.contains($0) }) ?? true)
            guard isRelevant else { continue }
            guard case .ranges(let ranges) = touched.rows else { return nil }
            for range in ranges {
                let (first, last) = (range.lowerBound.rawValue, range.upperBound.rawValue)
                guard rows.count + Int(last - first) < limit else { return nil }
                rows.formUnion(first...last)
            }
        }
        return rows.sorted()
    }
}
