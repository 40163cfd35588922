/// The contents that a text or list can have: beginnings of what was read, as the nodes of a tree, and one more, `unread`, for all
/// others. What an unread content is does not matter: what follows it by appending was not read either.
struct AppendedContent {
    /// The content that nobody read.
    static let unread = Int32.max
    /// The empty content.
    static let empty: Int32 = 0

    private struct Edge: Hashable {
        var node: Int32
        var element: Int64
    }

    private var children: [Edge: Int32] = [:]
    private var parents: [Int32] = [-1]
    private var depths: [Int32] = [0]
    private var pieces: [[Int64]] = []
    private var steps: [UInt64: Int32] = [:]

    /// Adds a content that was read.
    mutating func insert(_ content: [Int64]) -> Int32 {
        var node = Self.empty
        for element in content {
            let edge = Edge(node: node, element: element)
            if let child = children[edge] {
                node = child
                continue
            }
            let child = Int32(truncatingIfNeeded: parents.count)
            children[edge] = child
            parents.append(node)
            depths.append(depths[Int(node)] + 1)
            node = child
        }
        return node
    }

    /// The number of a content, once all that were read are in.
    func number(of content: [Int64]) -> Int32 { walk(from: Self.empty, content) }

    private func walk(from start: Int32, _ added: [Int64]) -> Int32 {
        var node = start
        for element in added {
            guard node != Self.unread, let child = children[Edge(node: node, element: element)] else { return Self.unread }
            node = child
        }
        return node
    }

    mutating func addPiece(_ piece: [Int64]) -> Int32 {
        pieces.append(piece)
        return Int32(truncatingIfNeeded: pieces.count - 1)
    }

    /// The content with a piece added.
    mutating func appending(_ piece: Int32, to state: Int32) -> Int32 {
        guard state != Self.unread else { return state }
        let step = UInt64(UInt32(bitPattern: state)) << 32 | UInt64(UInt32(bitPattern: piece))
        if let known = steps[step] { return known }
        let number = walk(from: state, pieces[Int(piece)])
        steps[step] = number
        return number
    }

    /// Whether one content is the beginning of another.
    func begins(_ target: Int32, with state: Int32) -> Bool {
        guard state != Self.unread, target >= 0 else { return false }
        var node = target
        while depths[Int(node)] > depths[Int(state)] { node = parents[Int(node)] }
        return node == state
    }
}
