import Ordering
import Testing

@Suite struct SmokeTests {
    @Test("A page is read, painted, and read again when a signal touches it") func readPaintRefresh() throws {
        var core = Reconciler()
        func drain(_ core: inout Reconciler) -> [Effect] {
            var effects: [Effect] = []
            while let effect = core.nextEffect() { effects.append(effect) }
            return effects
        }
        let page = PageNumber(1)
        let range = PageRange(first: page, last: page)
        core.handle(
            .open(Intent(sheet: 1, view: 0, pageSize: 2, sensitive: .these([]), viewport: range)), at: Instant(milliseconds: 0))
        let id = RequestID(generation: Generation(1), number: 1)
        #expect(
            drain(&core).contains(
                .send(Request(id: id, pages: range, have: [], minRevision: .zero, purpose: .load))))
        let reply = Reply(
            request: id, revision: Revision(3), totalRows: 2, totalPages: 1,
            pages: [ReplyPage(page: page, content: .rows([RowKey(1), RowKey(2)]))])
        core.handle(.replyArrived(reply), at: Instant(milliseconds: 1))
        #expect(drain(&core).contains(.paint(Paint(revision: Revision(3), pages: [page], totalRows: 2, totalPages: 1))))
    }
}
