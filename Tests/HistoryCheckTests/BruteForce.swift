/// Linearizability by definition, for a handful of operations: tries every order. Shares nothing with what it judges.
struct BruteForce {
    struct Operation {
        enum Effect {
            case read(Int?)
            case differs(Int?)
            case write(Int)
            case cas(Int, Int)
        }

        var effect: Effect
        var invoked: Int
        /// `nil`: it may have happened at any time after, or never.
        var completed: Int?
    }

    static func isLinearizable(_ operations: [Operation]) -> Bool {
        explains(operations, value: nil)
    }

    private static func explains(_ left: [Operation], value: Int?) -> Bool {
        if left.allSatisfy({ $0.completed == nil }) { return true }
        for index in left.indices {
            let candidate = left[index]
            let mayBeNext = left.allSatisfy { other in other.completed.map { candidate.invoked < $0 } ?? true }
            guard mayBeNext else { continue }
            var rest = left
            rest.remove(at: index)
            switch candidate.effect {
            case .read(let seen): if seen == value, explains(rest, value: value) { return true }
            case .differs(let other): if other != value, explains(rest, value: value) { return true }
            case .write(let new): if explains(rest, value: new) { return true }
            case .cas(let old, let new): if old == value, explains(rest, value: new) { return true }
            }
        }
        return false
    }
}
