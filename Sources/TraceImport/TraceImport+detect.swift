import Trace

extension TraceImport {
    /// The format of a file from its first bytes: by the members of the outermost object, never by the file's name.
    /// `nil` when they do not show it.
    package static func detect(_ head: [UInt8]) -> TraceFormat? {
        JSONDocument.with(head[...]) { cursor in
            var cursor = cursor
            switch cursor.peek() {
            case UInt8(ascii: "{"): return try? member(of: &cursor)
            case UInt8(ascii: "["): return try? element(of: &cursor)
            default: return nil
            }
        }
    }

    private static func member(of cursor: inout JSONCursor) throws(JSONFailure) -> TraceFormat? {
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            if name.equals("type"), cursor.peek() == UInt8(ascii: "\""), try cursor.string().equals("trace") {
                return .trueline
            }
            if let format = format(of: name) { return format }
            if cursor.peek() != UInt8(ascii: ",") && cursor.peek() != UInt8(ascii: "}") { try cursor.skipValue() }
        }
        return nil
    }

    private static func format(of name: JSONString) -> TraceFormat? {
        if name.equals("log") { return .har }
        if name.equals("traceEvents") { return .chrome }
        for member: StaticString in ["resourceSpans", "resource_spans", "resourceLogs", "resourceMetrics"]
        where name.equals(member) {
            return .otlp
        }
        for member: StaticString in ["actionsById", "computedStates", "stagedActionIds", "preloadedState", "payload"]
        where name.equals(member) {
            return .redux
        }
        return nil
    }

    /// A bare array: of trace events, or of actions.
    private static func element(of cursor: inout JSONCursor) throws(JSONFailure) -> TraceFormat? {
        var isFirst = true
        try cursor.beginArray()
        guard try cursor.nextElement(&isFirst), cursor.peek() == UInt8(ascii: "{") else { return nil }
        var isFirstMember = true
        var isAction = false
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirstMember) {
            if name.equals("ph") { return .chrome }
            if name.equals("type") { isAction = true }
            try cursor.skipValue()
        }
        return isAction ? .redux : nil
    }
}
