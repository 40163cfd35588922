import Testing

@testable import Ordering

/// When a read is sent, for which pages and why: what only a person or a server with bad luck gets to see.
@Suite struct ReadingTests {
    @Test("C6: a clock that is set back moves no deadline") func clock() {
        var screen = Screen.settled()
        _ = screen.handle(.signal(6, rows: [11]), at: 1_000)
        _ = screen.handle(.signal(7, rows: [11]), at: 0)
        #expect(screen.core.nextDueForTests == 1_100)
    }

    @Test("C5: a timer that fires early is set again") func earlyTimer() {
        var screen = Screen.settled()
        _ = screen.handle(.signal(6, rows: [11]))
        #expect(screen.effects(.timer, at: 50).contains(.setTimer(Instant(milliseconds: 100))))
    }

    @Test("C6: signals that come during a refresh wait for its reply, however long that takes") func oneReadAtATime() {
        var screen = Screen.settled()
        _ = screen.handle(.signal(6, rows: [11]))
        #expect(screen.handle(.timer, at: 100) == ["refresh 1.2: 1 have [1] from 6"])
        #expect(screen.handle(.signal(7, rows: [11]), at: 110) == [])
        #expect(screen.handle(.timer, at: 900) == [])
    }

    @Test("C7: a signal that the older of two reads has not seen is kept for its reply") func olderRead() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 1, 2))
        _ = screen.handle(.signal(6, rows: [99]))
        #expect(screen.handle(.looking(at: 1, 3)) == ["load 1.3: 3 have [] from 6"])
        _ = screen.handle(.reply(2, at: 5, pages: [2]))
        #expect(screen.core.cache[PageNumber(2)]?.through == Revision(6))
    }

    @Test("C5: of more signals than are remembered during a read none is taken as having touched nothing") func manySignals() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 2))
        _ = screen.handle(.signal(6, rows: [21]))
        for revision in UInt64(7)...UInt64(7 + Bounds.rememberedSignals) { _ = screen.handle(.signal(revision, rows: [99])) }
        _ = screen.handle(.reply(2, at: 5, pages: [2]))
        #expect(screen.core.condition(of: PageNumber(2)) == .stale)
    }

    @Test("C7: no page beyond the view is asked for before their number is known") func unknownTotal() {
        var screen = Screen(margin: 1)
        _ = screen.handle(.opening(), at: 0)
        #expect(screen.handle(.refresh) == ["cancel 1.1", "refresh 1.2: 1 have [] from 0"])
    }

    @Test("C7: nothing is read while nobody looks, whatever happens meanwhile") func hidden() {
        var screen = Screen.settled()
        _ = screen.handle(.hidden)
        _ = screen.handle(.signal(6, rows: [11]))
        #expect(screen.handle(.heartbeat, at: 500) == [])
    }

    @Test("C7: a page that turned out unchanged is kept when it is scrolled away") func unchangedIsKept() {
        var screen = Screen.settled()
        _ = screen.handle(.signal(6, rows: [11]))
        _ = screen.handle(.timer, at: 100)
        #expect(screen.handle(.reply(2, at: 6, unchanged: [1])) == ["advance 6"])
        #expect(screen.handle(.looking(at: 3)) == ["withdraw 1", "load 1.3: 3 have [] from 6"])
    }

    @Test("C5: what the server refused for good is tried again when the person scrolls, or comes back to the page")
    func permanentFailure() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 2))
        #expect(screen.handle(.failed(2, .permanent)) == [])
        #expect(screen.handle(.looking(at: 3)) == ["load 1.3: 3 have [] from 5"])
        #expect(screen.handle(.failed(3, .permanent)) == [])
        _ = screen.handle(.hidden)
        #expect(screen.handle(.shown) == ["view 1.4: 3 have [] from 5"])
    }

    @Test("C7: what was refused for good is not tried again because a read beside it fails for a while")
    func permanentBesideTemporary() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 2))
        _ = screen.handle(.looking(at: 3))
        #expect(screen.handle(.failed(3, .permanent)) == [])
        #expect(screen.handle(.failed(2, .temporary)) == [])
        #expect(screen.handle(.timer, at: 60_000) == [])
        #expect(screen.handle(.refresh).contains { $0.hasPrefix("refresh 1.4:") })
    }

    @Test("C5: a wait that the server asks for is not cut short by a read beside it that fails as well")
    func longerWaitStays() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 2))
        _ = screen.handle(.looking(at: 3))
        _ = screen.handle(.failed(3, retryAfter: 9_000))
        _ = screen.handle(.failed(2, .temporary))
        #expect(screen.handle(.timer, at: 8_999) == [])
        #expect(!screen.handle(.timer, at: 9_000).isEmpty)
    }

    @Test("C5: without a stream the end of a run is read, and its revision is asked for") func runEnd() {
        var screen = Screen.settled()
        _ = screen.handle(.streamLost)
        #expect(screen.handle(.runEnded(nil)) == ["view 1.2: 1 have [1] from 5"])
        var live = Screen.settled()
        #expect(live.handle(.runEnded(Revision(9))) == [])
        #expect(live.handle(.timer, at: 1_000) == ["view 1.2: 1 have [1] from 9"])
    }

    @Test("S8: more reads than may be in flight become one of the whole visible range") func readsInFlight() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 1, 2))
        _ = screen.handle(.looking(at: 1, 3))
        _ = screen.handle(.looking(at: 1, 4))
        #expect(
            screen.handle(.looking(at: 1, 5)) == ["cancel 1.2", "cancel 1.3", "cancel 1.4", "refresh 1.5: 1-5 have [1] from 5"])
    }

    @Test("C11: a recovery whose read leaves the view goes on with what is in view then") func recoveryScrolledAway() {
        var screen = Screen.settled()
        #expect(screen.handle(.gap(Revision(9))) == ["view 1.2: 1 have [1] from 9"])
        #expect(screen.handle(.looking(at: 5)).last == "view 1.3: 5 have [] from 9")
    }

    @Test("C11: a recovery whose read fails goes on as soon as it may be tried again") func recoveryFailed() {
        var screen = Screen.settled(margin: 1)
        _ = screen.handle(.gap(Revision(9)))
        #expect(screen.handle(.failed(3)) == [])
        #expect(screen.handle(.timer, at: 625) == ["view 1.4: 1 have [1] from 9"])
    }

    @Test("C11: another view begins without the recovery of the one before") func recoveryForgotten() {
        var screen = Screen.settled(margin: 1)
        _ = screen.handle(.gap(Revision(9)))
        _ = screen.handle(.opening())
        let effects = screen.handle(.reply(4, generation: 2, at: 9, pages: [1]))
        #expect(effects == ["apply 2.4 page 1", "paint 9: [1] of 12", "margin 2.5: 2 have [] from 9"])
    }

    @Test("C5: a refresh that a person demands leaves no read behind that may hang") func demanded() {
        var screen = Screen.settled(margin: 1)
        _ = screen.handle(.signal(6, rows: [21]))
        _ = screen.handle(.timer, at: 100)
        _ = screen.handle(.gap(Revision(9)))
        #expect(screen.handle(.refresh) == ["cancel 1.3", "view 1.4: 1 have [1] from 9"])
    }
}
