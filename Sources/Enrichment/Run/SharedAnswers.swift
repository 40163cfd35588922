import Synchronization

/// The answers of one run by question: rows with equal inputs cost one call. A question that is being asked is not asked beside
/// that; the run sets the row aside meanwhile.
final class SharedAnswers: Sendable {
    /// Questions kept; further ones are asked for each row.
    static let questions = 20_000
    /// Bytes of a question or an answer that is kept: what repeats is short.
    static let bytes = 2_048

    /// What to do about a question.
    enum Turn {
        case ask
        /// Another call is asking it.
        case sharedWith(CallID)
        case answered(ModelAnswer, by: CallID)
        /// No answer to it fitted.
        case failed(ModelFailure)
    }

    private enum Entry {
        case asking(CallID)
        case answered(ModelAnswer, by: CallID)
        case failed(ModelFailure)
    }

    private let entries = Mutex<[[String]: Entry]>([:])

    /// Takes up a question, the row's inputs. After `ask`, `end` must follow.
    func begin(_ question: [String], _ id: CallID) -> Turn {
        guard question.reduce(0, { $0 + $1.utf8.count }) <= Self.bytes else { return .ask }
        return entries.withLock { entries in
            switch entries[question] {
            case .asking(let other) where other.task == id.task:
                // Asked again, with what was wrong.
                entries[question] = .asking(id)
                return .ask
            case .asking(let other): return .sharedWith(other)
            case .answered(let answer, let other): return .answered(answer, by: other)
            case .failed(let failure): return .failed(failure)
            case nil:
                if entries.count < Self.questions { entries[question] = .asking(id) }
                return .ask
            }
        }
    }

    /// A task does not ask its question any more. With a failure the next row with that question fails as well, at no cost.
    func abandon(_ question: [String], _ task: Int, _ failure: ModelFailure? = nil) {
        entries.withLock { entries in
            guard case .asking(let id)? = entries[question], id.task == task else { return }
            entries[question] = failure.map { .failed($0) }
        }
    }

    /// Puts an answer in; without one the next row asks anew.
    func end(_ question: [String], _ id: CallID, _ answer: ModelAnswer?) {
        entries.withLock { entries in
            guard case .asking(id)? = entries[question] else { return }
            if let answer, answer.text.utf8.count <= Self.bytes {
                entries[question] = .answered(answer, by: id)
            } else {
                entries[question] = nil
            }
        }
    }
}
