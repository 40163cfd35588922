extension Reconciler {
    /// Draws the best frame, if it differs from what is drawn.
    mutating func repaint() {
        guard intent != nil else { return }
        guard let frame = bestFrame() else { return withdrawOutOfSight() }
        let pages = frame.pages.map { PaintedPage(page: $0.page, version: $0.version) }
        guard pages != painted.pages else { return }
        painted = Painted(revision: max(frame.revision, painted.revision), pages: pages)
        let newest = frame.pages.max { $0.from < $1.from }
        counters.paints &+= 1
        emit(
            .paint(
                Paint(
                    revision: frame.revision, pages: frame.pages.map { $0.page }, totalRows: newest?.totalRows ?? 0,
                    totalPages: newest?.totalPages ?? 0)))
    }

    private struct Frame {
        var revision: Revision
        var pages: [HeldPage]
    }

    /// Of all snapshots not older than the one painted, the one that shows most pages of the view without blanking one that
    /// is painted; the newest where that leaves a choice. `nil` when there is none (C2, C4, C9).
    private func bestFrame() -> Frame? {
        let floor = mutants.contains(.ignoreRevision) ? Revision.zero : painted.revision
        let held = visibleEntries.map { (entry: $0, lowest: max($0.from, acknowledgedEdit(in: $0) ?? .zero)) }
        let inView = held.filter { view.contains($0.entry.page) }
        let kept = painted.pages.filter { view.contains($0.page) }.map { $0.page }
        if mutants.contains(.ignoreCoherence) {
            guard let highest = inView.map({ $0.entry.from }).max() else { return nil }
            return Frame(revision: max(floor, highest), pages: inView.map { $0.entry })
        }
        var best: Frame?
        for revision in ([floor] + inView.map { $0.lowest }.filter { $0 > floor }).sorted() {
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
        if mutants.contains(.paintBelowAcknowledgement) { return nil }
        return drafts.compactMap { draft in
            draft.generation == generation && entry.members.contains(draft.row) ? draft.acknowledgedAt : nil
        }.max()
    }

    /// The held page that is drawn as it is held, if the one drawn is.
    private func drawn(_ page: PaintedPage) -> HeldPage? {
        cache[page.page].flatMap { $0.version == page.version ? $0 : nil }
    }

    /// The newest snapshot that what is painted in view is known to equal.
    var shownRevision: Revision {
        let inView = painted.pages.filter { view.contains($0.page) }
        return inView.map { max(painted.revision, drawn($0)?.through ?? .zero) }.min() ?? .zero
    }
}

// Drafts (C9).
extension Reconciler {
    mutating func editSubmitted(_ id: DraftID, row: RowKey) {
        if let index = drafts.firstIndex(where: { $0.id == id }) {
            drafts[index].state = .submitted
            return
        }
        if drafts.count >= Bounds.drafts {
            let index = drafts.firstIndex { $0.acknowledgedAt != nil } ?? 0
            emit(.releaseDraft(drafts.remove(at: index).id, .full))
        }
        let home = cache.entries.first { $0.members.contains(row) }?.page
        drafts.append(Draft(id: id, row: row, home: home, generation: generation, state: .submitted))
    }

    mutating func editAcknowledged(_ id: DraftID, at revision: Revision) {
        heard(of: revision)
        guard let index = drafts.firstIndex(where: { $0.id == id }) else { return counters.ignored &+= 1 }
        if drafts[index].generation != generation {
            drafts.remove(at: index)
            emit(.releaseDraft(id, .intentChanged))
        } else if mutants.contains(.releaseOnAcknowledgement) {
            drafts.remove(at: index)
            emit(.releaseDraft(id, .painted))
        } else {
            drafts[index].state = .acknowledged(max(revision, drafts[index].acknowledgedAt ?? .zero))
        }
    }

    mutating func editRefused(_ id: DraftID) {
        guard let index = drafts.firstIndex(where: { $0.id == id }) else { return counters.ignored &+= 1 }
        drafts[index].state = .refused
    }

    mutating func editDiscarded(_ id: DraftID) {
        guard let index = drafts.firstIndex(where: { $0.id == id }) else { return counters.ignored &+= 1 }
        drafts.remove(at: index)
        emit(.releaseDraft(id, .discarded))
    }

    /// Drafts not acknowledged yet stay followed: their sheet may be gone from the screen, the edit is not.
    mutating func releaseDraftsOfOlderIntents() {
        for draft in drafts where draft.acknowledgedAt != nil { emit(.releaseDraft(draft.id, .intentChanged)) }
        drafts.removeAll { $0.acknowledgedAt != nil }
    }

    /// Lets go of drafts whose row is painted at their revision or later, or is no longer where it was.
    mutating func releaseDrafts() {
        guard !drafts.isEmpty else { return }
        let pages = painted.pages.map { drawn($0) }
        var released: [(DraftID, ReleaseReason)] = []
        for draft in drafts {
            guard let revision = draft.acknowledgedAt else { continue }
            let holding = pages.first { $0?.members.contains(draft.row) ?? false }
            if let holding, let page = holding {
                if page.through >= revision { released.append((draft.id, .painted)) }
            } else if pages.contains(where: { $0.map { $0.through >= revision && $0.page == draft.home ?? $0.page } ?? false }),
                pages.allSatisfy({ $0 != nil })
            {
                released.append((draft.id, .rowGone))
            }
        }
        for (id, reason) in released { emit(.releaseDraft(id, reason)) }
        drafts.removeAll { draft in released.contains { $0.0 == draft.id } }
    }
}
