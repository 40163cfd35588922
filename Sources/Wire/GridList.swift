package import GridModel

// GET /grids: {"grids":[{"id":"...","name":"..."},{"id":"...","damage":"why it cannot be opened"}]}

/// The grids of a server, as its list names them.
package struct GridList: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var id: GridID
        /// Empty when the grid cannot be opened.
        package var name: String
        /// Why the grid cannot be opened.
        package var damage: String?

        package init(id: GridID, name: String, damage: String? = nil) {
            self.id = id
            self.name = name
            self.damage = damage
        }
    }

    package var grids: [Entry]

    /// Reads a list; members that are not known are stepped over.
    package init(wire bytes: [UInt8]) throws(WireError) {
        grids = try WireReader.read(bytes) { (reader) throws(WireError) in
            var grids: [Entry] = []
            try reader.object { (member, reader) throws(WireError) in
                switch member {
                case "grids": grids = try reader.list { (reader) throws(WireError) in try Entry(&reader) }
                default: _ = try reader.skipValue()
                }
            }
            return grids
        }
    }
}

extension GridList.Entry {
    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        var id: GridID?
        var name = ""
        var damage: String?
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "id":
                id = GridID(try reader.string())
                if id == nil { throw reader.failure("not a grid's id") }
            case "name": name = try reader.string()
            case "damage": damage = try reader.takeNull() ? nil : try reader.string()
            default: _ = try reader.skipValue()
            }
        }
        guard let id else { throw reader.missing("id") }
        self.init(id: id, name: name, damage: damage)
    }
}
