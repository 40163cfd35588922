// A subset of JSON Schema (draft 2020-12) that is checked here and understood by model servers. A keyword outside of it is refused:
// a schema that seems to demand what nobody checks would be worse than none. Checked: type, properties, required,
// additionalProperties (true or false), items, enum, minimum, maximum, minLength, maxLength, minItems, maxItems. Passed on to the
// model as words, and not checked: title, description, $schema.

/// What a JSON document has to look like.
public struct JSONSchema: Hashable, Sendable {
    /// What is wrong with a schema, and where: a JSON pointer into it.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        public var place: String
        public var reason: String

        public var description: String { place.isEmpty ? reason : "\(place): \(reason)" }
    }

    /// Bytes of a schema: it goes along with every question.
    public static let bytes = 8_192
    /// Levels of schemas within each other.
    public static let depth = 10
    /// Properties of all its objects together.
    public static let properties = 200
    /// Values of one `enum`.
    public static let values = 100

    /// As it was written, without white space around it.
    public let source: String
    let root: Node

    /// Reads a schema.
    public init(_ json: some StringProtocol) throws(Failure) {
        var bytes = Array(json.utf8)
        guard bytes.count <= Self.bytes else {
            throw Failure(place: "", reason: "a schema has at most \(Self.bytes) bytes, this one \(bytes.count)")
        }
        let tree: JSONTree
        do {
            bytes = Array(try JSONScanner.check(bytes[...]))
            tree = try JSONTree(bytes)
        } catch {
            throw Failure(place: "", reason: "not JSON: \(error)")
        }
        source = String(decoding: bytes, as: UTF8.self)
        var reader = SchemaReader()
        root = try reader.node(tree, depth: 0)
    }

    public static func == (a: JSONSchema, b: JSONSchema) -> Bool { a.source == b.source }
    public func hash(into hasher: inout Hasher) { hasher.combine(source) }

    /// Whether it leaves nothing open: each object lists all its members and demands them. Some servers hold a model to nothing less.
    public var isClosed: Bool { root.isClosed }

    /// One level of a schema.
    enum Kind: String, Hashable, Sendable, CaseIterable {
        case null, boolean, integer, number, string, array, object
    }

    struct Property: Sendable {
        var name: String
        var node: Node
    }

    final class Node: Sendable {
        let kinds: [Kind]?
        let values: [JSONTree]?
        let properties: [Property]
        let required: [String]
        let allowsOthers: Bool
        let items: Node?
        let numbers: Bounds<JSONNumber>
        let lengths: Bounds<Int>
        let counts: Bounds<Int>

        init(
            kinds: [Kind]?, values: [JSONTree]?, properties: [Property], required: [String], allowsOthers: Bool, items: Node?,
            numbers: Bounds<JSONNumber>, lengths: Bounds<Int>, counts: Bounds<Int>
        ) {
            self.kinds = kinds
            self.values = values
            self.properties = properties
            self.required = required
            self.allowsOthers = allowsOthers
            self.items = items
            self.numbers = numbers
            self.lengths = lengths
            self.counts = counts
        }

        var isClosed: Bool {
            if kinds == nil, values == nil { return false }
            if kinds?.contains(.object) == true {
                guard !allowsOthers, properties.allSatisfy({ required.contains($0.name) && $0.node.isClosed }) else {
                    return false
                }
            }
            return kinds?.contains(.array) != true || items?.isClosed == true
        }
    }

    struct Bounds<Value: Comparable & Sendable>: Sendable {
        var least: Value?
        var most: Value?
    }
}

/// Reads the levels of a schema, knowing where it stands.
private struct SchemaReader {
    typealias Failure = JSONSchema.Failure

    private var path: [String] = []
    private var propertyCount = 0

    init() {}

    private func failure(_ reason: String) -> Failure {
        Failure(place: path.map { "/" + $0 }.joined(), reason: reason)
    }

    /// Does something one step further down.
    private mutating func at<Value>(
        _ step: String, _ body: (inout SchemaReader) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        path.append(step)
        let value = try body(&self)
        path.removeLast()
        return value
    }

    mutating func node(_ tree: JSONTree, depth: Int) throws(Failure) -> JSONSchema.Node {
        guard depth < JSONSchema.depth else { throw failure("schemas nested deeper than \(JSONSchema.depth)") }
        guard case .object(let members) = tree else { throw failure("expected a schema, an object, found \(tree.kind)") }
        var draft = Draft()
        for member in members {
            try at(member.name) { (reader) throws(Failure) in try reader.read(member, into: &draft, depth: depth) }
        }
        for name in draft.required where !draft.properties.contains(where: { $0.name == name }) && !draft.allowsOthers {
            throw failure("\"\(name)\" is required, and no property of that name is allowed")
        }
        return draft.node
    }

    /// What has been read of a level.
    private struct Draft {
        var kinds: [JSONSchema.Kind]?
        var values: [JSONTree]?
        var properties: [JSONSchema.Property] = []
        var required: [String] = []
        var allowsOthers = true
        var items: JSONSchema.Node?
        var numbers = JSONSchema.Bounds<JSONNumber>()
        var lengths = JSONSchema.Bounds<Int>()
        var counts = JSONSchema.Bounds<Int>()

        var node: JSONSchema.Node {
            JSONSchema.Node(
                kinds: kinds, values: values, properties: properties, required: required, allowsOthers: allowsOthers,
                items: items,
                numbers: numbers, lengths: lengths, counts: counts)
        }
    }

    private mutating func read(_ member: JSONTree.Member, into draft: inout Draft, depth: Int) throws(Failure) {
        let value = member.value
        switch member.name {
        case "type": draft.kinds = try kinds(value)
        case "enum": draft.values = try values(value)
        case "properties": draft.properties = try properties(value, depth: depth)
        case "required": draft.required = try names(value)
        case "additionalProperties":
            guard case .boolean(let allows) = value else { throw failure("expected true or false, found \(value.kind)") }
            draft.allowsOthers = allows
        case "items": draft.items = try node(value, depth: depth + 1)
        case "minimum": draft.numbers.least = try number(value)
        case "maximum": draft.numbers.most = try number(value)
        case "minLength": draft.lengths.least = try size(value)
        case "maxLength": draft.lengths.most = try size(value)
        case "minItems": draft.counts.least = try size(value)
        case "maxItems": draft.counts.most = try size(value)
        case "title", "description", "$schema":
            guard case .text = value else { throw failure("expected a text, found \(value.kind)") }
        default: throw failure("\"\(member.name)\" is not a keyword that answers are checked for")
        }
        try checkOrder(of: draft)
    }

    private func checkOrder(of draft: Draft) throws(Failure) {
        func isReversed<Value>(_ bounds: JSONSchema.Bounds<Value>) -> Bool {
            guard let least = bounds.least, let most = bounds.most else { return false }
            return least > most
        }
        if isReversed(draft.numbers) || isReversed(draft.lengths) || isReversed(draft.counts) {
            throw failure("the least is above the most: nothing could fit")
        }
    }

    private func kinds(_ value: JSONTree) throws(Failure) -> [JSONSchema.Kind] {
        let names: [JSONTree] = if case .array(let list) = value { list } else { [value] }
        var kinds: [JSONSchema.Kind] = []
        for name in names {
            guard case .text(let text) = name, let kind = JSONSchema.Kind(rawValue: text) else {
                throw failure("expected one of \(JSONSchema.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            kinds.append(kind)
        }
        guard !kinds.isEmpty else { throw failure("no type is named: nothing could fit") }
        return kinds
    }

    private func values(_ value: JSONTree) throws(Failure) -> [JSONTree] {
        guard case .array(let list) = value else { throw failure("expected an array, found \(value.kind)") }
        guard (1...JSONSchema.values).contains(list.count) else {
            throw failure("expected 1 to \(JSONSchema.values) values, found \(list.count)")
        }
        return list
    }

    private mutating func properties(_ value: JSONTree, depth: Int) throws(Failure) -> [JSONSchema.Property] {
        guard case .object(let members) = value else { throw failure("expected an object, found \(value.kind)") }
        propertyCount += members.count
        guard propertyCount <= JSONSchema.properties else {
            throw failure("a schema has at most \(JSONSchema.properties) properties")
        }
        var properties: [JSONSchema.Property] = []
        for member in members {
            let node = try at(member.name) { (reader) throws(Failure) in try reader.node(member.value, depth: depth + 1) }
            properties.append(.init(name: member.name, node: node))
        }
        return properties
    }

    private func names(_ value: JSONTree) throws(Failure) -> [String] {
        guard case .array(let list) = value else { throw failure("expected an array of names, found \(value.kind)") }
        guard list.count <= JSONSchema.properties else { throw failure("at most \(JSONSchema.properties) names") }
        var names: [String] = []
        for name in list {
            guard case .text(let text) = name else { throw failure("expected a name, found \(name.kind)") }
            names.append(text)
        }
        return names
    }

    private func number(_ value: JSONTree) throws(Failure) -> JSONNumber {
        guard case .number(let number) = value else { throw failure("expected a number, found \(value.kind)") }
        return number
    }

    private func size(_ value: JSONTree) throws(Failure) -> Int {
        guard case .number(let number) = value, let size = number.size else {
            throw failure("expected a whole number from 0 to 1000000, found \(value.kind)")
        }
        return size
    }
}

extension JSONNumber {
    /// As a size: a whole number from 0 to a million.
    fileprivate var size: Int? {
        guard isWhole, self >= JSONNumber("0"), self <= JSONNumber("1000000") else { return nil }
        return Int(wholeText)
    }
}
