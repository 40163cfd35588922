/// What each transaction can have seen: for every session, how many of its transactions come before, by session order and by who read
/// from whom.
struct CausalClocks {
    /// 2^26 entries, 256 MB.
    static let maximalEntries = 1 << 26

    /// The place in its session.
    let sequence: [Int32]
    /// By session, the included operations in order.
    let sessions: [[Int32]]
    private let table: TransactionTable
    private var clocks: [UInt32] = []
    private var width: Int { sessions.count }

    init(_ table: TransactionTable) {
        self.table = table
        var sessions = Array(repeating: [Int32](), count: table.history.processCount)
        var sequence = Array(repeating: Int32(0), count: table.history.count)
        for operation in 0..<table.history.count where table.isIncluded[operation] {
            let session = Int(table.history.sessions[operation])
            sequence[operation] = Int32(truncatingIfNeeded: sessions[session].count)
            sessions[session].append(Int32(truncatingIfNeeded: operation))
        }
        self.sessions = sessions
        self.sequence = sequence
    }

    /// How much `order` would hold.
    var entries: Int { table.history.count * width }

    /// Whether one transaction comes before another.
    func isBefore(_ one: Int, _ other: Int) -> Bool {
        clocks[other * width + Int(table.history.sessions[one])] > UInt32(sequence[one])
    }

    /// How many transactions of a session come before.
    func seen(_ operation: Int, of session: Int) -> Int {
        Int(clocks[operation * width + session])
    }

    /// Fills the clocks in.
    /// - Returns: false when session order and reads make a cycle: there is no before.
    mutating func order() -> Bool {
        let history = table.history
        clocks = Array(repeating: 0, count: entries)
        var waiting = Array(repeating: Int32(0), count: history.count)
        var readers = Array(repeating: [Int32](), count: history.count)
        var ready: [Int32] = []
        var left = 0
        for operation in 0..<history.count where table.isIncluded[operation] {
            left += 1
            waiting[operation] = sequence[operation] > 0 ? 1 : 0
            for read in table.reads(of: operation) where table.reads[read].source >= 0 {
                waiting[operation] += 1
                readers[Int(table.reads[read].source)].append(Int32(truncatingIfNeeded: operation))
            }
            if waiting[operation] == 0 { ready.append(Int32(truncatingIfNeeded: operation)) }
        }
        while let next = ready.popLast() {
            left -= 1
            let operation = Int(next)
            fill(operation)
            let session = sessions[Int(history.sessions[operation])]
            let following = Int(sequence[operation]) + 1
            for later in readers[operation] + (following < session.count ? [session[following]] : []) {
                waiting[Int(later)] -= 1
                if waiting[Int(later)] == 0 { ready.append(later) }
            }
        }
        return left == 0
    }

    private mutating func fill(_ operation: Int) {
        let session = Int(table.history.sessions[operation])
        let place = Int(sequence[operation])
        if place > 0 { take(Int(sessions[session][place - 1]), into: operation) }
        for read in table.reads(of: operation) where table.reads[read].source >= 0 {
            take(Int(table.reads[read].source), into: operation)
        }
    }

    private mutating func take(_ earlier: Int, into operation: Int) {
        let (from, to) = (earlier * width, operation * width)
        for session in 0..<width { clocks[to + session] = max(clocks[to + session], clocks[from + session]) }
        let own = to + Int(table.history.sessions[earlier])
        clocks[own] = max(clocks[own], UInt32(sequence[earlier]) + 1)
    }
}
