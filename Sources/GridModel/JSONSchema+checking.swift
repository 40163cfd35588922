extension JSONSchema {
    /// Says what of a document does not fit, and where, in words for a model and for a person; `nil` when all fits. Takes checked JSON.
    public func violation(of json: String) -> String? {
        let tree: JSONTree
        do {
            tree = try JSONTree(Array(json.utf8))
        } catch {
            return "not JSON: \(error)"
        }
        return root.violation(of: tree, at: "")
    }
}

extension JSONSchema.Node {
    fileprivate func violation(of tree: JSONTree, at place: String) -> String? {
        func found(_ reason: String) -> String { place.isEmpty ? reason : "\(place): \(reason)" }
        if let kinds, !kinds.contains(where: { $0.holds(tree) }) {
            return found("expected \(kinds.map(\.words).joined(separator: " or ")), found \(tree.kind)")
        }
        if let values, !values.contains(tree) { return found("not one of the \(values.count) values allowed") }
        switch tree {
        case .null, .boolean: return nil
        case .number(let number):
            if let least = numbers.least, number < least { return found("below the minimum") }
            if let most = numbers.most, number > most { return found("above the maximum") }
            return nil
        case .text(let text): return objection(to: text.unicodeScalars.count, lengths, "characters").map(found)
        case .array(let values):
            if let objection = objection(to: values.count, counts, "items") { return found(objection) }
            guard let items else { return nil }
            for (index, value) in values.enumerated() {
                if let violation = items.violation(of: value, at: "\(place)/\(index)") { return violation }
            }
            return nil
        case .object(let members): return violation(of: members, at: place)
        }
    }

    private func violation(of members: [JSONTree.Member], at place: String) -> String? {
        for name in required where !members.contains(where: { $0.name == name }) {
            return (place.isEmpty ? "" : "\(place): ") + "\"\(name)\" is missing"
        }
        for member in members {
            let place = "\(place)/\(member.name)"
            guard let property = properties.first(where: { $0.name == member.name }) else {
                if allowsOthers { continue }
                return "\(place): no member of this name is allowed"
            }
            if let violation = property.node.violation(of: member.value, at: place) { return violation }
        }
        return nil
    }

    private func objection(to count: Int, _ bounds: JSONSchema.Bounds<Int>, _ unit: String) -> String? {
        if let least = bounds.least, count < least { return "\(count) \(unit), and at least \(least) are asked for" }
        if let most = bounds.most, count > most { return "\(count) \(unit), and at most \(most) are allowed" }
        return nil
    }
}

extension JSONSchema.Kind {
    fileprivate func holds(_ tree: JSONTree) -> Bool {
        switch (self, tree) {
        case (.null, .null), (.boolean, .boolean), (.number, .number), (.string, .text), (.array, .array), (.object, .object):
            true
        case (.integer, .number(let number)): number.isWhole
        case (.null, _), (.boolean, _), (.integer, _), (.number, _), (.string, _), (.array, _), (.object, _): false
        }
    }

    fileprivate var words: String {
        switch self {
        case .null: "null"
        case .boolean: "true or false"
        case .integer: "a whole number"
        case .number: "a number"
        case .string: "a text"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
