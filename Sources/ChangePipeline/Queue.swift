/// First in, first out, in constant time on average.
struct Queue<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { head == elements.count }
    var first: Element? { isEmpty ? nil : elements[head] }
    var last: Element? { isEmpty ? nil : elements[elements.count - 1] }

    func forEach(_ body: (Element) -> Void) {
        for element in elements[head...] {
            if let element { body(element) }
        }
    }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    /// Puts another element in the place of the last one, if there is one.
    mutating func replaceLast(_ element: Element) {
        if !isEmpty { elements[elements.count - 1] = element }
    }

    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = elements[head]
        elements[head] = nil
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: elements.capacity <= 1_024)
            head = 0
        } else if head >= 1_024, head * 2 >= elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }
}

extension Queue: Sendable where Element: Sendable {}
