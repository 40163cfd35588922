package import GridModel

/// `{"name":"..."}`: what makes or renames a grid or a sheet.
package struct NameRequest: Hashable, Sendable {
    package var name: String

    package init(name: String) {
        self.name = name
    }

    package init(wire bytes: [UInt8]) throws(WireError) {
        self = try WireReader.read(bytes) { (reader) throws(WireError) in
            var name: String?
            try reader.object { (member, reader) throws(WireError) in
                guard member == "name" else { throw reader.unknownMember() }
                name = try reader.string()
            }
            guard let name else { throw reader.missing("name") }
            return NameRequest(name: name)
        }
    }

    package var wire: [UInt8] {
        WireWriter.write { writer in writer.object { $0.member("name", name) } }
    }
}

/// What makes or changes a column. Members that are absent are left as they are.
///
/// `{"name":"City","type":"text","width":120|null,"agent":{"prompt":"...","model":"..."}|null,"after":"c3"|null}`; instead of
/// `after` also `"before":"c3"` or `"at":"start"|"end"`.
package struct ColumnRequest: Hashable, Sendable {
    package var name: String?
    package var type: ColumnType?
    /// `.some(nil)` takes the width away.
    package var width: UInt16??
    /// `.some(nil)` takes the agent away.
    package var agent: AgentSettings??
    package var position: Position<ColumnID>?

    package init(
        name: String? = nil, type: ColumnType? = nil, width: UInt16?? = nil, agent: AgentSettings?? = nil,
        position: Position<ColumnID>? = nil
    ) {
        self.name = name
        self.type = type
        self.width = width
        self.agent = agent
        self.position = position
    }

    package init(wire bytes: [UInt8]) throws(WireError) {
        self = try WireReader.read(bytes) { (reader) throws(WireError) in
            var request = ColumnRequest()
            try reader.object { (member, reader) throws(WireError) in
                switch member {
                case "name": request.name = try reader.string()
                case "type": request.type = try reader.columnType()
                case "width":
                    request.width = .some(
                        try reader.takeNull() ? nil : UInt16(try reader.integer(in: 1...Int64(UInt16.max))))
                case "agent": request.agent = .some(try reader.takeNull() ? nil : try AgentSettings(&reader))
                default:
                    guard try reader.readPosition(member, into: &request.position) else { throw reader.unknownMember() }
                }
            }
            return request
        }
    }

    package var wire: [UInt8] {
        WireWriter.write { writer in
            writer.object { writer in
                if let name { writer.member("name", name) }
                if let type { writer.member("type", type.rawValue) }
                if let width {
                    writer.name("width")
                    if let width { writer.number(width) } else { writer.null() }
                }
                if let agent {
                    writer.name("agent")
                    if let agent { agent.write(to: &writer) } else { writer.null() }
                }
                if let position { writer.position(position) }
            }
        }
    }
}

/// What makes or changes a saved view: `{"name":"...","filter":[...],"match":"all","sort":[...]}`. In a change, members that
/// are absent are left as they are.
package struct ViewRequest: Hashable, Sendable {
    package var name: String?
    package var filter: [Filter]?
    package var match: ViewDefinition.Match?
    package var sort: [SortCriterion]?

    package init(name: String? = nil, definition: ViewDefinition? = nil) {
        self.name = name
        filter = definition?.filter
        match = definition?.match
        sort = definition?.sort
    }

    package init(wire bytes: [UInt8]) throws(WireError) {
        self = try WireReader.read(bytes) { (reader) throws(WireError) in
            var request = ViewRequest()
            try reader.object { (member, reader) throws(WireError) in
                if member == "name" {
                    request.name = try reader.string()
                    return
                }
                var definition = ViewDefinition()
                guard try definition.readMember(member, &reader) else { throw reader.unknownMember() }
                switch member {
                case "filter": request.filter = definition.filter
                case "match": request.match = definition.match
                default: request.sort = definition.sort
                }
            }
            return request
        }
    }

    /// The definition with this request's members over those of `base`.
    package func definition(over base: ViewDefinition = ViewDefinition()) -> ViewDefinition {
        ViewDefinition(filter: filter ?? base.filter, match: match ?? base.match, sort: sort ?? base.sort)
    }

    package var wire: [UInt8] {
        WireWriter.write { writer in
            writer.object { writer in
                if let name { writer.member("name", name) }
                definition().write(to: &writer)
            }
        }
    }
}

extension WireReader {
    /// Reads `after`, `before` or `at` into a position.
    /// - Returns: false when the name is none of these.
    mutating func readPosition<ID: NumberedIdentifier>(
        _ member: String, into position: inout Position<ID>?
    ) throws(WireError) -> Bool {
        guard member == "after" || member == "before" || member == "at" else { return false }
        if position != nil { throw failure("only one of \"after\", \"before\" and \"at\" can say where") }
        switch member {
        case "after": position = try takeNull() ? .first : .after(try identifier(ID.self))
        case "before": position = try takeNull() ? .last : .before(try identifier(ID.self))
        default:
            switch try string() {
            case "start": position = .first
            case "end": position = .last
            default: throw failure("expected \"start\" or \"end\"")
            }
        }
        return true
    }
}

extension WireWriter {
    mutating func position<ID: NumberedIdentifier>(_ position: Position<ID>) {
        switch position {
        case .first: member("at", "start")
        case .last: member("at", "end")
        case .before(let id):
            name("before")
            identifier(id)
        case .after(let id):
            name("after")
            identifier(id)
        }
    }
}
