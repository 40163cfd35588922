import Testing

@testable import Ordering

/// Drafts whose edits and pages come in unlucky orders (C9), and what a frame says of itself (C4).
@Suite struct DraftTests {
    /// Page 1 is being read from before both edits, and the reply is still to come.
    private func readBeforeEdits() -> Screen {
        var screen = Screen.settled()
        _ = screen.handle(.editSubmitted(DraftID(1), row: RowKey(11)))
        _ = screen.handle(.editSubmitted(DraftID(2), row: RowKey(12)))
        _ = screen.handle(.refresh)
        return screen
    }

    @Test("C9: of two saved edits of a page the later one decides what may be painted") func laterEdit() {
        var screen = readBeforeEdits()
        _ = screen.handle(.editAcknowledged(DraftID(1), Revision(6)))
        _ = screen.handle(.editAcknowledged(DraftID(2), Revision(8)))
        #expect(screen.handle(.reply(2, at: 7, pages: [1])) == ["apply 1.2 page 1"])
    }

    @Test("C9: an acknowledgement that comes again with an older revision changes nothing") func repeatedAcknowledgement() {
        var screen = readBeforeEdits()
        _ = screen.handle(.editAcknowledged(DraftID(1), Revision(8)))
        _ = screen.handle(.editAcknowledged(DraftID(1), Revision(6)))
        #expect(screen.handle(.reply(2, at: 7, pages: [1])) == ["apply 1.2 page 1"])
    }

    @Test("C9: a cell that is edited again keeps its draft when the first edit is painted") func editedAgain() {
        var screen = readBeforeEdits()
        _ = screen.handle(.editAcknowledged(DraftID(1), Revision(6)))
        _ = screen.handle(.editSubmitted(DraftID(1), row: RowKey(11)))
        #expect(screen.handle(.reply(2, at: 6, pages: [1])) == ["apply 1.2 page 1", "paint 6: [1] of 12"])
    }

    @Test("C9: a saved edit's page is read after the window, without waiting for its signal") func readAtOnce() {
        var screen = Screen.settled()
        _ = screen.handle(.editSubmitted(DraftID(1), row: RowKey(11)))
        #expect(screen.handle(.editAcknowledged(DraftID(1), Revision(6))) == [])
        #expect(screen.handle(.timer, at: 100) == ["refresh 1.2: 1 have [1] from 6"])
    }

    @Test("C9: another page without the row does not tell that the row is gone") func otherPage() {
        var screen = Screen.settled()
        _ = screen.handle(.editSubmitted(DraftID(1), row: RowKey(11)))
        _ = screen.handle(.looking(at: 2))
        _ = screen.handle(.reply(2, at: 5, pages: [2]))
        _ = screen.handle(.editAcknowledged(DraftID(1), Revision(6)))
        #expect(screen.handle(.signal(6, rows: [11])) == ["evict 1", "advance 6"])
    }

    @Test("C9: in another view a draft is let go of by any page from after its edit, wherever its row was before")
    func otherView() {
        var screen = Screen.settled()
        _ = screen.handle(.editSubmitted(DraftID(1), row: RowKey(11)))
        _ = screen.handle(.opening(3))
        _ = screen.handle(.editAcknowledged(DraftID(1), Revision(6)))
        let effects = screen.handle(.reply(2, generation: 2, at: 6, pages: [3]))
        #expect(effects == ["apply 2.2 page 3", "paint 6: [3] of 12", "release 1: rowGone"])
    }

    @Test(
        "C9: while a page is drawn whose newer content is held, a row that no drawn page shows may be in that, and is not gone")
    func perhapsInAnUndrawnPage() {
        var screen = Screen()
        _ = screen.handle(.editSubmitted(DraftID(1), row: RowKey(29)))
        _ = screen.handle(.opening(1, 2))
        _ = screen.handle(.hello(5))
        _ = screen.handle(.reply(1, at: 5, pages: [1, 2]))
        _ = screen.handle(.signal(6, rows: [11, 21]))
        #expect(screen.handle(.timer, at: 100) == ["refresh 1.2: 1-2 have [1,2] from 6"])
        // Page 2 alone does not fit page 1 of before; page 1 is asked for again.
        #expect(screen.handle(.reply(2, at: 6, pages: [2])) == ["apply 1.2 page 2"])
        #expect(screen.handle(.editAcknowledged(DraftID(1), Revision(4))) == [])
    }

    @Test("C4, C9: of two snapshots that show as many pages of the view the newer one is painted")
    func newerOfTwo() {
        var screen = Screen()
        _ = screen.handle(.opening(1, 2, shown: .these([ColumnKey(1)])))
        _ = screen.handle(.hello(4))
        _ = screen.handle(.editSubmitted(DraftID(1), row: RowKey(11)))
        _ = screen.handle(.signal(6, from: 5, rows: [21]))
        // The edit is of a column that is not shown: it touches no page.
        _ = screen.handle(.signal(7, rows: [11], columns: [2]))
        _ = screen.handle(.editAcknowledged(DraftID(1), Revision(7)))
        // Page 2 is true up to 4, page 1 may be shown from 7 on.
        let effects = screen.handle(.reply(1, at: 4, pages: [1, 2]))
        #expect(effects.starts(with: ["apply 1.1 page 1", "apply 1.1 page 2", "paint 7: [1] of 12"]), "\(effects)")
    }

    @Test("C4: a frame has the totals of the newest page in it") func totals() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 1, 2))
        _ = screen.handle(.signal(6, rows: [99]))
        #expect(screen.handle(.reply(2, at: 6, pages: [2], of: 13)) == ["apply 1.2 page 2", "paint 6: [1,2] of 13"])
    }

    @Test("C4: the trust line names what all of the view is known to equal") func trustLine() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 1, 2))
        _ = screen.handle(.reply(2, at: 5, pages: [2]))
        _ = screen.handle(.signal(6, rows: [11]))
        #expect(screen.core.shownRevision == Revision(5))
    }

    @Test("C1: what another view had drawn is not taken back page by page: the reset did that") func drawnBefore() {
        var screen = Screen.settled()
        #expect(screen.handle(.opening(5)) == ["reset 2", "load 2.2: 5 have [] from 5"])
    }
}
