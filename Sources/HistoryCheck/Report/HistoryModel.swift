/// What the operations of a history work on.
package enum HistoryModel: String, Sendable, CaseIterable {
    /// A register a key: read and write, or transactions of them.
    case register
    /// A register a key that can compare and set, too.
    case casRegister = "cas-register"
    /// A list a key: transactions that append and read.
    case listAppend = "list-append"
    /// A text a key: get, put and append.
    case kvAppend = "kv-append"

    var kinds: OperationKinds {
        switch self {
        case .register: OperationKinds(.read, .write, .transaction)
        case .casRegister: OperationKinds(.read, .write, .cas)
        case .listAppend: OperationKinds(.transaction)
        case .kvAppend: OperationKinds(.get, .put, .append)
        }
    }

    /// The model that a history's operations belong to; `nil` when there is none.
    package init?(of history: History) {
        let fitting = Self.allCases.first { $0.fits(history) }
        guard let fitting else { return nil }
        self = fitting
    }

    /// Whether all operations of the history belong to the model.
    package func fits(_ history: History) -> Bool {
        guard history.present.isSubset(of: kinds) else { return false }
        switch self {
        case .register: return !history.hasAppendSteps && !history.hasListReads
        case .listAppend: return !history.hasWriteSteps
        case .casRegister, .kvAppend: return true
        }
    }
}
