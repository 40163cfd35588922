/// What was asked about a history.
package struct HistoryQuestion: Sendable {
    /// `nil`: what the operations say.
    package var model: HistoryModel?
    /// Empty: what fits the model.
    package var consistencies: [Consistency] = []
    /// True: everything that the history allows, `consistencies` aside.
    package var asksAll = false
    package var nodeBudget = LinearizabilityCheck.defaultNodeBudget

    package init() {}
}

/// The answers about one history.
package struct HistoryReport: Sendable {
    /// The operations do not fit the model asked for, or any.
    package struct WrongModel: Error, CustomStringConvertible {
        package var description: String
    }

    /// Something that was not asked of this history, and why.
    package struct Left: Sendable {
        package var consistency: Consistency
        package var reason: String
    }

    package let file: String
    package let history: History
    package let model: HistoryModel
    package private(set) var results: [ConsistencyResult] = []
    package private(set) var left: [Left] = []

    /// Answers the question.
    package init(_ history: History, file: String, _ question: HistoryQuestion) throws(WrongModel) {
        self.history = history
        self.file = file
        guard let inferred = question.model ?? HistoryModel(of: history) else {
            throw WrongModel(description: "the operations belong to no one model; there are registers, lists and texts")
        }
        guard inferred.fits(history) else {
            throw WrongModel(description: "the history has operations that are not of the model \(inferred.rawValue)")
        }
        model = inferred
        var asked = question.consistencies
        if question.asksAll {
            asked = Consistency.allCases
        } else if asked.isEmpty {
            asked = Consistency.allCases.filter {
                ($0 == .linearizable) == !history.present.contains(OperationKinds(.transaction))
            }
        }
        answer(asked, question)
    }

    /// The worst of all answers.
    package var answer: HistoryAnswer {
        if results.contains(where: { $0.answer == .invalid }) { return .invalid }
        return results.contains { $0.answer == .unknown } ? .unknown : .valid
    }

    private mutating func answer(_ asked: [Consistency], _ question: HistoryQuestion) {
        if asked.contains(.linearizable) {
            var check = LinearizabilityCheck(history, nodeBudget: question.nodeBudget)
            let result = check.run()
            if question.asksAll, result.answer == .unknown,
                !history.hasInvocations || !history.hasRealTime || history.hasSeveralSteps,
                let reason = result.reason
            {
                left.append(Left(consistency: .linearizable, reason: reason))
            } else {
                results.append(result)
            }
        }
        let levels = asked.filter { $0 != .linearizable }
        guard !levels.isEmpty else { return }
        guard model != .kvAppend else {
            let reason = "a text does not tell which write it is from"
            for level in levels {
                if question.asksAll {
                    left.append(Left(consistency: level, reason: reason))
                } else {
                    results.append(ConsistencyResult(level, .unknown, reason: reason))
                }
            }
            return
        }
        var check = TransactionCheck(history)
        results += check.run(levels)
    }
}

extension History {
    /// Whether a transaction has more than one step.
    var hasSeveralSteps: Bool {
        steps.contains { !$0.isLast }
    }

    /// Whether a list was read.
    var hasListReads: Bool {
        steps.contains { $0.kind == .readList }
    }
}
