import Trace

/// Traces for tests, one event a line: a type, then `member=value` words. A value that begins with a digit, `{`, `[`, `"`, `true` or `false` is
/// JSON as it stands; anything else is a text. Events without an id are named by their line, the first one being `L2`.
enum TraceText {
    static func json(_ text: String) -> String {
        var lines = [#"{"type":"trace","version":1,"recorder":"test"}"#]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let type = words.first else { continue }
            var members = ["\"type\":\"\(type)\""]
            for word in words.dropFirst() {
                let parts = word.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, let first = parts[1].first else { continue }
                let isJSON = "0123456789{[\"".contains(first) || parts[1] == "true" || parts[1] == "false"
                members.append("\"\(parts[0])\":" + (isJSON ? String(parts[1]) : "\"\(parts[1])\""))
            }
            lines.append("{" + members.joined(separator: ",") + "}")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func log(_ text: String) -> TraceLog {
        let reading = TraceReader.read(Array(json(text).utf8))
        precondition(reading.rejections.count == 0, "the test's trace is wrong: \(reading.rejections)")
        return reading.log
    }
}
