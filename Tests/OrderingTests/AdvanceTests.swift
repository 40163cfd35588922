import Testing

@testable import Ordering

/// The visible snapshot's number rises with commits that touch nothing drawn; nothing is read or painted for it.
@Suite struct AdvanceTests {
    @Test("C4: a commit that touches nothing drawn is told of, without a read or a frame") func advance() {
        var screen = Screen.settled(margin: 1)
        #expect(screen.handle(.signal(6, rows: [99])) == ["advance 6"])
        #expect(screen.handle(.signal(8, from: 7, rows: [98])) == ["advance 8"])
        #expect(screen.handle(.signal(8, rows: [98])) == [])
        #expect(screen.handle(.signal(9, rows: [11])) == [])
        #expect(screen.handle(.signal(10, rows: [99])) == [])
        #expect(screen.core.nextDueForTests != nil)
    }

    @Test("C4: a page of the margin that was touched holds the number back until it is read") func advanceMargin() {
        var screen = Screen.settled(margin: 1)
        #expect(screen.handle(.signal(6, rows: [21])) == [])
        #expect(screen.handle(.timer, at: 100) == ["refresh 1.3: 1-2 have [1,2] from 6"])
        let effects = screen.handle(.reply(3, at: 6, pages: [2], unchanged: [1]), at: 120)
        #expect(effects == ["apply 1.3 page 2", "paint 6: [1,2] of 12"])
    }

    @Test("C4: while an older reply may come that fits what is drawn, the number waits, and the reply is drawn")
    func advanceLater() {
        var screen = Screen.settled()
        #expect(screen.handle(.looking(at: 1, 2)) == ["load 1.2: 2 have [] from 5"])
        #expect(screen.handle(.signal(6, rows: [21])) == [])
        #expect(screen.handle(.reply(2, at: 5, pages: [2])) == ["apply 1.2 page 2", "paint 5: [1,2] of 12"])
        #expect(screen.handle(.timer, at: 100) == ["refresh 1.3: 1-2 have [1,2] from 6"])
        #expect(screen.handle(.signal(7, rows: [99]), at: 110) == [])
        let effects = screen.handle(.reply(3, at: 6, pages: [2], unchanged: [1]), at: 120)
        #expect(effects == ["apply 1.3 page 2", "paint 7: [1,2] of 12"])
    }

    @Test("C2: what comes into view is never of an older snapshot than the number told") func advanceFloor() {
        var screen = Screen.settled()
        _ = screen.handle(.looking(at: 1, 2))
        #expect(screen.handle(.signal(6, rows: [99])) == [])
        #expect(screen.handle(.failed(2, .permanent)) == ["advance 6"])
        #expect(screen.handle(.refresh) == ["refresh 1.3: 1-2 have [1] from 6"])
    }
}

extension Screen {
    /// Live at revision 5 with page 1 of twelve painted.
    static func settled(margin: UInt32 = 0, cached: UInt32 = 64) -> Screen {
        var screen = Screen(margin: margin, cached: cached)
        _ = screen.handle(.opening(), at: 0)
        _ = screen.handle(.hello(5))
        _ = screen.handle(.reply(1, at: 5, pages: [1]))
        if margin > 0 { _ = screen.handle(.reply(2, at: 5, pages: [2])) }
        return screen
    }
}
