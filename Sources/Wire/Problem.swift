package import GridModel

// application/problem+json (RFC 9457):
// {"type":"urn:trueline:problem:cell-changed","title":"...","status":409,"detail":"...","errors":[{"change":0,"row":"r9",...}]}

/// Why a request was refused.
package struct Problem: Error, Hashable, Sendable {
    /// One thing that is wrong, as what finds it: row, column, line, limit, parameter, pointer.
    package struct Fault: Hashable, Sendable {
        package enum Value: Hashable, Sendable {
            case text(String)
            case number(Int)
            /// A cell's value; `nil` is the empty cell.
            case cell(CellValue?)
        }

        package var members: [Member]

        package struct Member: Hashable, Sendable {
            package var name: String
            package var value: Value

            package init(name: String, value: Value) {
                self.name = name
                self.value = value
            }
        }

        package init(_ members: KeyValuePairs<String, Value>) {
            self.members = members.map { Member(name: $0.key, value: $0.value) }
        }

        package subscript(_ name: String) -> Value? {
            members.first { $0.name == name }?.value
        }
    }

    /// The last part of `type`: what a program switches on.
    package var code: String
    package var title: String
    package var status: Int
    /// What happened, with the values, and what to do next.
    package var detail: String
    package var errors: [Fault]
    /// Seconds after which it may be tried again.
    package var retryAfter: Int?
    /// Of a past that is no longer kept: the oldest revision that is.
    package var oldest: Int?

    package static let typePrefix = "urn:trueline:problem:"

    package init(
        _ code: String, _ title: String, status: Int, detail: String, errors: [Fault] = [], retryAfter: Int? = nil,
        oldest: Int? = nil
    ) {
        self.code = code
        self.title = title
        self.status = status
        self.detail = detail
        self.errors = errors
        self.retryAfter = retryAfter
        self.oldest = oldest
    }

    package var wire: [UInt8] {
        WireWriter.write { writer in
            writer.object { writer in
                writer.member("type", Self.typePrefix + code)
                writer.member("title", title)
                writer.member("status", status)
                writer.member("detail", detail)
                if let oldest { writer.member("oldest", oldest) }
                writer.arrayMember("errors") { writer in
                    for fault in errors { fault.write(to: &writer) }
                }
            }
        }
    }

    /// Reads what `wire` makes.
    package init(wire bytes: [UInt8]) throws(WireError) {
        self = try WireReader.read(bytes) { (reader) throws(WireError) in
            var problem = Problem("", "", status: 0, detail: "")
            try reader.object { (member, reader) throws(WireError) in
                switch member {
                case "type":
                    let type = try reader.string()
                    problem.code = type.hasPrefix(Self.typePrefix) ? String(type.dropFirst(Self.typePrefix.count)) : type
                case "title": problem.title = try reader.string()
                case "status": problem.status = try reader.integer(in: 0...999)
                case "detail": problem.detail = try reader.string()
                case "oldest": problem.oldest = try reader.integer(in: 0...Int64.max)
                case "errors": problem.errors = try reader.list { (reader) throws(WireError) in try Fault(&reader) }
                default: _ = try reader.skipValue()
                }
            }
            return problem
        }
    }
}

extension Problem.Fault {
    fileprivate func write(to writer: inout WireWriter) {
        writer.object { writer in
            for member in members {
                writer.name(text: member.name)
                switch member.value {
                case .text(let text): writer.string(text)
                case .number(let number): writer.number(number)
                case .cell(let cell): if let cell { writer.json(cell.json.utf8) } else { writer.null() }
                }
            }
        }
    }

    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        var members: [Member] = []
        try reader.object { (name, reader) throws(WireError) in
            let json = String(decoding: try reader.skipValue(), as: UTF8.self)
            let value: Value
            if json == "null" {
                value = .cell(nil)
            } else if name == "value" {
                value = .cell(CellValue(checkedJSON: json))
            } else if let number = Int(json) {
                value = .number(number)
            } else if json.hasPrefix("\"") {
                value = .text(JSONText.unescape(json.dropFirst().dropLast()))
            } else {
                value = .cell(CellValue(checkedJSON: json))
            }
            members.append(Member(name: name, value: value))
        }
        self.init([:])
        self.members = members
    }
}
