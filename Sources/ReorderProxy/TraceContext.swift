import MessageFraming

/// The names of a request in traces (https://www.w3.org/TR/trace-context/).
struct TraceContext {
    /// 16 hexadecimal digits.
    let span: String
    let header: String
    /// The page gave them: its recorder writes down the rest.
    let isGiven: Bool

    init(_ head: RequestHead, random: () -> UInt64) {
        if let given = head.fields.first("traceparent"), let span = Self.span(given) {
            self.span = span
            header = given
            isGiven = true
            return
        }
        span = Self.hex(random())
        header = "00-\(Self.hex(random()))\(Self.hex(random()))-\(span)-01"
        isGiven = false
    }

    private static func span(_ header: String) -> String? {
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "00", parts[1].count == 32, parts[2].count == 16,
            (parts[1] + parts[2]).utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        return String(parts[2])
    }

    private static func hex(_ number: UInt64) -> String {
        // All zeros is no id.
        let digits = String(max(number, 1), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
