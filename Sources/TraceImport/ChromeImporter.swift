import Trace

// Chrome's trace event format: {"traceEvents": [...]} or the bare array, which may lack its end. Times are microseconds of one clock
// of the machine, possibly with decimals; events of a thread stand in any order; `args` often stands before `name`. A thread
// becomes a process of the trace: what runs on it runs one after the other.

/// Reads performance traces of Chrome.
struct ChromeImporter {
    static let limits = [
        "A Chrome trace records no writes of state: whether a late response overwrote a newer one cannot be concluded, only that it could "
            + "have (missing: write).",
        "Which response a task handled is recorded for XMLHttpRequest by its URL only, and for fetch not at all (missing: deliver).",
        "Paints say when, not what: whether a person saw a wrong state cannot be concluded (missing: shows).",
        "Clicks and keys are recorded as events that were dispatched; what they asked for is not (missing: slot).",
    ]

    /// The events that say something, in the order of `names`.
    enum Name: Int, CaseIterable {
        case sendRequest, receiveResponse, finish, timerInstall, timerFire, eventDispatch, functionCall, paint, xhrLoad
        case requestFrame, fireFrame, task, controllerTask, microtasks, v8Microtasks, threadName, processName

        var text: String {
            switch self {
            case .sendRequest: "ResourceSendRequest"
            case .receiveResponse: "ResourceReceiveResponse"
            case .finish: "ResourceFinish"
            case .timerInstall: "TimerInstall"
            case .timerFire: "TimerFire"
            case .eventDispatch: "EventDispatch"
            case .functionCall: "FunctionCall"
            case .paint: "Paint"
            case .xhrLoad: "XHRLoad"
            case .requestFrame: "RequestAnimationFrame"
            case .fireFrame: "FireAnimationFrame"
            case .task: "RunTask"
            case .controllerTask: "ThreadControllerImpl::RunTask"
            case .microtasks: "RunMicrotasks"
            case .v8Microtasks: "V8.RunMicrotasks"
            case .threadName: "thread_name"
            case .processName: "process_name"
            }
        }
    }

    struct Record {
        var name: Name
        var time: Int64
        var duration: Int64
        var thread: Int64
        var arguments: JSONSlice?
    }

    private struct Draft {
        var name: Int?
        var phase: UInt8 = 0
        var time: Int64?
        var duration: Int64 = 0
        var pid: Int64 = 0
        var tid: Int64 = 0
        var arguments: JSONSlice?
    }

    var events = ImportedEvents()
    private var records: [Record] = []
    private let names = JSONNameTable(Name.allCases.map(\.text))
    private let allNames = Name.allCases
    private let members = JSONNameTable(["name", "ph", "ts", "dur", "pid", "tid", "args"])
    private var isCut = false

    static func read(_ cursor: JSONCursor) -> ImportedTrace {
        var importer = ChromeImporter()
        var cursor = cursor
        do throws(JSONFailure) {
            try importer.document(&cursor)
        } catch {
            importer.events.dropPending()
            importer.events.reject(error)
        }
        var mapper = ChromeMapper(events: importer.events, text: cursor)
        mapper.add(importer.records)
        var limits = limits
        if importer.isCut { limits.append("The file has no end: the recording was cut off, and what came after is unknown.") }
        return mapper.events.finish(.chrome, limits: limits)
    }

    private mutating func document(_ cursor: inout JSONCursor) throws(JSONFailure) {
        if cursor.peek() == UInt8(ascii: "[") {
            do throws(JSONFailure) {
                try list(&cursor)
                try cursor.finish()
            } catch {
                // The format allows the bare array to lack its end.
                if cursor.peek() == 0, cursor.isAtEnd { isCut = true } else { throw error }
            }
            return
        }
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            if name.equals("traceEvents"), cursor.peek() == UInt8(ascii: "[") {
                try list(&cursor)
            } else {
                try cursor.skipValue()
            }
        }
        try cursor.finish()
    }

    private mutating func list(_ cursor: inout JSONCursor) throws(JSONFailure) {
        var isFirst = true
        try cursor.beginArray()
        while try cursor.nextElement(&isFirst) {
            var again = cursor
            do throws(JSONFailure) {
                try element(&cursor)
            } catch {
                try again.skipValue()
                events.reject(error)
                cursor = again
            }
        }
    }

    private mutating func element(_ cursor: inout JSONCursor) throws(JSONFailure) {
        let start = cursor
        var draft = Draft()
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            switch members.index(of: name) {
            case 0: draft.name = names.index(of: try cursor.string("name must be a text"))
            case 1: draft.phase = try cursor.string("ph must be a text").raw.first ?? 0
            case 2: draft.time = try cursor.microseconds("ts must be a number of microseconds")
            case 3: draft.duration = try cursor.microseconds("dur must be a number of microseconds")
            case 4: draft.pid = try cursor.integerOrAny()
            case 5: draft.tid = try cursor.integerOrAny()
            case 6: draft.arguments = try cursor.skipValue()
            default: try cursor.skipValue()
            }
        }
        guard let index = draft.name else { throw start.failure("an event without name") }
        guard index >= 0 else { return }
        let name = allNames[index]
        // Ends of what was begun before, and what is not an event of a thread.
        guard draft.phase != UInt8(ascii: "E"), draft.phase != UInt8(ascii: "e") else { return }
        guard let time = draft.time ?? (draft.phase == UInt8(ascii: "M") ? 0 : nil) else {
            throw start.failure("an event without ts")
        }
        records.append(
            Record(
                name: name, time: time, duration: draft.duration, thread: draft.pid << 32 | (draft.tid & 0xFFFF_FFFF),
                arguments: draft.arguments))
    }
}

extension JSONCursor {
    /// Nanoseconds of a number of microseconds, which some writers put in a text.
    fileprivate mutating func microseconds(_ reason: StaticString) throws(JSONFailure) -> Int64 {
        guard peek() == UInt8(ascii: "\"") else { return try scaled(by: 3, reason) }
        guard let number = Int64(try string().string), abs(number) < Self.maximumTime / 1000 else { throw failure(reason) }
        return number * 1000
    }

    /// A whole number within 32 bits; 0 for anything else.
    fileprivate mutating func integerOrAny() throws(JSONFailure) -> Int64 {
        let text = try skipValue().string
        return Int64(Int32(clamping: Int64(text) ?? 0))
    }
}
