import Trace

/// A JSON value as a flat list of its objects' members, to compare two states of a store without building either.
struct StateTree {
    struct Node {
        /// `nil`: the outermost value.
        var name: JSONString?
        var value: JSONSlice
        /// An object that has members; everything else, arrays too, is compared as a whole.
        var isObject: Bool
        /// Where the node after this one and all that is in it stands.
        var next: Int
    }

    private(set) var nodes: [Node] = []

    /// Reads the value at the cursor.
    mutating func read(_ cursor: inout JSONCursor) throws(JSONFailure) {
        nodes.removeAll(keepingCapacity: true)
        try node(nil, &cursor, depth: 0)
    }

    private mutating func node(_ name: JSONString?, _ cursor: inout JSONCursor, depth: Int) throws(JSONFailure) {
        let isObject = cursor.peek() == UInt8(ascii: "{")
        let index = nodes.count
        nodes.append(Node(name: name, value: cursor.here, isObject: false, next: 0))
        if isObject, depth < JSONCursor.maximumDepth {
            let start = cursor
            var isFirst = true
            try cursor.beginObject()
            while let name = try cursor.nextMember(&isFirst) {
                try node(name, &cursor, depth: depth + 1)
                nodes[index].isObject = true
            }
            nodes[index].value = cursor.slice(since: start)
        } else {
            nodes[index].value = try cursor.skipValue()
        }
        nodes[index].next = nodes.count
    }

    func isEqual(_ index: Int, _ other: StateTree, _ otherIndex: Int) -> Bool {
        let (a, b) = (nodes[index].value, other.nodes[otherIndex].value)
        return a.count == b.count && ImportedEvents.isEqual(a.bytes, b.bytes)
    }

    /// The members of an object.
    func children(of index: Int) -> [Int] {
        guard nodes[index].isObject else { return [] }
        var children: [Int] = []
        var child = index + 1
        while child < nodes[index].next {
            children.append(child)
            child = nodes[child].next
        }
        return children
    }
}

/// What changed between two states: the paths whose values are not objects.
struct StateChanges {
    struct Change {
        var path: String
        /// `nil`: it is gone.
        var value: JSONSlice?
        /// The last name of the path.
        var name: JSONString?
    }

    /// A state that changes more than this says nothing about what wrote what.
    static let maximumCount = 100_000

    private(set) var changes: [Change] = []

    mutating func compare(_ old: StateTree?, _ new: StateTree) {
        changes.removeAll(keepingCapacity: true)
        guard let old else { return leaves(of: new, 0, "", areGone: false) }
        compare(old, 0, new, 0, "")
    }

    private mutating func compare(_ old: StateTree, _ oldIndex: Int, _ new: StateTree, _ newIndex: Int, _ path: String) {
        guard !new.isEqual(newIndex, old, oldIndex), changes.count < Self.maximumCount else { return }
        guard old.nodes[oldIndex].isObject, new.nodes[newIndex].isObject else {
            if old.nodes[oldIndex].isObject { leaves(of: old, oldIndex, path, areGone: true) }
            leaves(of: new, newIndex, path, areGone: false)
            return
        }
        let before = old.children(of: oldIndex)
        var isKept = [Bool](repeating: false, count: before.count)
        var position = 0
        var byName: [String: Int]?
        for child in new.children(of: newIndex) {
            guard let name = new.nodes[child].name else { continue }
            // Members mostly keep their order.
            if position >= before.count || old.nodes[before[position]].name?.isSame(as: name) != true {
                let positions = byName ?? Self.positions(of: before, old)
                byName = positions
                guard let found = positions[name.string] else {
                    leaves(of: new, child, Self.path(path, name), areGone: false)
                    continue
                }
                position = found
            }
            isKept[position] = true
            // Most members did not change, and need no path.
            if !new.isEqual(child, old, before[position]) {
                compare(old, before[position], new, child, Self.path(path, name))
            }
            position += 1
        }
        for (child, isKept) in zip(before, isKept) where !isKept {
            if let name = old.nodes[child].name { leaves(of: old, child, Self.path(path, name), areGone: true) }
        }
    }

    /// The places of members by their names; of a name that is there twice, the last.
    private static func positions(of members: [Int], _ tree: StateTree) -> [String: Int] {
        Dictionary(members.enumerated().map { (tree.nodes[$0.element].name?.string ?? "", $0.offset) }) { $1 }
    }

    private mutating func leaves(of tree: StateTree, _ index: Int, _ path: String, areGone: Bool) {
        guard changes.count < Self.maximumCount else { return }
        let node = tree.nodes[index]
        guard node.isObject else {
            changes.append(Change(path: path, value: areGone ? nil : node.value, name: node.name))
            return
        }
        for child in tree.children(of: index) {
            if let name = tree.nodes[child].name { leaves(of: tree, child, Self.path(path, name), areGone: areGone) }
        }
    }

    private static func path(_ path: String, _ name: JSONString) -> String {
        let name = name.string
        let part = name.isEmpty || name.contains(".") ? "[\(JSONText.quoted(name))]" : name
        return path.isEmpty ? part : "\(path).\(part)"
    }
}

extension JSONString {
    func isSame(as other: JSONString) -> Bool {
        count == other.count && ImportedEvents.isEqual(raw, other.raw)
    }
}

extension ImportedEvents {
    /// Whether two texts of one length are equal.
    static func isEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        while at + 8 <= a.count {
            guard a.loadUnaligned(fromByteOffset: at, as: UInt64.self) == b.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            else {
                return false
            }
            at += 8
        }
        while at < a.count {
            guard a[at] == b[at] else { return false }
            at += 1
        }
        return true
    }
}
