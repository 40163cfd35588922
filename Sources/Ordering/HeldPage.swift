/// A page the host holds, without its values: where in time it is true.
///
/// Its content equals the snapshots `from` to `through`, every one of them. Signals that do not touch it carry `through` on;
/// the first that does, or a hole before it, ends that. So a page is out of date exactly when `through` is behind the
/// frontier, and pages fit together exactly when their intervals share a snapshot (C4). No other flag is needed.
struct HeldPage: Hashable, Sendable {
    let page: PageNumber
    /// Identifies the content; a new one with every `apply`.
    var version: UInt32
    var from: Revision
    var through: Revision
    var members: Members
    var totalRows: UInt32
    var totalPages: UInt32
    /// A signal is known to have touched it after `through`.
    var touched = false
    /// When it was last in view, counted in viewport events.
    var lastSeen: UInt32

    func holds(at revision: Revision) -> Bool { from <= revision && revision <= through }

    /// Takes a signal in. Returns whether it touched the page.
    mutating func observe(_ signal: Signal, concern: Concern) -> Bool {
        if signal.revision <= through { return false }
        if signal.touches(members, concern) {
            touched = true
            return true
        }
        if signal.from <= through.next { through = signal.revision }
        return false
    }
}

/// The pages held, by number. An array, because it is small and its order must not depend on a hash seed.
struct PageCache: Hashable, Sendable {
    private(set) var entries: [HeldPage] = []

    var count: Int { entries.count }

    /// The entry's place, or where it would be.
    private func place(of page: PageNumber) -> (index: Int, found: Bool) {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = low + (high - low) / 2
            if entries[middle].page < page { low = middle + 1 } else { high = middle }
        }
        return (low, low < entries.count && entries[low].page == page)
    }

    subscript(page: PageNumber) -> HeldPage? {
        get {
            let (index, found) = place(of: page)
            return found ? entries[index] : nil
        }
        set {
            let (index, found) = place(of: page)
            switch (newValue, found) {
            case (let entry?, true): entries[index] = entry
            case (let entry?, false): entries.insert(entry, at: index)
            case (nil, true): entries.remove(at: index)
            case (nil, false): break
            }
        }
    }

    mutating func update(_ body: (inout HeldPage) -> Void) {
        for index in entries.indices { body(&entries[index]) }
    }

    mutating func removeAll() { entries.removeAll() }
}
