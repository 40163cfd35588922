import Ordering

// What is painted: C2, C3, C4, C9 and C10, cell by cell.
extension Oracles {
    /// The core had this frame drawn.
    mutating func painted(_ index: Int, _ frame: Screen.Frame) throws(Violation) {
        note(.painted, index, frame.revision, frame.pages.count)
        tally.frames &+= 1
        try rise(index, to: frame.revision, "paints")
        try checkNothingBlanked(index, frame)
        screens[index].drawn = frame.pages.map { ($0.page, $0.body.rows) }
        screens[index].staleSince = nil
        try checkContent(index, frame)
    }

    /// A frame renews what a person looks at, or adds to it: what is drawn in view stays drawn.
    private mutating func checkNothingBlanked(_ index: Int, _ frame: Screen.Frame) throws(Violation) {
        let books = screens[index]
        let blanked = books.drawn.first { old in
            books.isInView(old.page) && !frame.pages.contains { $0.page == old.page }
        }
        if let blanked {
            return try fail(.c4, "screen \(index): a frame of \(frame.revision) takes page \(blanked.page) from the view")
        }
    }

    /// What is drawn is said to be of a later snapshot.
    mutating func advanced(_ index: Int, _ frame: Screen.Frame) throws(Violation) {
        note(.advanced, index, frame.revision)
        try rise(index, to: frame.revision, "advances")
        guard !frame.pages.isEmpty else {
            return try fail(.c4, "screen \(index) draws nothing, and says that it is of \(frame.revision)")
        }
        try checkContent(index, frame)
    }

    private mutating func rise(_ index: Int, to revision: UInt32, _ verb: String) throws(Violation) {
        tally.count(.c2)
        guard revision >= screens[index].painted else {
            return try fail(.c2, "screen \(index) \(verb) \(revision) after \(screens[index].painted)")
        }
        guard revision <= truth.revision else {
            return try fail(.c3, "screen \(index) \(verb) \(revision), and nothing after \(truth.revision) was committed")
        }
        screens[index].painted = revision
    }

    private mutating func checkContent(_ index: Int, _ frame: Screen.Frame) throws(Violation) {
        guard frame.revision <= truth.revision else { return }
        let books = screens[index]
        let all = truth.rows(sheet: books.sheet, view: books.view, at: frame.revision)
        let pages = (all.count + books.pageSize - 1) / books.pageSize
        guard Int(frame.totalRows) == all.count, Int(frame.totalPages) == pages else {
            return try fail(
                .c4, "screen \(index) shows totals of \(frame.totalRows) rows, which are \(all.count) at \(frame.revision)")
        }
        let heading = truth.states[Int(frame.revision)].structure.heading(books.sheet, showsAll: books.showsAll)
        for (page, body) in frame.pages {
            let from = min(Int(page - 1) * books.pageSize, all.count)
            let rows = all[from..<min(from + books.pageSize, all.count)]
            tally.count(.c4)
            guard body.rows.count == rows.count, body.rows.elementsEqual(rows) else {
                return try fail(
                    .c4, "screen \(index), page \(page): rows \(body.rows), which at \(frame.revision) are \(Array(rows))")
            }
            guard body.heading == heading else {
                return try fail(
                    .c4,
                    "screen \(index), page \(page): columns \(body.heading.columns), which at \(frame.revision) are \(heading.columns) or have other names or types"
                )
            }
            try checkCells(index, body, frame.revision)
        }
    }

    /// The hot loop: arrays and numbers only.
    private mutating func checkCells(
        _ index: Int, _ body: PageBody, _ revision: UInt32
    ) throws(Violation) {
        let wrong = truth.states[Int(revision)].values.withUnsafeBufferPointer { values -> Int? in
            var token = 0
            for row in body.rows {
                for column in body.heading.columns {
                    let cell = Truth.cell(row, column)
                    if body.tokens[token] != (cell < values.count ? values[cell] : 0) { return token }
                    token += 1
                }
            }
            return nil
        }
        let cells = UInt64(body.tokens.count)
        tally.cells &+= cells
        tally.count(.c3, cells)
        if let wrong { return try fail(wrongCell(index, body, revision, wrong)) }
        try checkNeverBack(index, body, revision)
        try checkOwnWrites(index, body, revision)
    }

    private func wrongCell(
        _ index: Int, _ body: PageBody, _ revision: UInt32, _ token: Int
    ) -> Violation {
        let columns = body.heading.columns
        let (row, column) = (body.rows[token / columns.count], columns[token % columns.count])
        let value = body.tokens[token]
        let at = truth.states.indices.filter { truth.value(row, column, at: UInt32($0)) == value }
        let name = "screen \(index), r\(row) c\(column)"
        guard let newest = at.last else {
            return Violation(.c3, "\(name) shows \(value), which was never committed there")
        }
        if newest < Int(revision), truth.value(row, column, at: screens[index].shown) != value {
            return Violation(.c2, "\(name) goes back to \(value) of \(newest), in a frame of \(revision)")
        }
        return Violation(
            .c4,
            "\(name) shows \(value) of \(newest) in a frame of \(revision), where it is \(truth.value(row, column, at: revision))"
        )
    }

    /// C2 for each cell, whatever the frame says of itself.
    private mutating func checkNeverBack(
        _ index: Int, _ body: PageBody, _ revision: UInt32
    ) throws(Violation) {
        var back: (row: UInt32, column: UInt32)?
        truth.states[Int(revision)].changed.withUnsafeBufferPointer { changed in
            if screens[index].cellChanged.count < changed.count {
                let more = changed.count - screens[index].cellChanged.count
                screens[index].cellChanged.append(contentsOf: repeatElement(0, count: more))
            }
            screens[index].cellChanged.withUnsafeMutableBufferPointer { seen in
                for row in body.rows {
                    for column in body.heading.columns {
                        let cell = Truth.cell(row, column)
                        guard cell < changed.count else { continue }
                        if changed[cell] < seen[cell] { back = (row, column) }
                        seen[cell] = changed[cell]
                    }
                }
            }
        }
        if let back {
            return try fail(.c2, "screen \(index), r\(back.row) c\(back.column) goes back, in a frame of \(revision)")
        }
    }

    private mutating func checkOwnWrites(_ index: Int, _ body: PageBody, _ revision: UInt32) throws(Violation) {
        for edit in screens[index].acknowledgedRows where body.rows.contains(edit.row) {
            tally.count(.c9)
            guard revision >= edit.revision else {
                return try fail(
                    .c9,
                    "screen \(index) paints r\(edit.row) of \(revision), and was told that its edit is saved at \(edit.revision)"
                )
            }
        }
    }

    /// The core lets go of a draft.
    mutating func released(_ index: Int, draft: UInt32, _ reason: ReleaseReason) throws(Violation) {
        note(.released, index, draft, reason.rawValue)
        switch reason {
        case .discarded, .full, .intentChanged: return
        case .painted, .rowGone: break
        }
        tally.count(.c9)
        guard let edit = screens[index].acknowledgedDrafts.first(where: { $0.draft == draft }) else {
            return try fail(.c9, "screen \(index) lets go of draft \(draft), which was not acknowledged")
        }
        let books = screens[index]
        let isDrawn = books.drawn.contains { $0.rows.contains(edit.row) }
        // What a drawn page is known to equal may be ahead of the number that the frame goes by.
        let equals = books.drawn.compactMap { page in books.heldIndex(page.page).map { books.held[$0].equals } }.max() ?? 0
        let isShown = isDrawn ? isAsWritten(index, edit.row, at: edit.revision) : reason == .rowGone
        guard isShown, max(books.painted, equals) >= edit.revision else {
            return try fail(
                .c9, "screen \(index) lets go of draft \(draft) of \(edit.revision) while it shows \(books.painted)")
        }
    }

    /// Whether a row, as it is painted, is as it was at a revision, or later.
    private func isAsWritten(_ index: Int, _ row: UInt32, at revision: UInt32) -> Bool {
        let books = screens[index]
        let columns = truth.newest.structure.heading(books.sheet, showsAll: true).columns
        return books.painted >= revision
            || columns.allSatisfy {
                truth.value(row, $0, at: books.painted) == truth.value(row, $0, at: min(revision, truth.revision))
            }
    }

    /// What a person sees from now on; `hand` is the row that is under the hand, unless the person turned the page.
    mutating func shown(_ index: Int, _ frame: Screen.Frame, hand: UInt32?) throws(Violation) {
        screens[index].shown = frame.revision
        guard let hand else { return }
        tally.count(.c10)
        guard frame.shows(hand) else {
            return try fail(.c10, "screen \(index): r\(hand) goes from under the hand, in a frame of \(frame.revision)")
        }
    }
}
