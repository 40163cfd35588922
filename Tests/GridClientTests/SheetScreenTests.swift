import GridModel
import Ordering
import Testing

@testable import GridClient
@testable import Wire

@Suite("Screen")
struct SheetScreenTests {
    private static func reply(_ revision: UInt64, _ value: String?, page: Int = 1) -> PageReply {
        let head = PageReplyHead(
            revision: Revision(revision), sheet: SheetID(1), pageSize: 100, totalRows: 100, totalColumns: 1,
            columns: [Column(id: ColumnID(1), name: "n", type: .text)])
        let rows = value.map { [PageReply.Row(id: RowID(1), cells: [ColumnID(1): CellValue(checkedJSON: $0)], states: [:])] }
        return PageReply(head: head, pages: [PageReply.Page(page: page, tag: PageTag(revision), rows: rows)])
    }

    private static func reads(_ actions: [SheetScreen.Action]) -> [(id: RequestID, query: PagesQuery)] {
        actions.compactMap { action in
            if case .read(let id, let query) = action { return (id, query) }
            return nil
        }
    }

    private static func shown(_ actions: [SheetScreen.Action]) -> String? {
        var value: String?
        for case .show(let snapshot) in actions { value = snapshot.pages.first?.rows.first?.cells[ColumnID(1)]?.json }
        return value
    }

    private static func opened() -> (screen: SheetScreen, read: RequestID) {
        var screen = SheetScreen(sheet: SheetID(1), view: .all, pageSize: 100, configuration: Configuration())
        _ = screen.handle(.hello(Revision(1), resumedAfter: nil), at: Instant(milliseconds: 0))
        let view = PageRange(first: PageNumber(1), last: PageNumber(1))
        let actions = screen.open(.all, viewport: view, at: Instant(milliseconds: 1))
        return (screen, Self.reads(actions)[0].id)
    }

    @Test("C1: a reply to a view that is no longer open changes nothing, whenever it comes")
    func lateReply() {
        var (screen, old) = Self.opened()
        let view = PageRange(first: PageNumber(1), last: PageNumber(1))
        let sorted = ViewSelection.inline(ViewDefinition(sort: [SortCriterion(column: ColumnID(1))]))
        let new = Self.reads(screen.open(sorted, viewport: view, at: Instant(milliseconds: 2)))[0]
        #expect(new.query.view == .inline(ViewDefinition(sort: [SortCriterion(column: ColumnID(1))])))
        #expect(Self.shown(screen.replyArrived(Self.reply(1, "2"), to: new.id, at: Instant(milliseconds: 3))) == "2")
        #expect(Self.shown(screen.replyArrived(Self.reply(1, "1"), to: old, at: Instant(milliseconds: 4))) == nil)
    }

    @Test("C6: a refresh names what is held, and an unchanged page stays as it is")
    func unchanged() {
        var (screen, id) = Self.opened()
        #expect(Self.shown(screen.replyArrived(Self.reply(1, "1"), to: id, at: Instant(milliseconds: 3))) == "1")
        for revision in UInt64(2)...5 {
            let touched = Signal(
                from: Revision(revision), revision: Revision(revision),
                rows: .ranges([RowRange(first: RowKey(1), last: RowKey(1))]), columns: .these([ColumnKey(1)]))
            #expect(Self.reads(screen.handle(.signal(touched), at: Instant(milliseconds: 10 + revision))).isEmpty)
        }
        let reads = Self.reads(screen.handle(.timer, at: Instant(milliseconds: 300)))
        #expect(reads.count == 1)
        #expect(reads.first?.query.have == [1: PageTag(1)])
        #expect(reads.first?.query.minRevision == Revision(5))
        guard let read = reads.first else { return }
        var answer = Self.reply(5, nil)
        answer.pages[0].tag = PageTag(1)
        var last: Snapshot?
        for case .show(let snapshot) in screen.replyArrived(answer, to: read.id, at: Instant(milliseconds: 310)) {
            last = snapshot
        }
        #expect(last?.pages.first?.rows.first?.cells[ColumnID(1)]?.json == "1")
        #expect(last?.trust.isCurrent == true)
        #expect(last?.trust.text == "all shown values are saved - revision 5 - live")
    }

    @Test("A signal for another sheet is one that touched nothing here")
    func otherSheet() {
        let commit = CommitSignal(
            CommitEvent(
                revision: Revision(3), from: Revision(2),
                sheets: [(id: SheetID(2), touched: .init(rows: nil, columns: [], structure: true, order: true))], changes: 1))
        #expect(commit.signal(for: SheetID(1)) == Signal(from: Revision(2), revision: Revision(3), rows: .none))
        #expect(commit.signal(for: SheetID(2)).rows == .many)
    }
}
