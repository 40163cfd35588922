import GridModel
import Ordering
import Testing

@testable import GridClient
@testable import Wire

@Suite("Restored server", .timeLimit(.minutes(60)))
struct RestoredServerTests {
    let server = ScriptedServer()
    let time = VirtualTime()
    var client: GridClient { GridClient(transport: server, environment: time.environment()) }

    private static func server(_ run: String, opened: UInt64) -> StreamEvent.Server {
        StreamEvent.Server(run: run, opened: Revision(opened))
    }

    /// A stream to instance a, lost when that much was heard.
    private static func lost(at heard: UInt64) -> Lineage {
        var lineage = Lineage()
        #expect(lineage.hello(Revision(10), server("a", opened: 4)) == nil)
        lineage.lost(heard: Revision(heard))
        return lineage
    }

    @Test("The same instance, and another one that lost nothing, are believed; less than was heard is not") func lineage() {
        var same = Self.lost(at: 30)
        #expect(same.hello(Revision(30), Self.server("a", opened: 4)) == nil)
        same.lost(heard: Revision(30))
        #expect(same.hello(Revision(45), Self.server("b", opened: 30)) == nil)
        var below = Self.lost(at: 30)
        #expect(below.hello(Revision(29), nil) == Revision(30))
        var past = Self.lost(at: 30)
        #expect(past.hello(Revision(500), Self.server("b", opened: 29)) == Revision(30))
        var later = Self.lost(at: 30)
        // What is heard after the loss may be the new instance's.
        later.lost(heard: Revision(33))
        #expect(later.hello(Revision(31), Self.server("b", opened: 30)) == nil)
        var asked = Lineage(heard: Revision(7))
        #expect(asked.hello(Revision(6), nil) == Revision(7))
    }

    @Test(
        "A live sheet on a server that serves an older copy says so, reads anew and follows on; what was typed stays",
        arguments: [0, 9] as [UInt64])
    func restored(later: UInt64) async throws {
        let column = ScriptedServer.column
        let seen = try await time.whileFlowing { [client, server] in
            try await client.withLiveSheet(grid: ScriptedServer.grid, sheet: ScriptedServer.sheet) { sheet in
                var seen: [String] = []
                for await snapshot in sheet.snapshots() {
                    guard snapshot.trust.connection == .live, let row = snapshot.page(1)?.rows.first else { continue }
                    switch seen.count {
                    case 0:
                        seen.append("loaded")
                        for _ in 2...5 { server.commit(row: 1, .yes) }
                    case 1 where snapshot.revision == Revision(5):
                        seen.append("at 5")
                        server.restore(to: 2, row: 1, .no, then: later)
                    case 2 where snapshot.trust.restoration != nil && snapshot.trust.isCurrent:
                        #expect(snapshot.trust.restoration == .init(heard: Revision(5), revision: Revision(2 + later)))
                        #expect(snapshot.revision == Revision(2 + later) && row.cells[column] == .no)
                        #expect(
                            snapshot.trust.text.hasSuffix(
                                "(the server went back from revision 5 to \(2 + later): an older copy)"))
                        seen.append("read anew")
                        server.commit(row: 1, .yes)
                    case 3 where row.cells[column] == .yes: return seen + ["followed"]
                    default: continue
                    }
                }
                return seen
            }
        }
        #expect(seen == ["loaded", "at 5", "read anew", "followed"])
    }

    @Test("C1, C9: after a restoration no reply of before counts; a saved draft is the person's again, a typed one stays")
    func screen() {
        let page = PageRange(first: PageNumber(1), last: PageNumber(1))
        func instant(_ number: UInt64) -> Instant { Instant(milliseconds: number) }
        func reads(_ actions: [SheetScreen.Action]) -> [RequestID] {
            actions.compactMap { if case .read(let id, _) = $0 { id } else { nil } }
        }
        func reply(_ revision: UInt64, _ value: CellValue) -> PageReply {
            let head = PageReplyHead(
                revision: Revision(revision), sheet: SheetID(1), pageSize: 100, totalRows: 1, totalColumns: 1,
                columns: [Column(id: ColumnID(1), name: "n", type: .text)])
            let row = PageReply.Row(id: RowID(1), cells: [ColumnID(1): value], states: [:])
            return PageReply(head: head, pages: [PageReply.Page(page: 1, tag: PageTag(revision), rows: [row])])
        }
        func last(_ actions: [SheetScreen.Action]) -> Snapshot? {
            actions.compactMap { if case .show(let snapshot) = $0 { snapshot } else { nil } }.last
        }
        var screen = SheetScreen(sheet: SheetID(1), view: .all, pageSize: 100, configuration: Configuration())
        let old = reads(screen.open(.all, viewport: page, at: instant(1)))[0]
        _ = screen.handle(.hello(Revision(9), resumedAfter: nil), at: instant(2))
        for number in UInt32(1)...2 {
            let draft = Draft(id: DraftID(number), row: RowID(number), column: ColumnID(1), value: .yes, state: .saving)
            _ = screen.draftSubmitted(draft, at: instant(3))
        }
        _ = screen.draftAcknowledged(DraftID(1), at: Revision(9), now: instant(4))
        let anew = screen.restored(.init(heard: Revision(9), revision: Revision(2)), at: instant(5))
        #expect(reads(anew).count == 1 && reads(anew) != [old])
        #expect(
            last(anew)?.drafts.map(\.state) == [
                .refused("the server went back to a state from before this was saved"), .saving,
            ])
        _ = screen.handle(.hello(Revision(2), resumedAfter: nil), at: instant(6))
        #expect(last(screen.replyArrived(reply(9, .yes), to: old, at: instant(7)))?.pages.isEmpty != false)
        let shown = last(screen.replyArrived(reply(2, .no), to: reads(anew)[0], at: instant(8)))
        #expect(shown?.revision == Revision(2) && shown?.page(1)?.rows.first?.cells[ColumnID(1)] == .no)
        #expect(shown?.drafts.count == 2 && shown?.trust.isCurrent == true)
    }

    @Test("A window of columns is what is read, and a change in another column costs no read") func window() async throws {
        let reads = try await time.whileFlowing { [client, server] in
            try await client.withLiveSheet(
                grid: ScriptedServer.grid, sheet: ScriptedServer.sheet, columns: .named([ColumnID(7)])
            ) { sheet in
                for await snapshot in sheet.snapshots() where snapshot.trust.isCurrent {
                    if snapshot.revision == Revision(2) { break }
                    if snapshot.revision == Revision(1) { server.commit(row: 1, .yes) }
                }
                let before = server.requests("/pages?").count
                sheet.show(columns: .positions(64...127))
                for await snapshot in sheet.snapshots()
                where snapshot.trust.isCurrent && server.requests("/pages?").count > before {
                    break
                }
                return server.requests("/pages?").map(\.target)
            }
        }
        // One read of the view and one of the margin for each window, and none for the commit in column 1.
        #expect(reads.filter { $0.contains("columns=c7") }.count == 2)
        #expect(reads.contains { $0.contains("columns=64-127") })
        #expect(reads.allSatisfy { $0.contains("columns=") && !$0.contains("minRevision=2") || $0.contains("64-127") })
    }
}
