/// The order in which lists grew, from what was read of them (Kingsbury and Alvaro, "Elle", VLDB 2020): each list that was read is a
/// beginning of the longest one.
struct VersionOrder {
    /// Transactions whose appends follow each other, by key.
    private(set) var edges: [(from: Int32, to: Int32, key: Int32)] = []

    init(_ table: inout TransactionTable) {
        let history = table.history
        let longest = table.longest
        let unread = table.unreadAppends
        var broken: Set<Int32> = []
        for list in table.listReads {
            guard let index = longest[list.key] else { continue }
            let whole = table.listReads[index]
            let isBeginning = history.elements[list.first..<list.first + list.count].elementsEqual(
                history.elements[whole.first..<whole.first + list.count])
            if isBeginning { continue }
            broken.insert(list.key)
            table.addCommitted(Self.incompatible(history, list, whole))
        }
        for key in longest.keys.sorted() {
            guard let index = longest[key] else { continue }
            order(table.listReads[index], isBroken: broken.contains(key), unread[key] ?? [], &table)
        }
    }

    private static func incompatible(
        _ history: History, _ one: TransactionTable.ListRead, _ other: TransactionTable.ListRead
    ) -> HistoryFinding {
        let (first, second) = (Int(one.reader), Int(other.reader))
        return HistoryFinding(
            anomaly: .incompatibleOrder, key: history.keyName(Int(one.key)), operations: Set([first, second]).sorted(),
            sentences: [
                "\(history.named(first)) and \(history.named(second)) read lists of which neither is the beginning of the other."
            ])
    }

    private mutating func order(
        _ list: TransactionTable.ListRead, isBroken: Bool, _ unread: [Int32], _ table: inout TransactionTable
    ) {
        let history = table.history
        var seen: Set<HistoryValue> = []
        var last: Int32 = -1
        // The last element was judged when it was read.
        for (offset, element) in history.elements[list.first..<list.first + list.count].enumerated() {
            let isLast = offset == list.count - 1
            guard seen.insert(element).inserted else {
                table.addCommitted(Self.doubled(history, list, element))
                continue
            }
            guard let writer = table.writers[TransactionTable.Place(key: list.key, value: element)] else {
                if !isLast { table.addCommitted(Self.unexplained(history, list, element, nil)) }
                continue
            }
            if history.outcomes[Int(writer.operation)] == .fail {
                if !isLast { table.addCommitted(Self.unexplained(history, list, element, Int(writer.operation))) }
                continue
            }
            if writer.isAmbiguous {
                table.cannotTell(
                    "\(history.short(element)) was appended to \(history.short(history.keys[Int(list.key)])) more than once")
                last = -1
                continue
            }
            if !isBroken, last >= 0, last != writer.operation { edges.append((last, writer.operation, list.key)) }
            last = writer.operation
        }
        guard !isBroken, last >= 0 else { return }
        // Appends that nobody read come after all that were read.
        for writer in unread where writer != last { edges.append((last, writer, list.key)) }
    }

    private static func doubled(
        _ history: History, _ list: TransactionTable.ListRead, _ element: HistoryValue
    ) -> HistoryFinding {
        HistoryFinding(
            anomaly: .duplicateElement, key: history.keyName(Int(list.key)), operations: [Int(list.reader)],
            sentences: ["\(history.named(Int(list.reader))) read a list that holds \(history.short(element)) twice."])
    }

    private static func unexplained(
        _ history: History, _ list: TransactionTable.ListRead, _ element: HistoryValue, _ failed: Int?
    ) -> HistoryFinding {
        let reader = Int(list.reader)
        guard let failed else {
            return HistoryFinding(
                anomaly: .unwrittenRead, key: history.keyName(Int(list.key)), operations: [reader],
                sentences: ["\(history.named(reader)) read a list with \(history.short(element)), which nobody appended."])
        }
        return HistoryFinding(
            anomaly: .abortedRead, key: history.keyName(Int(list.key)), operations: [reader, failed].sorted(),
            sentences: ["\(history.named(reader)) saw \(history.short(element)) of \(history.named(failed)), which failed."])
    }
}

extension TransactionTable {
    /// By key: transactions that certainly appended, and of which nobody read anything of that key.
    fileprivate var unreadAppends: [Int32: [Int32]] {
        var found: [Int32: [Int32]] = [:]
        var read: Set<Place> = []
        for index in longest.values {
            let list = listReads[index]
            for element in history.elements[list.first..<list.first + list.count] {
                read.insert(Place(key: list.key, value: element))
            }
        }
        for operation in 0..<history.count where history.outcomes[operation] == .ok {
            var keys: [Int32: Bool] = [:]
            history.forEachStep(operation) { step in
                guard step.kind == .append else { return }
                keys[step.key] = (keys[step.key] ?? false) || read.contains(Place(key: step.key, value: step.value))
            }
            for key in keys.keys.sorted() where keys[key] == false { found[key, default: []].append(Int32(operation)) }
        }
        return found
    }
}
