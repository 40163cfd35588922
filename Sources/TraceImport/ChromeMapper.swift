import Trace

/// Turns the records of a Chrome trace into events: finds the task that each belongs to, and what connects them.
struct ChromeMapper {
    typealias Record = ChromeImporter.Record

    /// A request that was sent.
    private struct Request {
        var row: TraceLog.Row
        var status: Int64?
        var ordinal: Int
        var url: Symbol
        var hasArrived = false
    }

    /// What `args.data` says, as far as it is needed.
    private struct Data {
        var request: JSONString?
        var url: JSONString?
        var method: JSONString?
        var status: Int64?
        var isFailed = false
        var type: JSONString?
        var function: JSONString?
        var timer: Int64?
        var name: JSONString?
    }

    /// What a person does, among all events that are dispatched.
    private static let inputs = ["click", "dblclick", "keydown", "input", "change", "submit", "paste", "drop"]

    var events: ImportedEvents
    private let text: JSONCursor
    private var requests: [Symbol: Request] = [:]
    /// Requests that were answered, by URL, for the handlers that name only that.
    private var answered: [Symbol: Symbol] = [:]
    private var timers: [String: Symbol] = [:]
    private var threadNames: [Int64: String] = [:]
    private var frame: Int64 = 0
    private var lastPaintTask = Symbol.none
    private let dataNames = JSONNameTable([
        "requestId", "url", "requestMethod", "statusCode", "didFail", "type", "functionName", "timerId", "id", "name",
    ])

    init(events: ImportedEvents, text: JSONCursor) {
        self.events = events
        self.text = text
    }

    /// Adds the events of all records.
    mutating func add(_ records: [Record]) {
        for record in records where record.name == .threadName {
            if let name = data(of: record).name { threadNames[record.thread] = name.string }
        }
        var order = Array(records.indices)
        // What encloses comes before what it encloses.
        order.sort { a, b in
            let (left, right) = (records[a], records[b])
            return (left.time, -left.duration, a) < (right.time, -right.duration, b)
        }
        var threads: [Int64: Thread] = [:]
        let clock = events.intern("trace")
        for index in order {
            let record = records[index]
            guard record.name != .threadName, record.name != .processName else { continue }
            var thread = threads[record.thread] ?? Thread(process: process(of: record.thread))
            add(record, &thread, clock)
            threads[record.thread] = thread
        }
    }

    /// Where a thread is in its work.
    private struct Thread {
        var process: Symbol
        var isDeclared = false
        var tasks = 0
        var taskEnd = Int64.min
        var microtasksEnd = Int64.min
    }

    private mutating func process(of thread: Int64) -> Symbol {
        events.intern("\(threadNames[thread] ?? "thread") \(thread >> 32):\(thread & 0xFFFF_FFFF)")
    }

    private mutating func add(_ record: Record, _ thread: inout Thread, _ clock: Symbol) {
        switch record.name {
        case .task, .controllerTask:
            // Nested loops run within the task that started them.
            guard record.time >= thread.taskEnd else { return }
            thread.tasks += 1
            thread.taskEnd = record.time + record.duration
            return
        case .microtasks, .v8Microtasks:
            thread.microtasksEnd = record.time + record.duration
            return
        case .sendRequest, .receiveResponse, .finish, .timerInstall, .timerFire, .eventDispatch, .functionCall, .paint,
            .xhrLoad,
            .requestFrame, .fireFrame, .threadName, .processName:
            break
        }
        if !thread.isDeclared { events.log.declareProcess(thread.process, role: .browser, clock: clock) }
        thread.isDeclared = true
        var row = TraceLog.Row(.note)
        row.process = thread.process
        row.time = record.time
        if record.time < thread.taskEnd {
            row.task = events.intern("task \(thread.tasks)")
            row.phase = record.time < thread.microtasksEnd ? .microtask : .macrotask
        }
        add(record, row)
    }

    private mutating func add(_ record: Record, _ row: TraceLog.Row) {
        let data = data(of: record)
        var row = row
        switch record.name {
        case .sendRequest: send(data, row)
        case .receiveResponse:
            guard let id = data.request.map({ events.intern($0) }), let request = requests[id] else { return }
            requests[id]?.status = data.status
            answered[request.url] = id
        case .finish: finish(data, row)
        case .xhrLoad:
            row.kind = .deliver
            if let url = data.url.map({ events.intern($0) }), let id = answered[url], let request = requests[id] {
                // The handler runs before the trace says that the request is finished.
                arrive(id, Data(), row)
                row.request = request.row.request
            }
            events.add(row)
        case .eventDispatch:
            guard let type = data.type?.string else { return }
            row.kind = Self.inputs.contains(type) ? .intent : .note
            row.label = events.intern(type)
            if row.kind == .intent { row.intent = events.intern("\(type) \(events.count)") }
            events.add(row)
        case .timerInstall, .requestFrame, .timerFire, .fireFrame: timer(record.name, data, row)
        case .functionCall:
            row.label = data.function.map { events.intern($0) } ?? .none
            if let url = data.url { events.attribute("url", cleaned(url)) }
            events.add(row)
        case .paint:
            guard row.task.isNone || row.task != lastPaintTask else { return }
            lastPaintTask = row.task
            frame += 1
            row.kind = .render
            row.number = frame
            row.flags.insert(.numbered)
            events.add(row)
        case .task, .controllerTask, .microtasks, .v8Microtasks, .threadName, .processName: return
        }
    }

    // MARK: Requests

    private mutating func send(_ data: Data, _ row: TraceLog.Row) {
        guard let id = data.request, let url = data.url else { return }
        let key = events.intern(id)
        // A redirect sends again under the same id.
        let ordinal = (requests[key]?.ordinal ?? 0) + 1
        var row = row
        row.kind = .start
        row.request = ordinal == 1 ? key : events.intern("\(id.string) #\(ordinal)")
        let address = events.redactor.url(url.raw) ?? Array(url.raw)
        let method = data.method?.string ?? "GET"
        address.withUnsafeBytes { address in
            Array(method.utf8).withUnsafeBytes { row.slot = events.slot(method: $0, url: address) }
            row.arguments = events.arguments(url: address, body: nil)
        }
        events.attribute("method", method)
        events.attribute("url", String(decoding: address, as: UTF8.self))
        events.add(row)
        requests[key] = Request(row: row, status: nil, ordinal: ordinal, url: events.intern(url))
    }

    private mutating func finish(_ data: Data, _ row: TraceLog.Row) {
        if let id = data.request { arrive(events.intern(id), data, row) }
    }

    private mutating func arrive(_ id: Symbol, _ data: Data, _ row: TraceLog.Row) {
        guard let request = requests[id], !request.hasArrived else { return }
        requests[id]?.hasArrived = true
        var row = row
        row.kind = .arrive
        (row.request, row.slot, row.arguments) = (request.row.request, request.row.slot, request.row.arguments)
        // The network says so to the thread; no task of the page is behind it.
        (row.task, row.phase) = (.none, .unknown)
        if let status = request.status {
            row.number = status
            row.flags.insert(.numbered)
        }
        if data.isFailed { events.attribute("error", "failed") }
        events.add(row)
    }

    // MARK: Timers

    private mutating func timer(_ name: ChromeImporter.Name, _ data: Data, _ row: TraceLog.Row) {
        let isInstall = name == .timerInstall || name == .requestFrame
        let key = "\(name == .timerInstall || name == .timerFire ? "timer" : "frame") \(data.timer ?? 0) of \(row.process.raw)"
        var row = row
        row.label = events.intern(name.text)
        if isInstall {
            row.id = events.intern("\(name.text) \(data.timer ?? 0), \(events.count)")
            timers[key] = row.id
        } else if let install = timers[key] {
            events.edge(from: install, .await, .declared)
        }
        events.add(row)
    }

    // MARK: Arguments

    private mutating func cleaned(_ url: JSONString) -> String {
        (events.redactor.url(url.raw)).map { String(decoding: $0, as: UTF8.self) } ?? url.string
    }

    /// Reads `args.data`, or `args` itself for what names a thread. What does not fit is left out.
    private func data(of record: Record) -> Data {
        var data = Data()
        guard let slice = record.arguments else { return data }
        var cursor = JSONCursor(slice, of: text)
        try? read(&cursor, &data, depth: 0)
        return data
    }

    private func read(_ cursor: inout JSONCursor, _ data: inout Data, depth: Int) throws(JSONFailure) {
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            let byte = cursor.peek()
            if depth == 0, byte == UInt8(ascii: "{"), name.equals("data") {
                try read(&cursor, &data, depth: 1)
                continue
            }
            let index = dataNames.index(of: name)
            let isText = byte == UInt8(ascii: "\"")
            let isNumber = byte &- UInt8(ascii: "0") < 10
            switch index {
            case 0 where isText: data.request = try cursor.string()
            case 1 where isText: data.url = try cursor.string()
            case 2 where isText: data.method = try cursor.string()
            case 3 where isNumber: data.status = try cursor.integer()
            case 4 where byte == UInt8(ascii: "t"): data.isFailed = try cursor.boolean()
            case 5 where isText: data.type = try cursor.string()
            case 6 where isText: data.function = try cursor.string()
            case 7 where isNumber, 8 where isNumber: data.timer = try cursor.integer()
            case 9 where isText: data.name = try cursor.string()
            default: try cursor.skipValue()
            }
        }
    }
}
