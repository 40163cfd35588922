/// Something in a file that could not be read: where, why, and what to do.
package struct TraceRejection: Sendable, Hashable {
    /// Counted from 1; 0 when the file has no lines (one JSON document).
    package var line: Int
    /// Bytes from the beginning of the file.
    package var offset: Int
    package var reason: String

    package init(line: Int, offset: Int, reason: String) {
        self.line = line
        self.offset = offset
        self.reason = reason
    }

    package var description: String {
        (line > 0 ? "line \(line), " : "") + "byte \(offset): \(reason)"
    }
}

/// What was rejected: all of it counted, the first ones kept.
package struct TraceRejections: Sendable, Hashable {
    /// How many are kept: enough to see the pattern, whatever the file is.
    package static let maximumKept = 1000

    package private(set) var kept: [TraceRejection] = []
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    package mutating func add(_ rejection: TraceRejection) {
        count += 1
        if kept.count < Self.maximumKept { kept.append(rejection) }
    }

    /// Adds those of a part of the file that stands behind so many lines and bytes.
    package mutating func add(_ others: TraceRejections, after line: Int, _ offset: Int) {
        for rejection in others.kept.prefix(max(0, Self.maximumKept - kept.count)) {
            kept.append(
                TraceRejection(line: rejection.line + line, offset: rejection.offset + offset, reason: rejection.reason))
        }
        count += others.count
    }
}
