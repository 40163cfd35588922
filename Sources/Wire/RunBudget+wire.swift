package import GridModel

// {"calls":100,"tokens":20000,"cost":1.5}: each may be missing or null, which is no bound. Cost is in the price list's currency.

extension RunBudget {
    init(_ reader: inout WireReader) throws(WireError) {
        self.init()
        if try reader.takeNull() { return }
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "calls": calls = try reader.takeNull() ? nil : UInt64(try reader.integer(in: 1...Int64.max))
            case "tokens": tokens = try reader.takeNull() ? nil : UInt64(try reader.integer(in: 1...Int64.max))
            case "cost":
                if try reader.takeNull() { return cost = nil }
                let number = Double(String(decoding: try reader.skipValue(), as: UTF8.self))
                guard let number, number > 0, number <= 1e9 else {
                    throw reader.failure("a cost is a number above 0, at most 1000000000")
                }
                cost = UInt64(number * 1e9)
            default: throw reader.unknownMember()
            }
        }
    }

    /// Writes an object with the bounds there are.
    package func write(to writer: inout WireWriter) {
        writer.object { writer in
            if let calls { writer.member("calls", Int(clamping: calls)) }
            if let tokens { writer.member("tokens", Int(clamping: tokens)) }
            if let cost {
                writer.name("cost")
                writer.json(String(Double(cost) / 1e9).utf8)
            }
        }
    }

    /// Reads a body that may have a new budget: `{"budget":{...}}`. An empty body has none.
    package static func optional(wire bytes: [UInt8]) throws(WireError) -> RunBudget? {
        guard !bytes.isEmpty else { return nil }
        return try WireReader.read(bytes) { (reader) throws(WireError) in
            var budget: RunBudget?
            try reader.object { (member, reader) throws(WireError) in
                switch member {
                case "budget": budget = try RunBudget(&reader)
                default: throw reader.unknownMember()
                }
            }
            return budget
        }
    }
}
