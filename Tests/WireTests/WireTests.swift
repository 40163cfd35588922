import GridModel
import Ordering
import Testing

@testable import Wire

@Suite("Wire")
struct WireTests {
    private static let a = ColumnID(1)
    private static let b = ColumnID(2)

    private static func intent(_ number: UInt64) -> IntentID {
        IntentID(high: 0x1234_5678_9abc_4def, low: number)
    }

    private static func block() -> RowsBlock {
        var block = RowsBlock(columns: [a, b])
        block.append([CellValue(checkedJSON: "\"x\\n\""), nil])
        block.append([nil, CellValue(checkedJSON: "1.50")])
        return block
    }

    static let changes = ChangesRequest(
        intent: intent(7), cause: .program,
        changes: [
            .setCell(row: RowID(9), column: a, value: CellValue(checkedJSON: "0.10e5"), ifRevision: Revision(3)),
            .setCell(row: RowID(9), column: b, value: nil, ifRevision: nil),
            .insertRows(sheet: SheetID(1), position: .after(RowID(4)), rows: RowsBlock(emptyRows: 3)),
            .insertRows(sheet: nil, position: .last, rows: block()),
            .deleteRows(sheet: nil, rows: [RowID(1), RowID(2)]),
            .moveRows(sheet: SheetID(2), rows: [RowID(5)], position: .first),
        ])

    @Test("A batch of changes reads back as it was written, digits and escapes included")
    func changesRoundtrip() throws {
        #expect(try ChangesRequest(wire: Self.changes.wire) == Self.changes)
    }

    @Test(
        "Positions are written in three ways, and null is an end",
        arguments: [
            (#""after":null"#, Position<RowID>.first), (#""before":null"#, .last), (#""at":"start""#, .first),
            (#""at":"end""#, .last),
            (#""after":"r3""#, .after(RowID(3))), (#""before":"r3""#, .before(RowID(3))),
        ])
    func positions(text: String, position: Position<RowID>) throws {
        let wire = #"{"intent":"\#(Self.intent(1))","changes":[{"op":"moveRows","rows":["r1"],\#(text)}]}"#
        let request = try ChangesRequest(wire: Array(wire.utf8))
        #expect(request.changes == [.moveRows(sheet: nil, rows: [RowID(1)], position: position)])
    }

    @Test(
        "A change that is not one is refused with its place",
        arguments: [
            (#"{"op":"setCell","row":"r1","column":"c1"}"#, "/changes/0", "value"),
            (#"{"op":"setCell","row":"r01","column":"c1","value":1}"#, "/changes/0/row", "r01"),
            (#"{"op":"setCell","row":"r1","column":"c1","value":01}"#, "/changes/0/value", "leading zero"),
            (#"{"op":"setCell","row":"r1","column":"c1","value":"\ud800"}"#, "/changes/0/value", "surrogate"),
            (#"{"op":"setCell","row":"r1","column":"c1","value":1,"rows":["r2"]}"#, "/changes/0", "does not take rows"),
            (#"{"op":"explode"}"#, "/changes/0/op", "explode"),
            (#"{"op":"insertRows"}"#, "/changes/0", "count"),
            (#"{"op":"insertRows","count":1,"rows":[{}]}"#, "/changes/0", "only one of"),
            (#"{"op":"insertRows","count":0}"#, "/changes/0/count", "from 1"),
            (#"{"op":"insertRows","rows":[{"c1":1},"r2"]}"#, "/changes/0/rows", "either"),
            (#"{"op":"insertRows","rows":[{"city":1}]}"#, "/changes/0/rows/0/city", "column"),
            (#"{"op":"moveRows","rows":["r1"]}"#, "/changes/0", "where"),
            (#"{"op":"moveRows","rows":["r1"],"after":null,"at":"end"}"#, "/changes/0/at", "only one"),
            (#"{"op":"deleteRows","rows":[]}"#, "/changes/0", "at least one"),
            (#"{"op":"deleteRows","rows":["r1"],"count":2}"#, "/changes/0", "count"),
            (#"{"op":"deleteRows","rows":["r1"],"a/b~c":2}"#, "/changes/0/a~1b~0c", "not a known member"),
        ])
    func refusals(change: String, path: String, reason: String) throws {
        let wire = #"{"intent":"\#(Self.intent(1))","changes":[\#(change)]}"#
        let error = #expect(throws: WireError.self) { try ChangesRequest(wire: Array(wire.utf8)) }
        #expect(error?.path == path)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
        #expect(error?.position != nil)
    }

    @Test("A sparse request does not become a dense block of any size")
    func sparse() {
        let rows = (0..<3_000).map { #"{"c\#($0)":1}"# }.joined(separator: ",")
        let wire = #"{"intent":"\#(Self.intent(1))","changes":[{"op":"insertRows","rows":[\#(rows)]}]}"#
        #expect(throws: WireError.self) { try ChangesRequest(wire: Array(wire.utf8)) }
    }

    @Test("Deep nesting is refused, not followed")
    func depth() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: WireError.self) { try ChangesRequest(wire: Array(deep.utf8)) }
        #expect(throws: WireError.self) { try ViewDefinition(wire: Array((#"{"filter":"# + deep).utf8)) }
        let wire = #"{"intent":"\#(Self.intent(1))","changes":[{"op":"setCell","row":"r1","column":"c1","value":\#(deep)}]}"#
        #expect(throws: WireError.self) { try ChangesRequest(wire: Array(wire.utf8)) }
    }

    static let view = ViewDefinition(
        filter: [
            Filter(column: a, operation: .oneOf, values: [CellValue(checkedJSON: "1"), .yes]),
            Filter(column: b, operation: .isEmpty),
            Filter(column: a, operation: .lessOrEqual, values: [CellValue(checkedJSON: "2.0")]),
        ], match: .any, sort: [SortCriterion(column: b, descending: true), SortCriterion(column: a)])

    @Test("A view reads back as it was written; comparing with nothing is asking for empty")
    func views() throws {
        #expect(try ViewDefinition(wire: Self.view.wire) == Self.view)
        let nothing = try ViewDefinition(wire: Array(#"{"filter":[{"column":"c1","op":"equals","value":""}]}"#.utf8))
        #expect(nothing.filter == [Filter(column: Self.a, operation: .isEmpty)])
    }

    @Test("An inline view may look for a text in all columns; a saved one may not")
    func find() throws {
        let view = ViewDefinition(filter: Self.view.filter, find: "a \"quoted\" text")
        #expect(try ViewDefinition(wire: view.wire) == view)
        #expect(try ViewDefinition(wire: Array(#"{"find":""}"#.utf8)).isEmpty)
        let long = String(repeating: "x", count: Limits.findBytes + 1)
        #expect(throws: WireError.self) { try ViewDefinition(wire: Array(#"{"find":"\#(long)"}"#.utf8)) }
        #expect(throws: WireError.self) { try ViewRequest(wire: Array(#"{"name":"n","find":"x"}"#.utf8)) }
    }

    @Test("A query of pages reads back as it was written")
    func query() throws {
        let queries = [
            PagesQuery(),
            PagesQuery(first: 2, last: 5, pageSize: 50, columns: .named([Self.b, Self.a]), view: .saved(ViewID(3))),
            PagesQuery(
                columns: .positions(0...63), view: .inline(Self.view), minRevision: Revision(9), asOf: Revision(8),
                have: [1: PageTag(0xFF), 2: PageTag(.max)]),
        ]
        for query in queries { #expect(try PagesQuery(QueryParameters(query.text)) == query) }
        #expect(try PagesQuery(QueryParameters("")).pageSize == 100)
    }

    @Test(
        "A query that is not one names the parameter",
        arguments: [
            ("first=0", "first"), ("first=3&last=2", "last"), ("pageSize=1001", "pageSize"), ("first=+1", "first"),
            ("first=1&first=2", "first"), ("columns=x", "columns"), ("columns=5-1", "columns"), ("have=1", "have"),
            ("view=x", "view"),
            ("minRevision=-1", "minRevision"), ("page=1", "page"), ("first=%f", "first"), ("view=%ff", "view"),
            ("first=1&last=101", "last"), ("view=%7B%22filter%22:1%7D", "view/filter"),
        ])
    func queryRefusals(text: String, parameter: String) {
        let error = #expect(throws: WireError.self) { try PagesQuery(QueryParameters(text)) }
        #expect(error?.path == parameter)
    }

    @Test("A page is the bytes of its cells, and reads back with its states")
    func page() throws {
        let head = PageReplyHead(
            revision: Revision(4711), sheet: SheetID(1), pageSize: 100, totalRows: 201, totalColumns: 2,
            columns: [Column(id: Self.a, name: "A \"quoted\"", type: .number, width: 80)])
        var writer = PageWriter(page: 1, tag: PageTag(7), columns: [Self.a, Self.b])
        writer.beginRow(RowID(4_294_967_295))
        writer.cell(0, json: Array("1.500".utf8))
        writer.cell(1, json: Array("{\"k\":[1]}".utf8))
        writer.state(0, .queued)
        writer.state(1, .failed(reason: "no \"answer\""))
        writer.endRow()
        writer.beginRow(RowID(0))
        writer.state(1, .stale)
        writer.endRow()
        let bytes =
            head.opening() + writer.finish() + [UInt8(ascii: ",")] + PageWriter.unchanged(page: 2, tag: PageTag(8))
            + PageReplyHead.closing
        let reply = try PageReply(wire: bytes)
        #expect(reply.head == head && reply.head.totalPages == 3)
        #expect(
            reply.pages == [
                .init(
                    page: 1, tag: PageTag(7),
                    rows: [
                        .init(
                            id: RowID(4_294_967_295),
                            cells: [Self.a: CellValue(checkedJSON: "1.500"), Self.b: CellValue(checkedJSON: "{\"k\":[1]}")],
                            states: [Self.a: .queued, Self.b: .failed(reason: "no \"answer\"")]),
                        .init(id: RowID(0), cells: [:], states: [Self.b: .stale]),
                    ]), .init(page: 2, tag: PageTag(8), rows: nil),
            ])
    }

    @Test("Events read back as they were written and carry no values")
    func events() throws {
        let commit = CommitEvent(
            revision: Revision(12), from: Revision(10),
            sheets: [
                (
                    SheetID(1),
                    .init(
                        rows: [RowID(5)...RowID(9), RowID(12)...RowID(12)], columns: [Self.a], structure: false, order: true)
                ), (SheetID(2), .init(rows: nil, columns: nil, structure: true, order: false)),
            ], structure: true, changes: 40)
        let run = RunEvent(
            run: RunID(4), state: "running", done: 3, running: 2, queued: 5, failed: 1, skipped: 0, tokens: 99, cost: 0.5,
            eta: 12,
            reason: "why")
        for event in [
            StreamEvent.hello(Revision(3)), .hello(Revision(3), heartbeat: 9, server: .init(run: "x", opened: Revision(2))),
            .gap(Revision(4)), .commit(commit), .run(run),
        ] {
            let text = String(decoding: event.frame, as: UTF8.self)
            #expect(text.hasSuffix("\n\n"))
            let lines = text.split(separator: "\n")
            let name = try #require(lines.first { $0.hasPrefix("event: ") }).dropFirst(7)
            let data = try #require(lines.first { $0.hasPrefix("data: ") }).dropFirst(6)
            #expect(try StreamEvent.read(name: String(name), data: Array(data.utf8)) == event)
        }
        #expect(String(decoding: StreamEvent.commit(commit).frame, as: UTF8.self).contains(#""rows":"r5-r9,r12""#))
        #expect(try StreamEvent.read(name: "later", data: Array("{}".utf8)) == nil)
    }

    @Test("What a request changes of a column and of a view reads back as it was written")
    func schema() throws {
        let column = ColumnRequest(
            name: "é\u{0}", type: .boolean, width: .some(nil),
            agent: .some(AgentSettings(prompt: "{{A}}", model: "m", output: .oneOf(["a", "é"]), usesExamples: false)),
            position: .before(Self.b))
        #expect(try ColumnRequest(wire: column.wire) == column)
        #expect(try ColumnRequest(wire: Array("{}".utf8)) == ColumnRequest())
        let view = ViewRequest(name: "V", definition: Self.view)
        #expect(try ViewRequest(wire: view.wire) == view)
        let run = NewRunRequest(
            sheet: SheetID(1), column: Self.a, scope: .rows([RowID(3)]), view: .inline(Self.view), viewport: [RowID(1)],
            concurrency: 4)
        #expect(try NewRunRequest(wire: run.wire) == run)
    }

    @Test("A grid's document and a problem read back as they were written")
    func documents() throws {
        let sheet = Sheet(
            id: SheetID(1), name: "S",
            columns: [Column(id: Self.a, name: "A", type: .json, agent: AgentSettings(prompt: "p", output: .date))],
            views: [SavedView(id: ViewID(1), name: "V", definition: Self.view)])
        let grid = GridDocument(
            id: try #require(GridID("g1")), name: "\u{2028}<script>", revision: Revision(.max / 2),
            sheets: [SheetDocument(sheet: sheet, rows: 12)])
        #expect(try GridDocument(wire: grid.wire) == grid)
        let problem = Problem(
            "cell-changed", "T", status: 409, detail: "d",
            errors: [.init(["row": .text("r1"), "revision": .number(4), "value": .cell(CellValue(checkedJSON: "1.0"))])])
        #expect(try Problem(wire: problem.wire) == problem)
    }

    @Test("No bytes make a reader trap: cut and changed messages are read or refused", arguments: [1, 2, 3, 4] as [UInt64])
    func fuzz(seed: UInt64) {
        var random = seed
        func next(_ bound: Int) -> Int {
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            return Int(random % UInt64(max(1, bound)))
        }
        let samples = [
            Self.changes.wire, Self.view.wire, ColumnRequest(name: "x", type: .date, position: .first).wire,
            Array(#"{"revision":1,"sheet":"s1","pageSize":1,"pages":[{"page":1,"tag":"0123456789abcdef","rows":[]}]}"#.utf8),
            Array(
                #"{"revision":12,"sheets":{"s1":{"rows":"r5-r9","columns":"many","structure":true,"order":true}},"changes":4}"#
                    .utf8),
            Array("first=1&view=%7B%22match%22:%22any%22%7D&have=1:0000000000000000&columns=0-9".utf8),
        ]
        let interesting = Array(#"{}[]":,\u0019-.eE+tfn"#.utf8) + [0, 0x80, 0xC3, 0xED, 0xF4, 0xFF]
        for _ in 0..<3_000 {
            var bytes = samples[next(samples.count)]
            for _ in 0...next(4) {
                switch next(4) {
                case 0: bytes.removeLast(min(bytes.count, next(12)))
                case 1: if !bytes.isEmpty { bytes[next(bytes.count)] = interesting[next(interesting.count)] }
                case 2: bytes.insert(interesting[next(interesting.count)], at: next(bytes.count + 1))
                default: if !bytes.isEmpty { bytes.remove(at: next(bytes.count)) }
                }
            }
            _ = try? ChangesRequest(wire: bytes)
            _ = try? ViewDefinition(wire: bytes)
            _ = try? ColumnRequest(wire: bytes)
            _ = try? ViewRequest(wire: bytes)
            _ = try? NewRunRequest(wire: bytes)
            _ = try? PageReply(wire: bytes)
            _ = try? Problem(wire: bytes)
            _ = try? CommandOutcome(wire: bytes)
            _ = try? StreamEvent.read(name: "commit", data: bytes)
            _ = try? PagesQuery(QueryParameters(String(decoding: bytes, as: UTF8.self)))
        }
    }
}
