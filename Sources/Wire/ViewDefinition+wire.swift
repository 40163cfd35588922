package import GridModel

// An inline view, a saved view's definition:
// {"filter":[{"column":"c3","op":"equals","value":"x"}],"match":"all","sort":[{"column":"c5","direction":"ascending"}],"find":"text"}
// Only an inline view has "find".

extension ViewDefinition {
    /// Reads an inline view.
    package init(wire bytes: [UInt8]) throws(WireError) {
        self = try WireReader.read(bytes) { (reader) throws(WireError) in try ViewDefinition(&reader) }
    }

    package init(_ reader: inout WireReader) throws(WireError) {
        self.init()
        var view = self
        try reader.object { (name, reader) throws(WireError) in
            if name == "find" {
                view.find = try Self.find(&reader)
            } else if try view.readMember(name, &reader) == false {
                throw reader.unknownMember()
            }
        }
        self = view
    }

    private static func find(_ reader: inout WireReader) throws(WireError) -> String? {
        let text = try reader.string()
        guard text.utf8.count <= Limits.findBytes else {
            throw reader.failure("a text to find has at most \(Limits.findBytes) bytes")
        }
        return text.isEmpty ? nil : text
    }

    /// Reads one member of a view.
    /// - Returns: false when the name is not one of a view's.
    mutating func readMember(_ name: String, _ reader: inout WireReader) throws(WireError) -> Bool {
        switch name {
        case "filter": filter = try reader.list { (reader) throws(WireError) in try Filter(&reader) }
        case "match":
            switch try reader.string() {
            case "all": match = .all
            case "any": match = .any
            default: throw reader.failure("expected \"all\" or \"any\"")
            }
        case "sort": sort = try reader.list { (reader) throws(WireError) in try SortCriterion(&reader) }
        default: return false
        }
        guard filter.count + sort.count <= Limits.criteriaPerView else {
            throw reader.failure("a view has at most \(Limits.criteriaPerView) conditions and sort levels")
        }
        return true
    }

    /// Writes the members of the definition into an open object.
    package func write(to writer: inout WireWriter) {
        writer.arrayMember("filter") { writer in
            for condition in filter { condition.write(to: &writer) }
        }
        writer.member("match", match.rawValue)
        writer.arrayMember("sort") { writer in
            for criterion in sort { writer.object { criterion.writeMembers(to: &$0) } }
        }
        if let find { writer.member("find", find) }
    }

    /// The definition as an object: what the `view` parameter holds.
    package var wire: [UInt8] {
        WireWriter.write { writer in writer.object { write(to: &$0) } }
    }
}

extension Filter {
    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        var column: ColumnID?
        var operation: Operation?
        var values: [CellValue] = []
        var isList = false
        try reader.object { (name, reader) throws(WireError) in
            switch name {
            case "column": column = try reader.identifier(ColumnID.self)
            case "op": operation = try reader.choice(Operation.self)
            case "value":
                if reader.comes("[") {
                    isList = true
                    values = try reader.list { (reader) throws(WireError) in
                        guard let value = try reader.cellValue() else {
                            throw reader.failure("an empty value cannot be one of \"oneOf\"; use \"isEmpty\"")
                        }
                        return value
                    }
                } else if let value = try reader.cellValue() {
                    values = [value]
                }
            default: throw reader.unknownMember()
            }
        }
        guard let column else { throw reader.missing("column") }
        guard var operation else { throw reader.missing("op") }
        // An empty cell equals the empty value, so that "equals nothing" means what it says.
        if values.isEmpty, !isList, operation == .equals { operation = .isEmpty }
        if values.isEmpty, !isList, operation == .notEquals { operation = .isNotEmpty }
        self.init(column: column, operation: operation, values: values)
        try check(isList: isList, reader)
    }

    private func check(isList: Bool, _ reader: WireReader) throws(WireError) {
        switch operation {
        case .isEmpty, .isNotEmpty, .isFailed, .isStale:
            if !values.isEmpty { throw reader.failure("\"\(operation.rawValue)\" takes no value") }
        case .oneOf:
            if !isList { throw reader.failure("\"oneOf\" takes an array of values") }
        case .equals, .notEquals, .contains, .startsWith, .less, .lessOrEqual, .greater, .greaterOrEqual:
            if isList { throw reader.failure("\"\(operation.rawValue)\" takes one value, not an array") }
            if values.isEmpty { throw reader.failure("\"\(operation.rawValue)\" needs a value that is not empty") }
        }
    }

    fileprivate func write(to writer: inout WireWriter) {
        writer.object { writeMembers(to: &$0) }
    }

    /// Writes the members of the condition into an open object.
    package func writeMembers(to writer: inout WireWriter) {
        writer.name("column")
        writer.identifier(column)
        writer.member("op", operation.rawValue)
        switch operation {
        case .isEmpty, .isNotEmpty, .isFailed, .isStale: break
        case .oneOf:
            writer.arrayMember("value") { writer in
                for value in values { writer.json(value.json.utf8) }
            }
        case .equals, .notEquals, .contains, .startsWith, .less, .lessOrEqual, .greater, .greaterOrEqual:
            writer.member("value", cell: values.first)
        }
    }
}

extension SortCriterion {
    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        var column: ColumnID?
        var descending = false
        try reader.object { (name, reader) throws(WireError) in
            switch name {
            case "column": column = try reader.identifier(ColumnID.self)
            case "direction":
                switch try reader.string() {
                case "ascending": descending = false
                case "descending": descending = true
                default: throw reader.failure("expected \"ascending\" or \"descending\"")
                }
            default: throw reader.unknownMember()
            }
        }
        guard let column else { throw reader.missing("column") }
        self.init(column: column, descending: descending)
    }

    /// Writes the members of the level into an open object.
    package func writeMembers(to writer: inout WireWriter) {
        writer.name("column")
        writer.identifier(column)
        writer.member("direction", descending ? "descending" : "ascending")
    }
}
