import Testing

@testable import Ordering

/// Each test is one interleaving, named after it and the invariant it is about.
@Suite struct InterleavingTests {
    @Test("C1: the reply for page 2 arrives after the person turned to page 3 and is dropped") func latePage() {
        var screen = Screen.settled()
        #expect(screen.handle(.looking(at: 2)) == ["withdraw 1", "load 1.2: 2 have [] from 5"])
        #expect(screen.handle(.looking(at: 3)) == ["cancel 1.2", "load 1.3: 3 have [] from 5"])
        #expect(screen.handle(.reply(3, at: 5, pages: [3])) == ["apply 1.3 page 3", "paint 5: [3] of 12"])
        #expect(screen.handle(.reply(2, at: 6, pages: [2])) == ["drop 1.2: superseded"])
        #expect(screen.core.counters[.superseded] == 1)
    }

    @Test("C1: a reply under the view of before arrives after a new view was opened and is dropped") func lateIntent() {
        var screen = Screen()
        _ = screen.handle(.opening(), at: 0)
        #expect(screen.handle(.opening(sensitive: .all)) == ["cancel 1.1", "reset 2", "load 2.2: 1 have [] from 0"])
        #expect(screen.handle(.reply(1, at: 9, pages: [1])) == ["drop 1.1: intentChanged"])
        #expect(screen.handle(.reply(2, generation: 2, at: 5, pages: [1])) == ["apply 2.2 page 1", "paint 5: [1] of 12"])
    }

    @Test("C1: a reply that arrives twice is used once") func twice() {
        var screen = Screen()
        _ = screen.handle(.opening(), at: 0)
        _ = screen.handle(.reply(1, at: 5, pages: [1]))
        #expect(screen.handle(.reply(1, at: 5, pages: [1])) == ["drop 1.1: superseded"])
    }

    @Test("C1: two replies overtake each other; only the newer request's counts") func overtaking() {
        var screen = Screen.settled()
        #expect(screen.handle(.refresh) == ["refresh 1.2: 1 have [1] from 5"])
        #expect(screen.handle(.refresh) == ["cancel 1.2", "refresh 1.3: 1 have [1] from 5"])
        #expect(screen.handle(.reply(3, at: 7, pages: [1])) == ["apply 1.3 page 1", "paint 7: [1] of 12"])
        #expect(screen.handle(.reply(2, at: 6, pages: [1])) == ["drop 1.2: superseded"])
    }

    @Test("C2: a server that answers below the asked revision is not believed") func lyingServer() {
        var screen = Screen.settled()
        _ = screen.handle(.signal(6, rows: [11]))
        #expect(screen.handle(.timer, at: 100) == ["refresh 1.2: 1 have [1] from 6"])
        #expect(screen.handle(.reply(2, at: 4, pages: [1])) == ["drop 1.2: belowMinimum"])
        #expect(screen.core.problem == .behind)
        #expect(screen.handle(.timer, at: 700) == [])
        #expect(screen.handle(.timer, at: 800) == ["refresh 1.3: 1 have [1] from 6"])
    }

    @Test("C1: \"unchanged\" of a page that was not named as held is not believed") func baseMissing() {
        var screen = Screen()
        _ = screen.handle(.opening(), at: 0)
        #expect(screen.handle(.reply(1, at: 5, unchanged: [1])) == ["drop 1.1 page 1: baseMissing"])
        #expect(screen.core.condition(of: PageNumber(1)) == .absent)
        #expect(screen.handle(.timer, at: 700) == ["load 1.2: 1 have [] from 5"])
    }

    @Test("C9: of too many drafts an acknowledged one is let go of first, and still never painted over") func draftsFull() {
        var screen = Screen.settled()
        for id in UInt32(0)..<UInt32(Bounds.drafts) { _ = screen.handle(.editSubmitted(DraftID(id), row: RowKey(11))) }
        _ = screen.handle(.editAcknowledged(DraftID(7), Revision(8)))
        #expect(screen.handle(.editSubmitted(DraftID(5_000), row: RowKey(11))) == ["release 7: full"])
        #expect(screen.handle(.editSubmitted(DraftID(5_001), row: RowKey(11))) == ["release 0: full"])
        #expect(screen.core.painted.floor == Revision(8))
    }

    @Test("C3: nothing is painted that no reply brought") func committedOnly() {
        var screen = Screen.settled()
        for event: Event in [
            .signal(6, rows: [11]), .editSubmitted(DraftID(1), row: RowKey(11)), .editAcknowledged(DraftID(1), Revision(7)),
            .looking(at: 1, 3), .heartbeatLate,
        ] {
            #expect(!screen.handle(event).contains { $0.hasPrefix("paint") })
        }
    }

    @Test("C4: a page that comes into view at a newer snapshot waits until all of the view is read at one") func coherence() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 1, 2))
        // Page 1 changes while page 2 is on its way: [1] at 5 and [2] at 6 do not fit.
        #expect(screen.handle(.signal(6, rows: [11])) == [])
        #expect(screen.handle(.reply(2, at: 6, pages: [2])) == ["apply 1.2 page 2"])
        #expect(screen.handle(.timer, at: 100) == ["refresh 1.3: 1-2 have [1,2] from 6"])
        #expect(
            screen.handle(.reply(3, at: 7, pages: [1], unchanged: [2])) == ["apply 1.3 page 1", "paint 7: [1,2] of 12"])
    }

    @Test("C4: a page that no signal touched fits a newer snapshot without being read again") func untouchedFits() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 1, 2))
        #expect(screen.handle(.signal(6, rows: [77])) == [])
        #expect(screen.handle(.reply(2, at: 6, pages: [2])) == ["apply 1.2 page 2", "paint 6: [1,2] of 12"])
    }

    @Test("C5: a signal that arrives while its page is being read causes one trailing read") func trailingRead() {
        var screen = Screen.settled()
        _ = screen.handle(.signal(6, rows: [11]))
        _ = screen.handle(.timer, at: 100)
        #expect(screen.handle(.signal(7, rows: [12]), at: 110) == [])
        #expect(screen.handle(.reply(2, at: 6, pages: [1]), at: 120) == ["apply 1.2 page 1", "paint 6: [1] of 12"])
        #expect(screen.handle(.timer, at: 210) == ["refresh 1.3: 1 have [1] from 7"])
        #expect(screen.handle(.reply(3, at: 7, pages: [1]), at: 220) == ["apply 1.3 page 1", "paint 7: [1] of 12"])
        #expect(screen.core.nextDueForTests == nil)
    }

    @Test("C5: a signal that arrives while a page is loaded for the first time counts, though its rows were unknown")
    func trailingLoad() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 2))
        _ = screen.handle(.signal(6, rows: [21]))
        #expect(screen.handle(.reply(2, at: 5, pages: [2])) == ["apply 1.2 page 2", "paint 5: [2] of 12"])
        #expect(screen.core.condition(of: PageNumber(2)) == .stale)
        #expect(screen.handle(.timer, at: 100) == ["refresh 1.3: 2 have [2] from 6"])
    }

    @Test("C5: a reply that is lost is asked for again after its deadline") func lostReply() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 2))
        #expect(screen.handle(.timer, at: 15_000) == ["cancel 1.2"])
        #expect(screen.handle(.timer, at: 15_700) == ["load 1.3: 2 have [] from 5"])
    }

    @Test("C5: a failed read is tried again, later each time, and at once when the server says when") func retries() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 2))
        var instant: UInt64 = 0
        for (number, wait) in [(UInt32(2), UInt64(500)), (3, 1_000), (4, 2_000)] {
            #expect(screen.handle(.failed(number), at: instant) == [])
            #expect(screen.handle(.timer, at: instant + wait - 1) == [])
            instant += wait + wait / 4
            #expect(screen.handle(.timer, at: instant) == ["load 1.\(number + 1): 2 have [] from 5"])
        }
        _ = screen.handle(.failed(5, retryAfter: 7_000), at: instant)
        #expect(screen.handle(.timer, at: instant + 6_999) == [])
        #expect(screen.handle(.timer, at: instant + 7_000) == ["load 1.6: 2 have [] from 5"])
    }

    @Test("C6: a hundred signals within the window cost one read, and those during it one more") func oneBurst() {
        var screen = Screen.settled()
        var revision: UInt64 = 5
        func flood(from start: UInt64, _ screen: inout Screen) -> [String] {
            (0..<100).flatMap { step -> [String] in
                revision += 1
                return screen.handle(.signal(revision, rows: [11]), at: start + UInt64(step))
            }
        }
        #expect(flood(from: 0, &screen) == [])
        #expect(screen.handle(.timer, at: 199) == ["refresh 1.2: 1 have [1] from 105"])
        #expect(flood(from: 200, &screen) == [])
        #expect(screen.handle(.reply(2, at: 150, pages: [1]), at: 300) == ["apply 1.2 page 1", "paint 150: [1] of 12"])
        #expect(screen.handle(.timer, at: 399) == ["refresh 1.3: 1 have [1] from 205"])
        #expect(screen.handle(.reply(3, at: 205, pages: [1]), at: 400) == ["apply 1.3 page 1", "paint 205: [1] of 12"])
        #expect(screen.core.counters.reads == 3)
    }

    @Test("C6: a stream that is never quiet is answered after the maximum wait") func maximumWait() {
        var screen = Screen.settled()
        var reads: [UInt64] = []
        for step in UInt64(1)...30 where !screen.handle(.signal(5 + step, rows: [11]), at: step * 50).isEmpty {
            reads.append(step * 50)
            break
        }
        #expect(reads == [300])
    }

    @Test("C7: turning back to a held page costs nothing, even while other rows flood") func silent() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 2))
        _ = screen.handle(.reply(2, at: 5, pages: [2]))
        for revision in UInt64(6)...50 { #expect(screen.handle(.signal(revision, rows: [99])) == ["advance \(revision)"]) }
        #expect(screen.handle(.looking(at: 1)) == ["paint 50: [1] of 12"])
        #expect(screen.handle(.looking(at: 2)) == ["paint 50: [2] of 12"])
        #expect(screen.handle(.looking(at: 2)) == [])
        #expect(screen.core.shownRevision == Revision(50))
        #expect(screen.core.nextDueForTests == nil)
    }

    @Test("C8: a page out of sight is let go of when a signal touches it, and others are not") func touchedOutOfSight() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 2))
        _ = screen.handle(.reply(2, at: 5, pages: [2]))
        #expect(screen.handle(.signal(6, rows: [11])) == ["evict 1", "advance 6"])
        #expect(screen.handle(.looking(at: 1)) == ["withdraw 2", "load 1.3: 1 have [] from 6"])
    }

    @Test("C7: changes in columns that are not shown cost no read, and carry the page on") func unseenColumn() {
        var screen = Screen()
        _ = screen.handle(.opening(shown: .these([ColumnKey(1), ColumnKey(2)])), at: 0)
        _ = screen.handle(.hello(5))
        _ = screen.handle(.reply(1, at: 5, pages: [1]))
        for revision in UInt64(6)...40 {
            let effects = screen.handle(.signal(revision, rows: [11], columns: [9, 70]), at: revision * 100)
            #expect(effects == ["advance \(revision)"])
        }
        #expect(screen.core.condition(of: PageNumber(1)) == .current)
        _ = screen.handle(.signal(41, rows: [11], columns: [2, 9]), at: 5_000)
        #expect(screen.core.condition(of: PageNumber(1)) == .stale)
    }

    @Test("C8: a full cache lets go of the page seen longest ago") func leastRecentlySeen() {
        var screen = Screen.settled(cached: 8)
        for page in UInt32(2)...8 {
            _ = screen.handle(.looking(at: page))
            _ = screen.handle(.reply(page, at: 5, pages: [page]))
        }
        _ = screen.handle(.looking(at: 1))
        _ = screen.handle(.looking(at: 9))
        #expect(
            screen.handle(.reply(9, at: 5, pages: [9])) == ["apply 1.9 page 9", "paint 5: [9] of 12", "evict 2"])
    }

    @Test("C8: a change in a column the view sorts by touches every page") func sensitiveColumns() {
        var screen = Screen()
        _ = screen.handle(.opening(sensitive: .these([ColumnKey(3)])), at: 0)
        _ = screen.handle(.hello(5))
        _ = screen.handle(.reply(1, at: 5, pages: [1]))
        _ = screen.handle(.signal(6, rows: [99], columns: [2]))
        #expect(screen.core.condition(of: PageNumber(1)) == .current)
        _ = screen.handle(.signal(7, rows: [99], columns: [3]))
        #expect(screen.core.condition(of: PageNumber(1)) == .stale)
    }

    @Test("C9: a refresh that was read before the edit does not release its draft; the one after does") func readYourWrites() {
        var screen = Screen.settled()
        _ = screen.handle(.editSubmitted(DraftID(1), row: RowKey(11)))
        _ = screen.handle(.signal(6, rows: [12]))
        _ = screen.handle(.timer, at: 100)
        _ = screen.handle(.editAcknowledged(DraftID(1), Revision(7)))
        // The snapshot of before the edit is held, but never painted over the draft.
        #expect(screen.handle(.reply(2, at: 6, pages: [1])) == ["apply 1.2 page 1"])
        _ = screen.handle(.signal(7, rows: [11]))
        #expect(screen.handle(.timer, at: 200) == ["refresh 1.3: 1 have [1] from 7"])
        #expect(
            screen.handle(.reply(3, at: 7, pages: [1])) == ["apply 1.3 page 1", "paint 7: [1] of 12", "release 1: painted"])
    }

    @Test("C9: an acknowledgement after the page was painted releases the draft at once") func lateAcknowledgement() {
        var screen = Screen.settled()
        _ = screen.handle(.editSubmitted(DraftID(1), row: RowKey(11)))
        _ = screen.handle(.signal(6, rows: [11]))
        _ = screen.handle(.timer, at: 100)
        _ = screen.handle(.reply(2, at: 6, pages: [1]))
        #expect(screen.handle(.editAcknowledged(DraftID(1), Revision(6))) == ["release 1: painted"])
    }

    @Test("C9: a row that is gone when its page is painted releases its draft") func rowGone() {
        var screen = Screen.settled()
        _ = screen.handle(.editSubmitted(DraftID(1), row: RowKey(11)))
        _ = screen.handle(.editAcknowledged(DraftID(1), Revision(6)))
        _ = screen.handle(.signal(6, rows: [11]))
        _ = screen.handle(.signal(7, order: true))
        #expect(screen.handle(.timer, at: 100) == ["refresh 1.2: 1 have [1] from 7"])
        let without = Reply(
            request: RequestID(generation: Generation(1), number: 2), revision: Revision(7), totalRows: 9, totalPages: 1,
            pages: [ReplyPage(page: PageNumber(1), content: .rows([RowKey(10)]))])
        #expect(screen.handle(.replyArrived(without)) == ["apply 1.2 page 1", "paint 7: [1] of 1", "release 1: rowGone"])
    }

    @Test("C9: an edit acknowledged after its sheet was left is still never painted without itself") func otherSheet() {
        var screen = Screen.settled()
        _ = screen.handle(.editSubmitted(DraftID(1), row: RowKey(11)))
        _ = screen.handle(.opening())
        _ = screen.handle(.editAcknowledged(DraftID(1), Revision(6)))
        #expect(screen.handle(.reply(2, generation: 2, at: 5, pages: [1])) == ["apply 2.2 page 1"])
        #expect(screen.handle(.timer, at: 100) == ["refresh 2.3: 1 have [1] from 6"])
    }

    @Test("C9: leaving the sheet releases what was acknowledged, and the next read is at least as new") func leaving() {
        var screen = Screen.settled()
        _ = screen.handle(.editSubmitted(DraftID(1), row: RowKey(11)))
        _ = screen.handle(.editAcknowledged(DraftID(1), Revision(6)))
        #expect(screen.handle(.opening()) == ["reset 2", "release 1: intentChanged", "load 2.2: 1 have [] from 6"])
    }

    @Test("C9: a refused draft stays until the person discards it") func refused() {
        var screen = Screen.settled()
        _ = screen.handle(.editSubmitted(DraftID(1), row: RowKey(11)))
        #expect(screen.handle(.editRefused(DraftID(1))) == [])
        #expect(screen.handle(.editDiscarded(DraftID(1))) == ["release 1: discarded"])
        #expect(screen.handle(.editDiscarded(DraftID(1))) == [])
    }

    @Test("C11: after a reconnect the page in view is read alone and painted, then the margin, page by page")
    func viewFirst() {
        var screen = Screen.settled(margin: 1)
        _ = screen.handle(.streamLost)
        #expect(screen.handle(.hello(9)) == ["view 1.3: 1 have [1] from 9"])
        #expect(
            screen.handle(.reply(3, at: 9, pages: [1])) == [
                "apply 1.3 page 1", "paint 9: [1] of 12", "rest 1.4: 2 have [2] from 9",
            ])
        #expect(screen.handle(.reply(4, at: 9, unchanged: [2])) == ["paint 9: [1,2] of 12"])
        #expect(screen.core.nextDueForTests == nil)
    }

    @Test("C11: what an acknowledgement told of while the stream was away is read in view first, too")
    func acknowledgedWhileAway() {
        var screen = Screen.settled(margin: 1)
        _ = screen.handle(.editSubmitted(DraftID(1), row: RowKey(11)))
        _ = screen.handle(.streamLost)
        #expect(screen.handle(.editAcknowledged(DraftID(1), Revision(9))) == [])
        #expect(screen.handle(.hello(9)) == ["view 1.3: 1 have [1] from 9"])
        #expect(screen.handle(.reply(3, at: 9, pages: [1])).last == "rest 1.4: 2 have [2] from 9")
    }

    @Test("C11: a reconnect that missed nothing waits for the read that is under way") func askedWhileAway() {
        var screen = Screen.settled(margin: 1)
        _ = screen.handle(.streamLost)
        _ = screen.handle(.editAcknowledged(DraftID(1), Revision(9)))
        #expect(screen.handle(.timer, at: 100) == ["refresh 1.3: 1-2 have [1,2] from 9"])
        #expect(screen.handle(.hello(9)) == [])
        #expect(screen.handle(.reply(3, at: 9, pages: [1, 2])).last == "paint 9: [1,2] of 12")
        #expect(screen.core.nextDueForTests == nil)
    }

    @Test("C11: after a run the page in view comes first") func runEnded() {
        var screen = Screen.settled(margin: 1)
        _ = screen.handle(.signal(6, rows: [11, 21]))
        #expect(screen.handle(.runEnded(Revision(6))) == ["view 1.3: 1 have [1] from 6"])
        #expect(screen.handle(.reply(3, at: 6, pages: [1])).last == "rest 1.4: 2 have [2] from 6")
    }

    @Test("C11: after a gap, and after a hole between two signals, the page in view comes first") func gapAndHole() {
        for event: Event in [.gap(Revision(9)), .signal(9, rows: [99])] {
            var screen = Screen.settled(margin: 1)
            #expect(screen.handle(event) == ["view 1.3: 1 have [1] from 9"])
        }
    }

    @Test("C11: a stream that resumed reads nothing until its signals touch something in view") func resumed() {
        var screen = Screen.settled(margin: 1)
        _ = screen.handle(.streamLost)
        #expect(screen.handle(.hello(7, after: 5)) == [])
        #expect(screen.handle(.signal(6, rows: [99])) == ["advance 6"])
        #expect(screen.handle(.signal(7, rows: [11])) == ["view 1.3: 1 have [1] from 7"])
    }

    @Test("Trust: lost, polling, offline and back, each said once, with its beginning") func trust() {
        var screen = Screen.settled()
        func said(_ event: Event, at instant: UInt64) -> [String] {
            screen.effects(event, at: instant).compactMap { effect in
                guard case .status(let status) = effect else { return nil }
                return
                    "\(status.connection) since \(status.since.milliseconds), \(status.shown) of \(status.known), \(status.problem)"
            }
        }
        #expect(said(.streamLost, at: 50) == ["reconnecting since 50, 5 of 5, none"])
        #expect(said(.timer, at: 3_049) == [])
        #expect(said(.timer, at: 3_050) == ["polling since 3050, 5 of 5, none"])
        #expect(said(.failed(2), at: 3_060) == ["offline since 3060, 5 of 5, temporary"])
        #expect(said(.timer, at: 4_000) == [])
        #expect(said(.reply(3, at: 6, pages: [1]), at: 4_010) == ["polling since 4010, 6 of 6, none"])
        #expect(said(.hello(6), at: 4_020) == ["live since 4020, 6 of 6, none"])
    }

    @Test("Polling: while the heartbeat is late the visible range is read every three seconds") func polling() {
        var screen = Screen.settled()
        #expect(screen.handle(.heartbeatLate, at: 10) == ["poll 1.2: 1 have [1] from 5"])
        #expect(screen.handle(.reply(2, at: 8, unchanged: [1]), at: 20) == ["advance 8"])
        #expect(screen.handle(.timer, at: 3_010) == ["poll 1.3: 1 have [1] from 8"])
        _ = screen.handle(.reply(3, at: 8, unchanged: [1]), at: 3_020)
        #expect(screen.handle(.heartbeat, at: 3_030) == [])
        #expect(screen.core.nextDueForTests == nil)
    }

    @Test("Hidden: nothing is read while nobody looks, and the view comes first when somebody does") func hidden() {
        var screen = Screen.settled(margin: 1)
        _ = screen.handle(.hidden)
        #expect(screen.handle(.signal(6, rows: [11]), at: 0) == [])
        #expect(screen.core.nextDueForTests == nil)
        #expect(screen.handle(.shown, at: 9_000) == ["view 1.3: 1 have [1] from 6"])
    }

    @Test("Revisions that only replies told of are waited for from the stream, then read") func catchUp() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 2), at: 10)
        _ = screen.handle(.reply(2, at: 8, pages: [2]), at: 10)
        #expect(screen.handle(.looking(at: 1, 2), at: 10) == [])
        #expect(screen.handle(.timer, at: 110) == ["refresh 1.3: 1-2 have [1,2] from 8"])
    }
}

extension Reconciler {
    /// The instant the host was asked to wake the core at.
    var nextDueForTests: UInt64? { announcedTimer?.milliseconds }
}
