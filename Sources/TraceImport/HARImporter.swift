import Trace

// HAR 1.2: one JSON document, log.entries[]. An entry is a request with its response. Entries stand in any order; `time` may be
// missing, then it is the sum of the timings that are not -1 (`ssl` is part of `connect`); aborted entries have status 0 or -1;
// redirects and preflights are entries of their own. There is no identity: method, URL, body and ordinal make one.

/// Reads an HTTP Archive.
struct HARImporter {
    static let limits = [
        "A HAR records no writes of state: whether a late response overwrote a newer one cannot be concluded, only that it could have "
            + "(missing: write).",
        "A HAR does not say what was asked for: requests with the same method and URL without its query count as one slot "
            + "(missing: intent, slot).",
        "A HAR records no cancellation that came too late and no guard: a response that the application threw away looks like one it "
            + "used (missing: cancel, deliver).",
        "The bodies of responses are kept as digests: equal or not is known, what they said is not.",
    ]

    /// An entry's parts, in the order in which they are needed.
    private struct Entry {
        var started: Int64?
        var milliseconds: Int64?
        var timings: Int64 = 0
        var hasTimings = false
        var method: JSONString?
        var url: JSONString?
        var body: JSONString?
        var status: Int64?
        var error: JSONString?
        var redirect: JSONString?
        var content: JSONString?
        var type: JSONString?
        var isPreflight = false
    }

    private var events = ImportedEvents()
    private var browser = Symbol.none
    private var ordinals: [Symbol: Int] = [:]
    /// Redirects that were answered, by where they lead.
    private var redirects: [Symbol: (event: Symbol, time: Int64)] = [:]
    private let entryNames = JSONNameTable(["startedDateTime", "time", "request", "response", "timings", "_resourceType"])
    private let messageNames = JSONNameTable([
        "method", "url", "headers", "cookies", "postData", "status", "content", "redirectURL", "_error", "text",
        "_failureText",
    ])

    static func read(_ cursor: JSONCursor) -> ImportedTrace {
        var importer = HARImporter()
        importer.browser = importer.events.intern("browser")
        importer.events.log.declareProcess(importer.browser, role: .browser, clock: .none)
        var cursor = cursor
        do throws(JSONFailure) {
            try importer.document(&cursor)
            try cursor.finish()
        } catch {
            importer.events.reject(error)
        }
        return importer.events.finish(.har, limits: limits)
    }

    private mutating func document(_ cursor: inout JSONCursor) throws(JSONFailure) {
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            guard name.equals("log") else {
                try cursor.skipValue()
                continue
            }
            var isFirst = true
            try cursor.beginObject()
            while let name = try cursor.nextMember(&isFirst) {
                guard name.equals("entries") else {
                    try cursor.skipValue()
                    continue
                }
                var isFirst = true
                try cursor.beginArray()
                while try cursor.nextElement(&isFirst) { try element(&cursor) }
            }
        }
    }

    /// Reads one entry; one that is not understood is rejected, and the next one is read.
    private mutating func element(_ cursor: inout JSONCursor) throws(JSONFailure) {
        var again = cursor
        do throws(JSONFailure) {
            var entry = Entry()
            try read(&entry, &cursor)
            guard entry.method != nil else { throw again.failure("an entry without request.method") }
            guard entry.url != nil else { throw again.failure("an entry without request.url") }
            guard entry.started != nil else { throw again.failure("an entry without startedDateTime") }
            add(entry)
        } catch {
            events.dropPending()
            try again.skipValue()
            events.reject(error)
            cursor = again
        }
    }

    private mutating func read(_ entry: inout Entry, _ cursor: inout JSONCursor) throws(JSONFailure) {
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            switch entryNames.index(of: name) {
            case 0:
                entry.started = ISOTime.nanoseconds(try cursor.string("startedDateTime must be a text").raw)
                if entry.started == nil { throw cursor.failure("startedDateTime is not a date and time of ISO 8601") }
            case 1:
                let time = try cursor.takeNull() ? -1 : try cursor.scaled(by: 6, "time must be a number of milliseconds")
                if time >= 0 { entry.milliseconds = time }
            case 2: try request(&entry, &cursor)
            case 3: try response(&entry, &cursor)
            case 4: try timings(&entry, &cursor)
            case 5 where cursor.peek() == UInt8(ascii: "\""): entry.type = try cursor.string()
            default: try cursor.skipValue()
            }
        }
    }

    private func timings(_ entry: inout Entry, _ cursor: inout JSONCursor) throws(JSONFailure) {
        guard cursor.peek() == UInt8(ascii: "{") else {
            try cursor.skipValue()
            return
        }
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            let byte = cursor.peek()
            // Names with an underscore are a tool's own; ssl is part of connect.
            guard byte &- UInt8(ascii: "0") < 10, name.raw.first != UInt8(ascii: "_"), !name.equals("ssl") else {
                try cursor.skipValue()
                continue
            }
            entry.timings += min(try cursor.scaled(by: 6, "a timing must be a number"), JSONCursor.maximumTime / 64)
            entry.hasTimings = true
            if entry.timings > JSONCursor.maximumTime { throw cursor.failure("the timings are too large") }
        }
    }

    private mutating func request(_ entry: inout Entry, _ cursor: inout JSONCursor) throws(JSONFailure) {
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            switch messageNames.index(of: name) {
            case 0: entry.method = try cursor.string("request.method must be a text")
            case 1: entry.url = try cursor.string("request.url must be a text")
            case 2: try headers(&entry, &cursor, areCookies: false)
            case 3: try headers(&entry, &cursor, areCookies: true)
            case 4: entry.body = try text(in: &cursor)
            default: try cursor.skipValue()
            }
        }
    }

    private mutating func response(_ entry: inout Entry, _ cursor: inout JSONCursor) throws(JSONFailure) {
        guard cursor.peek() == UInt8(ascii: "{") else {
            try cursor.skipValue()
            return
        }
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            switch messageNames.index(of: name) {
            case 2: try headers(&entry, &cursor, areCookies: false)
            case 3: try headers(&entry, &cursor, areCookies: true)
            case 5: entry.status = try cursor.takeNull() ? nil : try cursor.integer("response.status must be a whole number")
            case 6: entry.content = try text(in: &cursor)
            case 7 where cursor.peek() == UInt8(ascii: "\""): entry.redirect = try cursor.string()
            case 8 where cursor.peek() == UInt8(ascii: "\""), 10 where cursor.peek() == UInt8(ascii: "\""):
                entry.error = try cursor.string()
            default: try cursor.skipValue()
            }
        }
    }

    /// The `text` of `postData` or `content`.
    private func text(in cursor: inout JSONCursor) throws(JSONFailure) -> JSONString? {
        guard cursor.peek() == UInt8(ascii: "{") else {
            try cursor.skipValue()
            return nil
        }
        var found: JSONString?
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            if messageNames.index(of: name) == 9, cursor.peek() == UInt8(ascii: "\"") {
                found = try cursor.string()
            } else {
                try cursor.skipValue()
            }
        }
        return found
    }

    /// Reads headers or cookies only to learn what must not be kept.
    private mutating func headers(
        _ entry: inout Entry, _ cursor: inout JSONCursor, areCookies: Bool
    ) throws(JSONFailure) {
        guard cursor.peek() == UInt8(ascii: "[") else {
            try cursor.skipValue()
            return
        }
        var isFirst = true
        try cursor.beginArray()
        while try cursor.nextElement(&isFirst) {
            var name: JSONString?
            var value: JSONString?
            var isFirst = true
            try cursor.beginObject()
            while let member = try cursor.nextMember(&isFirst) {
                guard cursor.peek() == UInt8(ascii: "\"") else {
                    try cursor.skipValue()
                    continue
                }
                let text = try cursor.string()
                if member.equals("name") { name = text }
                if member.equals("value") { value = text }
            }
            guard let name, let value else { continue }
            if areCookies || Redactor.isTelling(name.raw) { events.redactor.add(value) }
            if name.count == 29, name.string.lowercased() == "access-control-request-method" { entry.isPreflight = true }
        }
    }

    // MARK: Mapping

    private mutating func add(_ entry: Entry) {
        guard let started = entry.started, let method = entry.method, let url = entry.url else { return }
        let address = events.redactor.url(url.raw) ?? Array(url.raw)
        address.withUnsafeBytes { address in
            let key = events.request(method: method.raw, url: address, body: entry.body)
            let ordinal = ordinals[key, default: 0] + 1
            ordinals[key] = ordinal
            let request = events.intern("\(events.log.text(key)) #\(ordinal)")
            let arguments = events.arguments(url: address, body: entry.body.map { ImportedEvents.digest($0.raw) })
            let slot = events.slot(method: method.raw, url: address)
            let target = events.intern(String(decoding: address, as: UTF8.self))

            var start = TraceLog.Row(.start)
            start.process = browser
            (start.request, start.slot, start.arguments, start.time) = (request, slot, arguments, started)
            start.label = events.intern(entry.isPreflight ? "preflight" : entry.type?.string ?? "")
            events.attribute("method", method.string)
            events.attribute("url", String(decoding: address, as: UTF8.self))
            if let redirect = redirects.removeValue(forKey: target) {
                events.edge(from: redirect.event, .message, .structural)
                // Starts are rounded to milliseconds, durations are not.
                start.time = max(start.time, redirect.time)
            }
            events.add(start)

            let isAborted = entry.error.map { $0.string.contains("ABORTED") } ?? false
            var end = TraceLog.Row(isAborted ? .cancel : .arrive)
            end.process = browser
            (end.request, end.slot, end.arguments) = (request, slot, arguments)
            end.time = start.time + (entry.milliseconds ?? entry.timings)
            addEnd(end, entry, url: address)
        }
    }

    private mutating func addEnd(_ row: TraceLog.Row, _ entry: Entry, url: UnsafeRawBufferPointer) {
        var row = row
        // An entry that was still under way has neither a duration nor a status.
        if entry.milliseconds == nil, !entry.hasTimings, (entry.status ?? 0) <= 0, entry.error == nil { return }
        if let status = entry.status, row.kind == .arrive {
            row.number = max(status, 0)
            row.flags.insert(.numbered)
        }
        if let error = entry.error {
            events.attribute("error", error.string)
        } else if (entry.status ?? 0) <= 0 {
            events.attribute("error", "no status")
        }
        if let redirect = entry.redirect, redirect.count > 0 {
            row.id = events.intern("redirect of \(events.log.text(row.request))")
            let target = Self.resolve(redirect.string, against: url)
            let cleaned = Array(target.utf8).withUnsafeBytes { events.redactor.url($0) }.map {
                String(decoding: $0, as: UTF8.self)
            }
            redirects[events.intern(cleaned ?? target)] = (row.id, row.time)
            events.attribute("redirect", cleaned ?? target)
        }
        events.add(row, value: entry.content.map { events.digestValue($0) } ?? .none)
    }

    /// A redirect's target that begins with the path belongs to the host of the request.
    private static func resolve(_ target: String, against url: UnsafeRawBufferPointer) -> String {
        guard target.hasPrefix("/"), !target.hasPrefix("//") else { return target }
        let url = String(decoding: url, as: UTF8.self)
        guard let scheme = url.firstRange(of: "://") else { return target }
        return url[..<scheme.upperBound] + url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" } + target
    }
}

extension ImportedEvents {
    /// Method, URL and body: what makes two requests the same.
    fileprivate mutating func request(method: UnsafeRawBufferPointer, url: UnsafeRawBufferPointer, body: JSONString?) -> Symbol
    {
        let hash = body.map { " \(String(Self.digest($0.raw) & 0xFFFF_FFFF, radix: 16))" } ?? ""
        return intern(String(decoding: method, as: UTF8.self) + " " + String(decoding: url, as: UTF8.self) + hash)
    }
}
