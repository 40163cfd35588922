// What the image costs: planning, applying, replaying, memory, pages, loading, views. One run, one machine: trust the ratios.

import GridImage
import GridModel
import Ordering

#if canImport(Glibc)
    import Glibc
#endif

struct Chance {
    var state: UInt64
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }
}

/// Time of this process alone, so that other work on the machine does not count.
func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

@discardableResult
func measure<Value>(_ name: String, per count: Int = 1, unit: String = "", _ body: () -> Value) -> Value {
    let start = processorSeconds()
    let value = body()
    let seconds = processorSeconds() - start
    var line = "\(name): \(rounded(seconds * 1e3)) ms"
    if count > 1 {
        line += ", \(rounded(seconds * 1e9 / Double(count))) ns/\(unit), \(rounded(Double(count) / seconds / 1e6)) M\(unit)/s"
    }
    print(line)
    return value
}

func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 256)
    guard fgets(&buffer, 256, file) != nil else { return 0 }
    let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return (Int(text.split(separator: " ")[1]) ?? 0) * 4_096
}

let words = ["amber", "basalt", "cobalt", "delta", "ember", "fjord", "granite", "harbor", "indigo", "juniper", "kelp", "lumen"]
func cell(_ chance: inout Chance, _ column: Int) -> CellValue {
    switch column % 6 {
    case 0: CellValue(checkedJSON: "\"\(words[chance.below(12)]) \(words[chance.below(12)])\"")
    case 1: CellValue(checkedJSON: "\(chance.below(1_000_000))")
    case 2: CellValue(checkedJSON: "\(Double(chance.below(10_000_000)) / 100)")
    case 3: CellValue(checkedJSON: chance.below(2) == 1 ? "true" : "false")
    case 4: CellValue(checkedJSON: "\"20\(10 + chance.below(16))-0\(1 + chance.below(9))-1\(chance.below(10))\"")
    default: CellValue(checkedJSON: "{\"k\":\"\(words[chance.below(12)])\",\"n\":\(chance.below(1_000))}")
    }
}

let sheet = SheetID(1)
let types: [ColumnType] = [.text, .number, .number, .boolean, .date, .json]

func makeGrid(rows: Int, columns: Int) -> (GridImage, payload: Int) {
    var image = GridImage(name: "benchmark")
    var chance = Chance(state: 88_172_645_463_325_252)
    func commit(_ change: Change) {
        let plan = image.plan(
            [Command(intent: IntentID(high: 1, low: image.revision.rawValue), cause: .person, changes: [change])], time: 0)
        guard case .success = plan.results[0] else { fatalError("\(plan.results[0])") }
        do { _ = try image.apply(record: plan.record, revision: plan.revision) } catch { fatalError("\(error)") }
    }
    for column in 0..<columns {
        commit(.addColumn(sheet: sheet, name: "C\(column)", type: types[column % 6], width: nil, agent: nil, position: .last))
    }
    let pool = (0..<4_096).map { _ in (0..<columns).map { cell(&chance, $0) } }
    var payload = 0
    var done = 0
    while done < rows {
        var block = RowsBlock(columns: (1...columns).map { ColumnID(UInt32($0)) })
        for _ in 0..<min(50_000, rows - done) { block.append((0..<columns).map { pool[chance.below(4_096)][$0] }) }
        payload += block.bytes.count
        commit(.insertRows(sheet: sheet, position: .last, rows: block))
        done += block.rowCount
    }
    return (image, payload)
}

func randomCommands(_ chance: inout Chance, rows: Int, columns: Int, count: Int, pool: [[CellValue]]) -> [Command] {
    (0..<count).map { _ in
        let column = chance.below(columns)
        return Command(
            intent: IntentID(high: 2, low: chance.next()), cause: .person,
            changes: [
                .setCell(
                    row: RowID(UInt32(1 + chance.below(rows))), column: ColumnID(UInt32(1 + column)),
                    value: pool[chance.below(pool.count)][column], ifRevision: nil)
            ])
    }
}

func run(rows: Int, columns: Int) {
    print("== \(rows) rows x \(columns) columns")
    let before = residentBytes()
    var (image, payload) = measure("build by insertRows") { makeGrid(rows: rows, columns: columns) }
    let resident = residentBytes() - before
    print(
        "payload \(payload / 1_000_000) MB, resident \(resident / 1_000_000) MB, ratio \(rounded(Double(resident) / Double(payload)))"
    )

    _ = reload(image, report: true)
    var chance = Chance(state: 1_234_567)
    let pool = (0..<4_096).map { _ in (0..<columns).map { cell(&chance, $0) } }
    for shape in [(batches: 300, commands: 1_000, changes: 1), (batches: 30, commands: 1, changes: 10_000)] {
        let batches = (0..<shape.batches).map { _ in
            (0..<shape.commands).map { _ in
                let single = randomCommands(&chance, rows: rows, columns: columns, count: shape.changes, pool: pool)
                return Command(intent: single[0].intent, cause: .person, changes: single.flatMap { $0.changes })
            }
        }
        let count = shape.batches * shape.commands * shape.changes
        let label = "\(shape.commands) commands x \(shape.changes)"
        var records: [[UInt8]] = []
        var planned = image
        measure("plan, \(label)", per: count, unit: "changes") {
            for batch in batches { records.append(planned.plan(batch, time: 0).record) }
        }
        for shared in [false, true] {
            records = []
            planned = reload(image)
            let snapshot = shared ? planned : nil
            measure("plan + apply, \(label)\(shared ? ", a snapshot held" : "")", per: count, unit: "changes") {
                for batch in batches {
                    let plan = planned.plan(batch, time: 0)
                    records.append(plan.record)
                    do { _ = try planned.apply(record: plan.record, revision: plan.revision) } catch { fatalError("\(error)") }
                }
            }
            snapshot?.use()
        }
        print("record bytes a change: \(rounded(Double(records.reduce(0) { $0 + $1.count }) / Double(count)))")
        planned = reload(image)
        measure("replay, \(label)", per: count, unit: "changes") {
            for record in records {
                do { _ = try planned.apply(record: record, revision: planned.revision.next) } catch { fatalError("\(error)") }
            }
        }
    }

    pages(image, rows: rows)
    views(&image, rows: rows, columns: columns, pool: pool, &chance)
}

extension GridImage {
    @inline(never) func use() {}
}

@inline(never)
func reload(_ image: GridImage, report: Bool = false) -> GridImage {
    var image = image
    var rows: [(key: UInt64, bytes: [UInt8]?)] = []
    var documents: [(name: String, bytes: [UInt8])] = []
    var pass = image.beginFold()
    while let slice = pass?.next(from: image, maxRows: 10_000, maxBytes: 8 << 20) {
        rows += slice.rows
        for (name, bytes) in slice.documents { if let bytes { documents.append((name: name, bytes: bytes)) } }
    }
    pass = nil
    let load: () -> GridImage = {
        var loader = GridImageLoader()
        for (key, bytes) in rows { bytes?.withUnsafeBytes { loader.row(key: key, bytes: $0) } }
        do { return try loader.finish(documents: documents) } catch { fatalError("\(error)") }
    }
    return report ? measure("load \(rows.count) rows", load) : load()
}

func pages(_ image: GridImage, rows: Int) {
    guard let window = image.window(of: sheet) else { return }
    var chance = Chance(state: 99)
    let count = 20_000
    var bytes = 0
    let list = image.rows(of: sheet, view: ViewDefinition())
    let starts = (0..<count).map { _ in chance.below(rows - 100) }
    measure("page of 100 rows: ids", per: count, unit: "pages") {
        for start in starts { bytes &+= list.slice(start..<start + 100).count }
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    measure("page of 100 rows: ids + every cell copied", per: count, unit: "pages") {
        for start in starts {
            var at = 0
            buffer.withUnsafeMutableBytes { target in
                for row in list.slice(start..<start + 100) {
                    image.forEachCell(row: row, in: window) { _, json in
                        guard let from = json.baseAddress, let base = target.baseAddress else { return }
                        (base + at).copyMemory(from: from, byteCount: json.count)
                        at += json.count
                    }
                }
            }
            bytes &+= at
        }
    }
    let pages = starts.map { list.slice($0..<$0 + 100) }
    var tags: UInt64 = 0
    measure("page tag", per: count * 100, unit: "rows") {
        for page in pages { tags ^= image.pageTag(rows: page, window: window, view: 0) }
    }
    measure("row(at:)", per: count, unit: "ranks") {
        for start in starts { bytes &+= Int(list[start].rawValue) }
    }
    measure("rank(of:)", per: count, unit: "rows") {
        for page in pages { bytes &+= list.rank(of: page[0]) ?? 0 }
    }
    print("(\(bytes & 1) \(tags & 1))")
}

func views(_ image: inout GridImage, rows: Int, columns: Int, pool: [[CellValue]], _ chance: inout Chance) {
    let text = ColumnID(1)
    let number = ColumnID(2)
    func filter(_ operation: Filter.Operation, _ column: ColumnID, _ json: String) -> Filter {
        Filter(column: column, operation: operation, values: [CellValue(checkedJSON: json)])
    }
    let definitions: [(String, ViewDefinition)] = [
        ("filter number <", ViewDefinition(filter: [filter(.less, number, "500000")])),
        ("filter contains", ViewDefinition(filter: [filter(.contains, text, "\"BASALT\"")])),
        ("sort by number", ViewDefinition(sort: [SortCriterion(column: number)])),
        ("sort by text", ViewDefinition(sort: [SortCriterion(column: text)])),
        (
            "filter + sort",
            ViewDefinition(
                filter: [filter(.contains, text, "\"amber\"")], sort: [SortCriterion(column: number, descending: true)])
        ),
    ]
    for (name, definition) in definitions {
        measure("view, anew: \(name)") { image.rows(of: sheet, view: definition).count }
    }
    let batch = randomCommands(&chance, rows: rows, columns: columns, count: 100, pool: pool)
    let plan = image.plan(batch, time: 0)
    do { _ = try image.apply(record: plan.record, revision: plan.revision) } catch { fatalError("\(error)") }
    for (name, definition) in definitions {
        measure("view, brought forward over 100 changed cells: \(name)") { image.rows(of: sheet, view: definition).count }
    }
    let middle = image.row(at: rows / 2, in: sheet)
    measure("plan + apply of one row inserted in the middle") {
        let change = Change.insertRows(
            sheet: sheet, position: middle.map { .before($0) } ?? .last, rows: RowsBlock(emptyRows: 1))
        let plan = image.plan([Command(intent: IntentID(high: 3, low: 1), cause: .person, changes: [change])], time: 0)
        do { _ = try image.apply(record: plan.record, revision: plan.revision) } catch { fatalError("\(error)") }
    }
    measure("hash") { image.hash() }
}

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
if arguments.count == 2 {
    run(rows: arguments[0], columns: arguments[1])
} else {
    run(rows: 28_298, columns: 20)
    run(rows: 1_000_000, columns: 10)
}
