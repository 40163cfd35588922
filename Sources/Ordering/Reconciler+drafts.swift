// Drafts: what a person typed, until a page shows it (C9).
extension Reconciler {
    mutating func editSubmitted(_ id: DraftID, row: RowKey) {
        if let index = drafts.firstIndex(where: { $0.id == id }) {
            drafts[index].state = .submitted
            return
        }
        if drafts.count >= Bounds.drafts {
            release(at: drafts.firstIndex { $0.acknowledgedAt != nil } ?? 0, .full)
        }
        let home = cache.entries.first { $0.members.contains(row) }?.page
        drafts.append(Draft(id: id, row: row, home: home, state: .submitted))
    }

    mutating func editAcknowledged(_ id: DraftID, at revision: Revision) {
        heard(of: revision)
        guard let index = drafts.firstIndex(where: { $0.id == id }) else { return counters.ignored &+= 1 }
        drafts[index].state = .acknowledged(max(revision, drafts[index].acknowledgedAt ?? .zero))
    }

    mutating func editRefused(_ id: DraftID) {
        guard let index = drafts.firstIndex(where: { $0.id == id }) else { return counters.ignored &+= 1 }
        drafts[index].state = .refused
    }

    mutating func editDiscarded(_ id: DraftID) {
        guard let index = drafts.firstIndex(where: { $0.id == id }) else { return counters.ignored &+= 1 }
        release(at: index, .discarded)
    }

    /// What the new intent reads is later than every acknowledged edit. The other drafts stay followed: their sheet may be
    /// gone from the screen, the edit is not.
    mutating func releaseDraftsOfOlderIntents() {
        while let index = drafts.firstIndex(where: { $0.acknowledgedAt != nil }) { release(at: index, .intentChanged) }
        for index in drafts.indices { drafts[index].home = nil }
    }

    /// Lets go of drafts whose row is painted at their revision or later, or is no longer where it was.
    mutating func releaseDrafts() {
        guard !drafts.isEmpty, !painted.pages.isEmpty else { return }
        let drawn = painted.pages.compactMap { self.drawn($0) }
        // A page drawn in an older version than the one held may show anything.
        let isAllKnown = drawn.count == painted.pages.count
        for index in drafts.indices.reversed() {
            guard let revision = drafts[index].acknowledgedAt else { continue }
            if let page = drawn.first(where: { $0.members.contains(drafts[index].row) }) {
                if page.through >= revision { release(at: index, .painted) }
            } else if isAllKnown, drawn.contains(where: { $0.through >= revision && $0.page == drafts[index].home ?? $0.page })
            {
                release(at: index, .rowGone)
            }
        }
    }

    /// From here on nothing older than the edit is painted, wherever its row may turn up.
    private mutating func release(at index: Int, _ reason: ReleaseReason) {
        let draft = drafts.remove(at: index)
        if let revision = draft.acknowledgedAt { painted.floor = max(painted.floor, revision) }
        emit(.releaseDraft(draft.id, reason))
    }
}
