/// Linearizability of one register in O(n log n), where no value that was read was written twice (Gibbons and Korach, "Testing
/// shared memories", SIAM Journal on Computing 26, 1997). A cluster is a write and its reads; `firsts` holds for each cluster
/// the first completion, `lasts` the last invocation. Two clusters conflict when each has a completion before an invocation of the
/// other. Positions are counted from 1 here: 0 is the time before the history, when the initial value was written.
struct ZoneTest {
    enum Outcome {
        case valid
        case invalid([HistoryFinding])
        /// A value that was read was written more than once: the test does not apply.
        case notDistinct
    }

    /// Marks a free slot; no value has this code.
    private static let free: Int64 = 3
    private static let never = UInt32.max

    private let history: History
    /// Values to clusters: open addressing, a power of two.
    private var slotCodes: [Int64] = []
    private var slotClusters: [Int32] = []
    private var mask = 0
    /// By cluster; cluster 0 has the initial value and no write, -1.
    private var writes: [Int32] = []
    private var firsts: [UInt32] = []
    private var firstOperations: [Int32] = []
    private var lasts: [UInt32] = []
    private var lastOperations: [Int32] = []
    /// Clusters whose value another write wrote too.
    private var ambiguous: Set<Int32> = []
    private var findings: [HistoryFinding] = []

    init(_ history: History) {
        self.history = history
    }

    /// - Parameter operations: all of one key, in the order of their invocations; reads and writes only.
    mutating func check(_ operations: ArraySlice<Int32>, key: Int) -> Outcome {
        findings = []
        collectWrites(operations)
        guard collectReads(operations, key) else { return .notDistinct }
        findConflicts(key)
        return findings.isEmpty ? .valid : .invalid(findings)
    }

    // MARK: Clusters

    private mutating func collectWrites(_ operations: ArraySlice<Int32>) {
        var count = 1
        for operation in operations where history.kinds[Int(operation)] == .write { count += 1 }
        var size = 16
        while size < count * 2 { size *= 2 }
        mask = size - 1
        slotCodes = Array(repeating: Self.free, count: size)
        slotClusters = Array(repeating: 0, count: size)
        ambiguous.removeAll(keepingCapacity: true)
        (writes, firsts, firstOperations, lasts, lastOperations) = ([-1], [0], [-1], [0], [-1])
        writes.reserveCapacity(count)
        firsts.reserveCapacity(count)
        firstOperations.reserveCapacity(count)
        lasts.reserveCapacity(count)
        lastOperations.reserveCapacity(count)
        insert(.nil, cluster: 0)
        for operation in operations {
            let index = Int(operation)
            guard history.kinds[index] == .write, history.outcomes[index] != .fail else { continue }
            let completed = history.completed[index]
            insert(history.values[index], cluster: Int32(truncatingIfNeeded: writes.count))
            writes.append(operation)
            firsts.append(completed == History.unfinished ? Self.never : completed + 1)
            firstOperations.append(operation)
            lasts.append(history.invoked[index] + 1)
            lastOperations.append(operation)
        }
    }

    @inline(__always)
    private func slot(_ code: Int64) -> Int {
        // Neighbours stay neighbours, so that counters written in turn are found in turn.
        let block = UInt64(bitPattern: code) >> 14
        return Int(truncatingIfNeeded: UInt64(bitPattern: code >> 2) &+ (block &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
    }

    private mutating func insert(_ value: HistoryValue, cluster: Int32) {
        var index = slot(value.code)
        while slotCodes[index] != Self.free {
            if slotCodes[index] == value.code {
                ambiguous.insert(slotClusters[index])
                return
            }
            index = (index + 1) & mask
        }
        slotCodes[index] = value.code
        slotClusters[index] = cluster
    }

    private func cluster(_ value: HistoryValue) -> Int? {
        var index = slot(value.code)
        while slotCodes[index] != Self.free {
            if slotCodes[index] == value.code { return Int(slotClusters[index]) }
            index = (index + 1) & mask
        }
        return nil
    }

    /// - Returns: false when a read cannot be told to be of one write.
    private mutating func collectReads(_ operations: ArraySlice<Int32>, _ key: Int) -> Bool {
        for operation in operations {
            let index = Int(operation)
            guard history.kinds[index] == .read, history.outcomes[index] == .ok else { continue }
            guard let cluster = cluster(history.values[index]) else {
                findings.append(unwritten(index, operations, key))
                continue
            }
            if !ambiguous.isEmpty, ambiguous.contains(Int32(truncatingIfNeeded: cluster)) { return false }
            let invoked = history.invoked[index] + 1
            let completed = history.completed[index] + 1
            let write = Int(writes[cluster])
            if write >= 0, completed < history.invoked[write] + 1 {
                findings.append(early(read: index, write: write, key))
                continue
            }
            if completed < firsts[cluster] {
                firsts[cluster] = completed
                firstOperations[cluster] = operation
            }
            if invoked > lasts[cluster] {
                lasts[cluster] = invoked
                lastOperations[cluster] = operation
            }
        }
        return true
    }

    // MARK: Conflicts

    private mutating func findConflicts(_ key: Int) {
        var forward: [UInt64] = []
        for cluster in writes.indices where firsts[cluster] < lasts[cluster] {
            forward.append(UInt64(firsts[cluster]) << 32 | UInt64(cluster))
        }
        forward.sort()
        var widest = -1
        for packed in forward {
            let cluster = Int(packed & 0xFFFF_FFFF)
            if widest >= 0, firsts[cluster] < lasts[widest] { findings.append(conflict(widest, cluster, key)) }
            if widest < 0 || lasts[cluster] > lasts[widest] { widest = cluster }
        }
        guard !forward.isEmpty else { return }
        for cluster in writes.indices where firsts[cluster] >= lasts[cluster] && lasts[cluster] > 0 {
            guard let candidate = Self.last(of: forward, firstBelow: lasts[cluster]) else { continue }
            if firsts[cluster] < lasts[candidate] { findings.append(conflict(candidate, cluster, key)) }
        }
    }

    /// The last forward zone that begins before a position.
    private static func last(of forward: [UInt64], firstBelow position: UInt32) -> Int? {
        var (low, high) = (0, forward.count)
        while low < high {
            let middle = (low + high) / 2
            if forward[middle] >> 32 < UInt64(position) { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? Int(forward[low - 1] & 0xFFFF_FFFF) : nil
    }

    // MARK: Findings

    private func unwritten(_ read: Int, _ operations: ArraySlice<Int32>, _ key: Int) -> HistoryFinding {
        let value = history.texts.describe(history.values[read])
        let failed = operations.first {
            history.kinds[Int($0)] == .write && history.values[Int($0)] == history.values[read]
        }
        guard let failed else {
            return HistoryFinding(
                anomaly: .unwrittenRead, key: history.keyName(key), operations: [read],
                sentences: ["\(history.named(read)) got a value that nobody wrote."])
        }
        return HistoryFinding(
            anomaly: .unwrittenRead, key: history.keyName(key), operations: [read, Int(failed)].sorted(),
            sentences: [
                "\(history.named(read)) got \(value), which only \(history.named(Int(failed))) tried to write, and failed."
            ])
    }

    private func early(read: Int, write: Int, _ key: Int) -> HistoryFinding {
        HistoryFinding(
            anomaly: .readBeforeWrite, key: history.keyName(key), operations: [read, write].sorted(),
            sentences: [
                "\(history.named(read)) completed before \(history.named(write)) was invoked (line \(history.invocationLine(write)))."
            ])
    }

    private func conflict(_ one: Int, _ other: Int, _ key: Int) -> HistoryFinding {
        var operations: Set<Int> = []
        for (earlier, later) in [(one, other), (other, one)] {
            if writes[earlier] >= 0 { operations.insert(Int(writes[earlier])) }
            // The initial value needs no proof that it came first.
            guard firstOperations[earlier] >= 0 else { continue }
            operations.insert(Int(firstOperations[earlier]))
            operations.insert(Int(lastOperations[later]))
        }
        return HistoryFinding(
            anomaly: .zoneConflict, key: history.keyName(key), operations: operations.sorted(),
            sentences: [before(one, other), before(other, one), "Both cannot be."])
    }

    /// Why one cluster's value came before the other's.
    private func before(_ one: Int, _ other: Int) -> String {
        let (first, last) = (Int(firstOperations[one]), Int(lastOperations[other]))
        let order = "so \(value(one)) was there before \(value(other))"
        guard first >= 0 else { return "Nothing was written before the history began, \(order)." }
        let invocation = history.invocationLine(last)
        return "\(history.named(first)) completed before \(history.named(last)) was invoked (line \(invocation)), \(order)."
    }

    private func value(_ cluster: Int) -> String {
        writes[cluster] < 0 ? "the initial value" : history.texts.describe(history.values[Int(writes[cluster])])
    }
}
