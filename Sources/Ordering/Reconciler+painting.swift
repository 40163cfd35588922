extension Reconciler {
    /// Draws the best frame; if that is what is drawn, says which later snapshot it equals.
    mutating func repaint() {
        guard intent != nil else { return }
        let settled = settledRevision ?? .zero
        painted.floor = max(painted.floor, settled)
        guard let frame = bestFrame() else { return withdrawOutOfSight() }
        let pages = frame.pages.map { PaintedPage(page: $0.page, version: $0.version) }
        guard pages != painted.pages else { return advance(to: max(frame.revision, settled)) }
        painted = Painted(floor: max(frame.revision, painted.floor), revision: frame.revision, pages: pages)
        let newest = frame.pages.max { $0.from < $1.from }
        counters.paints &+= 1
        emit(
            .paint(
                Paint(
                    revision: frame.revision, pages: frame.pages.map { $0.page }, totalRows: newest?.totalRows ?? 0,
                    totalPages: newest?.totalPages ?? 0)))
    }

    private mutating func advance(to revision: Revision) {
        guard revision > painted.revision else { return }
        painted.revision = revision
        painted.floor = max(painted.floor, revision)
        emit(.advance(revision))
    }

    /// The newest snapshot that every page held of the visible range equals, when a frame of it takes nothing from the screen:
    /// nothing held there is older, and no reply is under way that may be.
    private var settledRevision: Revision? {
        let visible = visibleEntries
        guard let settled = visible.map({ $0.through }).min() else { return nil }
        let fits = visible.allSatisfy { max($0.from, acknowledgedEdit(in: $0) ?? .zero) <= settled }
        return fits && reads.allSatisfy { $0.minRevision >= settled } ? settled : nil
    }

    private struct Frame {
        var revision: Revision
        var pages: [HeldPage]
    }

    /// Of all snapshots not older than the one painted, the one that shows most pages of the view without blanking one that
    /// is painted; the newest where that leaves a choice. `nil` when there is none (C2, C4, C9).
    private func bestFrame() -> Frame? {
        let held = visibleEntries.map { (entry: $0, lowest: max($0.from, acknowledgedEdit(in: $0) ?? .zero)) }
        let inView = held.filter { view.contains($0.entry.page) }
        let kept = painted.pages.filter { view.contains($0.page) }.map { $0.page }
        var best: Frame?
        for revision in ([painted.floor] + inView.map { $0.lowest }.filter { $0 > painted.floor }).sorted() {
            let pages = inView.filter { $0.lowest <= revision && revision <= $0.entry.through }.map { $0.entry }
            guard !pages.isEmpty, kept.allSatisfy({ page in pages.contains { $0.page == page } }) else { continue }
            if let best, best.pages.count > pages.count || best.pages == pages { continue }
            best = Frame(revision: revision, pages: pages)
        }
        guard var frame = best else { return nil }
        frame.pages = held.filter { $0.lowest <= frame.revision && frame.revision <= $0.entry.through }.map { $0.entry }
        return frame
    }

    /// Nothing new can be drawn: what is drawn stays, except for pages that left the visible range. The host must not show
    /// those again by itself, because the core no longer watches them.
    private mutating func withdrawOutOfSight() {
        let visible = visible
        for page in painted.pages where !visible.contains(page.page) { emit(.withdraw(page.page)) }
        painted.pages.removeAll { !visible.contains($0.page) }
    }

    /// The newest acknowledged edit of a row in that page (C9).
    func acknowledgedEdit(in entry: HeldPage) -> Revision? {
        drafts.compactMap { draft in
            entry.members.contains(draft.row) ? draft.acknowledgedAt : nil
        }.max()
    }

    /// The held page that is drawn as it is held, if the one drawn is.
    func drawn(_ page: PaintedPage) -> HeldPage? {
        cache[page.page].flatMap { $0.version == page.version ? $0 : nil }
    }

    /// The newest snapshot that what is painted in view is known to equal.
    var shownRevision: Revision {
        let inView = painted.pages.filter { view.contains($0.page) }
        return inView.map { drawn($0)?.through ?? painted.revision }.min() ?? .zero
    }
}
