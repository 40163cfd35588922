package import GridModel

/// What stands beside a cell's value: `"queued"`, `"running"`, `"stale"`, or with a reason
/// `{"state":"failed","reason":"..."}` and `{"state":"skipped","reason":"..."}`.
public enum CellState: Hashable, Sendable {
    case queued
    case running
    case stale
    case failed(reason: String)
    case skipped(reason: String)

    package init(_ mark: CellMark) {
        switch mark {
        case .stale: self = .stale
        case .failed(let reason): self = .failed(reason: reason)
        case .skipped(let reason): self = .skipped(reason: reason)
        }
    }

    package func write(to writer: inout WireWriter) {
        switch self {
        case .queued: writer.string("queued")
        case .running: writer.string("running")
        case .stale: writer.string("stale")
        case .failed(let reason): Self.write("failed", reason, to: &writer)
        case .skipped(let reason): Self.write("skipped", reason, to: &writer)
        }
    }

    private static func write(_ state: String, _ reason: String, to writer: inout WireWriter) {
        writer.object { writer in
            writer.member("state", state)
            writer.member("reason", reason)
        }
    }

    package init(_ reader: inout WireReader) throws(WireError) {
        var state = ""
        var reason = ""
        if reader.comes("{") {
            try reader.object { (member, reader) throws(WireError) in
                switch member {
                case "state": state = try reader.string()
                case "reason": reason = try reader.string()
                default: _ = try reader.skipValue()
                }
            }
        } else {
            state = try reader.string()
        }
        switch state {
        case "queued": self = .queued
        case "running": self = .running
        case "stale": self = .stale
        case "failed": self = .failed(reason: reason)
        case "skipped": self = .skipped(reason: reason)
        default: throw reader.failure("\"\(state.prefix(40))\" is not a cell's state")
        }
    }
}
