/// What a frame may not show.
extension MuseumJudge {
    mutating func checkFrame(_ fact: Int) {
        guard let view else { return }
        for (place, shown) in screen.sorted(by: { $0.key < $1.key }) where !shown.isMarked && place != view.sum {
            checkIdentity(place, shown, view)
            checkCommitted(place, shown, fact)
            checkMonotone(place, shown)
            checkOwn(place, shown)
            checkSignalled(place, shown)
            checkRestored(place, shown)
        }
        checkSnapshot()
        checkSum(view, fact)
        checkPending(view)
        for (place, value) in typed.sorted(by: { $0.key < $1.key }) where screen[place]?.value != value {
            report("A18", "what was typed at \(place) is gone from the screen: it shows \(words(screen[place]))")
        }
    }

    /// C1: a place shows what the view that was asked for has there.
    private mutating func checkIdentity(_ place: String, _ shown: MuseumShown, _ view: MuseumPiece.View) {
        guard let expected = view.cell(at: place), expected != shown.cell else { return }
        report("A13", "\(place) of \(view.name) shows \(shown.cell), which is not what it stands for (\(expected))")
        if let askedAt = shown.askedAt, askedAt <= leftAt {
            report("A10", "\(place) shows the answer to a read from before the screen was left")
        }
        if shown.askedAt != nil, shown.rank < viewIntent {
            report("A1", "\(place) shows the answer to i\(shown.rank), though i\(viewIntent) was asked for after it")
        }
    }

    /// C3: a value shown as saved was durable before the frame.
    private mutating func checkCommitted(_ place: String, _ shown: MuseumShown, _ fact: Int) {
        let durable = (commits[shown.cell] ?? []).filter { !isLost(shown.cell, $0.revision) }
        let isThere =
            if let version = shown.version {
                durable.contains { $0.revision <= version && $0.value == shown.value }
                    && durable.contains { $0.revision == version }
            } else {
                durable.contains { $0.value == shown.value }
            }
        if !isThere { report("A4", "\(place) shows \(words(shown)), which was not committed when it was painted") }
    }

    private func isLost(_ cell: String, _ revision: Int64) -> Bool { lost[cell]?.contains(revision) ?? false }

    /// C2: what is shown of a cell never goes back.
    private mutating func checkMonotone(_ place: String, _ shown: MuseumShown) {
        guard let version = shown.version else { return }
        if let above = highest[shown.cell], version < above.version {
            report("A5", "\(place) shows version \(version) after version \(above.version) was shown")
            if shown.askedAt != nil, shown.rank < above.rank {
                report("A1", "\(place) shows the answer to i\(shown.rank) over that to i\(above.rank)")
            }
            if hasRegressed, shown.askedAt == nil {
                report("A17", "the stream went back, and \(place) with it, to version \(version)")
            }
        } else {
            highest[shown.cell] = Highest(version: version, rank: max(shown.rank, highest[shown.cell]?.rank ?? 0))
        }
        // A deletion that this screen knows of: its own, or one that the stream told of.
        guard let gone = commits[shown.cell]?.last(where: { $0.value == nil }), gone.revision > version else { return }
        let isOwn = edits.contains { $0.edit.cell == shown.cell && $0.edit.value == nil && $0.edit.add == nil && !$0.isRefused }
        if isOwn || signals.contains(where: { $0.revision == gone.revision && $0.cells.contains(shown.cell) }) {
            report("A11", "\(shown.cell) is back in version \(version), though it was deleted in \(gone.revision)")
        }
    }

    /// C9: what this person saved is not taken back by an older state.
    private mutating func checkOwn(_ place: String, _ shown: MuseumShown) {
        guard let version = shown.version else { return }
        for asked in edits where asked.edit.cell == shown.cell {
            guard let saved = asked.savedAt, version < saved, shown.value != asked.edit.value else { continue }
            report("A6", "\(place) shows version \(version), though i\(asked.intent) was saved as \(saved)")
        }
    }

    /// S4: a read that began after a signal brings what was signalled.
    private mutating func checkSignalled(_ place: String, _ shown: MuseumShown) {
        guard let askedAt = shown.askedAt, let version = shown.version else { return }
        for signal in signals where signal.fact < askedAt && signal.revision > version && signal.cells.contains(shown.cell) {
            report("A16", "\(place) was read after revision \(signal.revision) was signalled, and shows version \(version)")
        }
    }

    /// C9: what is put back may not be older than what another cause made of it meanwhile.
    private mutating func checkRestored(_ place: String, _ shown: MuseumShown) {
        guard shown.isRestored else { return }
        let later = edits.last { $0.edit.cell == shown.cell && !$0.isRefused && $0.edit.value != shown.value }
        let isSuperseded = (commits[shown.cell] ?? []).contains { commit in
            commit.revision > shown.version ?? 0 && commit.value != shown.value
                && signals.contains { $0.revision == commit.revision }
        }
        if later != nil || isSuperseded {
            report("A14", "\(place) was put back to \(words(shown)) over a newer change")
        }
    }

    /// C4: what is shown as saved was all true at one revision.
    private mutating func checkSnapshot() {
        var from: Int64 = 0
        var until = Int64.max
        for shown in screen.values where !shown.isMarked {
            guard let version = shown.version, let next = commits[shown.cell]?.first(where: { $0.revision > version }) else {
                if !shown.isMarked, let version = shown.version { from = max(from, version) }
                continue
            }
            from = max(from, version)
            until = min(until, next.revision)
        }
        if from >= until { report("A8", "the frame shows revision \(from) beside what was replaced in \(until)") }
    }

    /// C4: a sum is the sum of one state of one view.
    private mutating func checkSum(_ view: MuseumPiece.View, _ fact: Int) {
        guard let place = view.sum, let shown = screen[place], !shown.isMarked else { return }
        let terms = view.terms.compactMap { view.cell(at: $0) }
        let revisions = Set(terms.flatMap { (commits[$0] ?? []).map(\.revision) })
        let isTrue = revisions.contains { revision in
            let values = terms.map { term in
                commits[term]?.last { $0.revision <= revision }?.value.flatMap { Int64($0) } ?? 0
            }
            return String(values.reduce(0, +)) == shown.value
        }
        if !isTrue { report("A9", "\(place) shows \(words(shown)), which is the sum of no one state of \(view.name)") }
    }

    /// C9: a change that is on its way stays on the screen.
    private mutating func checkPending(_ view: MuseumPiece.View) {
        for place in view.places {
            guard let last = edits.last(where: { $0.edit.cell == place.cell && !$0.isRefused }), last.isPending,
                !last.edit.waits, last.edit.add == nil
            else { continue }
            let shown = screen[place.name]
            guard shown?.value != last.edit.value else { continue }
            report("A15", "\(place.name) shows \(words(shown)) while i\(last.intent) is on its way")
        }
    }

    /// Everything has arrived: the screen is what is stored, and nothing waits.
    mutating func checkEnd(_ isPending: Bool) {
        if isPending { report("A19", "everything is quiet and something still waits") }
        guard isOnScreen, let view else { return }
        for place in view.places where typed[place.name] == nil {
            let stored = commits[place.cell]?.last { !isLost(place.cell, $0.revision) }?.value
            let shown = screen[place.name]
            guard shown?.value != stored else { continue }
            let sentence = "in the end \(place.name) shows \(words(shown)), and \(stored ?? "nothing") is stored"
            report(hasHole || hasRegressed ? "A17" : "", sentence)
        }
    }

    private func words(_ shown: MuseumShown?) -> String {
        guard let shown, let value = shown.value else { return "nothing" }
        return "\"\(value)\"" + (shown.version.map { " (version \($0))" } ?? "")
    }
}
