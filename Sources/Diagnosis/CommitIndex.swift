import Trace

/// What stores made durable, by key: for each version of a key when it began to hold, and when the next one replaced it.
///
/// "When" is the transaction's place in its store's program order, so that keys with counters of their own can be compared as well as
/// revisions of a whole store. Commits that follow one another in one process with the same version, intent and different keys are one
/// transaction.
struct CommitIndex: Sendable {
    struct Entry: Sendable {
        var key: Symbol
        var version: TraceVersion
        var event: UInt32
        var store: UInt16
        /// Place of its transaction in its store, from 1.
        var transaction: UInt32
    }

    /// By key, then version, then transaction.
    private(set) var entries: [Entry] = []
    private(set) var aborted: Set<Identity> = []
    /// Processes that commit.
    private(set) var stores: [UInt16] = []
    /// Whether commits name keys; without keys a version is of the whole store.
    private(set) var hasKeys = false
    /// Every commit event with its transaction, in the file's order, for `KnownCommits`.
    private(set) var transactions: [(event: UInt32, transaction: UInt32)] = []

    struct Identity: Sendable, Hashable {
        var key: Symbol
        var version: TraceVersion
    }

    init(_ log: TraceLog, _ causal: CausalOrder) {
        var last: [UInt16: (version: TraceVersion, intent: Symbol, key: Symbol, transaction: UInt32)] = [:]
        for event in 0..<log.count {
            if log.kinds[event] == .abort {
                aborted.insert(Identity(key: log.keys[event], version: log.versions[event]))
            }
            guard log.kinds[event] == .commit else { continue }
            let store = log.processIndices[event]
            var transaction: UInt32 = 1
            if let before = last[store] {
                let isSame =
                    before.version == log.versions[event] && before.intent == log.intents[event]
                    && before.key != log.keys[event]
                transaction = isSame ? before.transaction : before.transaction + 1
            } else {
                stores.append(store)
            }
            last[store] = (log.versions[event], log.intents[event], log.keys[event], transaction)
            hasKeys = hasKeys || !log.keys[event].isNone
            transactions.append((UInt32(event), transaction))
            entries.append(
                Entry(
                    key: log.keys[event], version: log.versions[event], event: UInt32(event), store: store,
                    transaction: transaction))
        }
        entries.sort { ($0.key.raw, $0.version.raw, $0.transaction) < ($1.key.raw, $1.version.raw, $1.transaction) }
    }

    var isEmpty: Bool { entries.isEmpty }

    /// The first commit of a version of a key, or of the whole store when commits name no keys.
    func find(_ key: Symbol, _ version: TraceVersion) -> Entry? {
        let index = lowerBound(key, version)
        if index < entries.count, entries[index].key == key, entries[index].version == version { return entries[index] }
        guard !key.isNone else { return nil }
        return find(.none, version)
    }

    /// The first commit of a key at a version or above it, or of the whole store when commits name no keys.
    func first(_ key: Symbol, from version: TraceVersion) -> Entry? {
        let index = lowerBound(key, version)
        if index < entries.count, entries[index].key == key, entries[index].version.number != nil { return entries[index] }
        return key.isNone ? nil : first(.none, from: version)
    }

    /// Whether a version is from before the first commit that was recorded.
    func isInitial(_ key: Symbol, _ version: TraceVersion) -> Bool {
        guard let number = version.number else { return false }
        let index = lowerBound(key, TraceVersion(number: 0))
        guard index < entries.count, entries[index].key == key else { return key.isNone ? true : isInitial(.none, version) }
        return entries[index].version.number.map { number < $0 } ?? true
    }

    /// The transactions at which a key had a version: from its commit until before the next one.
    func validity(_ key: Symbol, _ version: TraceVersion) -> (store: UInt16, from: UInt32, until: UInt32)? {
        guard version.number != nil else { return nil }
        var index = lowerBound(key, version)
        guard index < entries.count, entries[index].key == key else {
            guard index > 0, entries[index - 1].key == key else { return nil }
            return (entries[index - 1].store, entries[index - 1].transaction, .max)
        }
        guard entries[index].version == version else {
            // Not a version that was committed: it holds since before the first one, or it was never there.
            let isFirst = index == 0 || entries[index - 1].key != key
            return isFirst ? (entries[index].store, 0, entries[index].transaction) : nil
        }
        let found = entries[index]
        while index < entries.count, entries[index].key == key, entries[index].version == version { index += 1 }
        let next = index < entries.count && entries[index].key == key ? entries[index].transaction : .max
        return (found.store, found.transaction, next)
    }

    private func lowerBound(_ key: Symbol, _ version: TraceVersion) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            let entry = entries[middle]
            if (entry.key.raw, entry.version.raw) < (key.raw, version.raw) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The transactions of one store at which several keys can have had their versions together.
    struct Window {
        var store: UInt16?
        var from: UInt32 = 0
        var until: UInt32 = .max
        /// The key that sets the lower end, and the one that sets the upper.
        var newest = Symbol.none
        var oldest = Symbol.none

        /// No transaction at which all of them held.
        var isEmpty: Bool { from >= until }

        mutating func narrow(_ commits: CommitIndex, _ key: Symbol, _ version: TraceVersion) {
            guard !isEmpty, let valid = commits.validity(key, version), store == nil || store == valid.store else { return }
            store = valid.store
            if valid.from > from || newest.isNone {
                from = max(from, valid.from)
                newest = key
            }
            if valid.until < until || oldest.isNone {
                until = min(until, valid.until)
                oldest = key
            }
        }
    }
}

/// Which commits each process can know of, by chains of messages: a clock over the stores only.
struct KnownCommits: Sendable {
    private let storeIndex: [UInt16: Int]
    private let storeCount: Int
    /// Per process and store: the last transaction known.
    private var known: [UInt32]
    /// Per message edge and store, what its sender knew, plus 1; 0 when it never heard of that store. Filled when the sender is passed.
    private var sent: [UInt32]
    private let edges: [CausalOrder.Edge]
    private let byFrom: [UInt32]
    private let transactions: [(event: UInt32, transaction: UInt32)]
    private let processIndices: [UInt16]
    /// Into `transactions`, `edges` and `byFrom`.
    private let commits: EventRanges
    private let incoming: EventRanges
    private let outgoing: EventRanges
    /// Whether any message ever came from the store, directly or not.
    private var hasHeard: [Bool]

    init(_ log: TraceLog, _ causal: CausalOrder, _ commits: CommitIndex) {
        var storeIndex: [UInt16: Int] = [:]
        for store in commits.stores { storeIndex[store] = storeIndex.count }
        self.storeIndex = storeIndex
        storeCount = storeIndex.count
        let isNeeded = storeCount > 0
        let edges = isNeeded ? causal.edges : []
        self.edges = edges
        known = Array(repeating: 0, count: log.processes.count * max(storeCount, 1))
        hasHeard = Array(repeating: false, count: log.processes.count * max(storeCount, 1))
        for (store, index) in storeIndex { hasHeard[Int(store) * storeCount + index] = true }
        sent = Array(repeating: 0, count: edges.count * max(storeCount, 1))
        transactions = commits.transactions
        processIndices = isNeeded ? log.processIndices : []
        let order = edges.indices.sorted { (edges[$0].from, $0) < (edges[$1].from, $1) }
        byFrom = order.map { UInt32($0) }
        self.commits = EventRanges(commits.transactions.count) { commits.transactions[$0].event }
        incoming = EventRanges(edges.count) { edges[$0].to }
        outgoing = EventRanges(order.count) { edges[order[$0]].from }
    }

    /// Before an event's rules: what its messages bring.
    mutating func receive(_ event: Int) {
        guard storeCount > 0 else { return }
        let process = Int(processIndices[event])
        if let range = incoming[event] {
            for edge in range {
                for store in 0..<storeCount {
                    let value = sent[edge * storeCount + store]
                    guard value > 0 else { continue }
                    known[process * storeCount + store] = max(known[process * storeCount + store], value - 1)
                    hasHeard[process * storeCount + store] = true
                }
            }
        }
        if let commit = commits[event]?.lowerBound, let store = storeIndex[processIndices[event]] {
            let transaction = transactions[commit].transaction
            known[process * storeCount + store] = max(known[process * storeCount + store], transaction)
            hasHeard[process * storeCount + store] = true
        }
    }

    /// After an event's rules: what its process knows goes with its messages.
    mutating func send(_ event: Int) {
        guard storeCount > 0, let range = outgoing[event] else { return }
        let process = Int(processIndices[event])
        for index in range {
            for store in 0..<storeCount {
                let entry = process * storeCount + store
                sent[Int(byFrom[index]) * storeCount + store] = hasHeard[entry] ? known[entry] + 1 : 0
            }
        }
    }

    /// Whether a process knows of a store's transaction; `nil` when it never heard of that store at all.
    func knows(_ process: UInt16, _ store: UInt16, _ transaction: UInt32) -> Bool? {
        guard let store = storeIndex[store] else { return nil }
        let index = Int(process) * storeCount + store
        return hasHeard[index] ? known[index] >= transaction : nil
    }
}
