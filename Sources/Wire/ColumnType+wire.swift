package import GridModel

extension ColumnType {
    /// The type that a message names. "yes/no" and its spellings mean a boolean.
    package init?(wire name: String) {
        switch name {
        case "yes/no", "yesno", "bool": self = .boolean
        default: self.init(rawValue: name)
        }
    }
}

extension WireReader {
    mutating func columnType() throws(WireError) -> ColumnType {
        let name = try string()
        guard let type = ColumnType(wire: name) else {
            throw failure("expected one of text, number, boolean, date, json, found \"\(name.prefix(40))\"")
        }
        return type
    }
}
