/// What came together, and the order in which it goes.
struct BatchBook: Hashable, Sendable {
    /// `nil`: the other way round.
    let seed: UInt64?
    private var order: [HoldID] = []
    /// How many orders of the same things were tried.
    private var tried: [[String]: UInt64] = [:]

    init(seed: UInt64?) {
        self.seed = seed
    }

    var isEmpty: Bool { order.isEmpty }
    var next: HoldID? { order.first }

    mutating func done(_ hold: HoldID) { order.removeAll { $0 == hold } }
    mutating func ended(_ id: ExchangeID) { order.removeAll { $0.exchange == id } }

    /// Takes what is held as one batch.
    /// - Parameter holds: in the order in which they came.
    mutating func begin(_ holds: [HoldID], identity: (ExchangeID) -> (RequestIdentity, nth: Int)?) {
        guard let seed else {
            order = Self.inStreamOrder(holds.sorted().reversed())
            return
        }
        let names = holds.map { hold in
            "\(identity(hold.exchange)?.0.text ?? "") \(hold.message)"
        }.sorted()
        let number = tried[names, default: 0]
        tried[names] = number &+ 1
        order = Self.inStreamOrder(OrderNumber.arrangement(of: holds.sorted(), number: number, seed: seed))
    }

    /// The messages of one stream keep their order, in the places that they have among the others.
    private static func inStreamOrder(_ holds: [HoldID]) -> [HoldID] {
        var messages: [ExchangeID: [HoldID]] = [:]
        for hold in holds.sorted().reversed() { messages[hold.exchange, default: []].append(hold) }
        return holds.compactMap { messages[$0.exchange]?.popLast() }
    }
}

/// Orders by number: each number below the factorial another order, each seed another sequence of them.
enum OrderNumber {
    /// - Parameter number: of the try; after all orders were had they come again.
    static func arrangement<Element>(of elements: [Element], number: UInt64, seed: UInt64) -> [Element] {
        // Of more than twenty elements the number of orders does not fit: those behind keep their places.
        let count = min(elements.count, 20)
        let total = (1...max(count, 1)).reduce(UInt64(1)) { $0 * UInt64($1) }
        // An affine walk modulo the number of orders, with a step that shares no factor with it, comes by each once.
        let start = mixed(seed) % total
        var stride = mixed(seed &+ 1) % total | 1
        while gcd(stride, total) != 1 { stride += 2 }
        let (high, low) = (number % total).multipliedFullWidth(by: stride % total)
        let walked = total.dividingFullWidth((high, low)).remainder
        var code = (walked + start) % total
        var left = Array(elements.prefix(count))
        var order: [Element] = []
        for size in Swift.stride(from: count, to: 0, by: -1) {
            let (index, rest) = (code / factorial(size - 1), code % factorial(size - 1))
            order.append(left.remove(at: Int(index)))
            code = rest
        }
        return order + elements.dropFirst(count)
    }

    private static func factorial(_ count: Int) -> UInt64 {
        count <= 1 ? 1 : (2...count).reduce(UInt64(1)) { $0 * UInt64($1) }
    }

    private static func gcd(_ first: UInt64, _ second: UInt64) -> UInt64 {
        second == 0 ? first : gcd(second, first % second)
    }

    /// SplitMix64's finisher (Steele, Lea and Flood 2014).
    static func mixed(_ number: UInt64) -> UInt64 {
        var mixed = number &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
