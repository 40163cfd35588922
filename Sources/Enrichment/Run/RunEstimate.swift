import GridImage
package import GridModel
import Ordering

/// What a run would ask and cost, told before it begins. Ranges, because nobody knows: from what earlier runs of the column used
/// where there were any, else from the length of the prompts and the most that an answer may have.
package struct RunEstimate: Hashable, Sendable {
    /// Rows that a run looks at most closely; of more the rest is assumed to be like them.
    static let sampledRows = 2_000

    package var rows: Int
    /// Calls: equal questions are one, known answers none.
    package var calls: Int
    package var inputTokens: ClosedRange<UInt64>
    package var outputTokens: ClosedRange<UInt64>
    /// Billionths; `nil` when the model's price is not known.
    package var cost: ClosedRange<UInt64>?
    package var currency: String
    /// `nil` when the column has had no run to learn from.
    package var seconds: ClosedRange<Double>?
    /// The prompt of the first row.
    package var example: String
    /// Rows whose cells were filled by hand, and go along as examples.
    package var examples: [RowID]

    init(_ plan: RunPlan) {
        let snapshot = plan.grid.snapshotForRun()
        var bytes = 0
        var asked: Set<String> = []
        let sample = plan.order.rows.prefix(Self.sampledRows)
        var example: String?
        for row in sample {
            let question = RunQuestion(plan: plan, id: CallID(task: 0, serial: 0), row: row).question(in: snapshot)
            guard let question else { continue }
            if example == nil { example = plan.template.rendered(question.request.values) }
            let isKnown = plan.answers != nil && snapshot.ledger.answers.answer(to: question.key) != nil
            guard !isKnown, plan.answers == nil || asked.insert(question.key).inserted else { continue }
            bytes += question.bytes
            if plan.answers == nil { asked.insert("\(row)") }
        }
        rows = plan.order.rows.count
        examples = plan.order.examples.map(\.row)
        self.example = example ?? ""
        let share = sample.isEmpty ? 0 : Double(asked.count) / Double(sample.count)
        calls = Int((Double(rows) * share).rounded(.up))
        currency = plan.prices.currency
        let past = Self.past(plan.order, snapshot.ledger)
        let bytesACall = asked.isEmpty ? 0 : Double(bytes) / Double(asked.count)
        guard !plan.provider.isDemo else {
            (inputTokens, outputTokens, cost, seconds) = (0...0, 0...0, nil, nil)
            return
        }
        if let past {
            inputTokens = Self.around(past.input * Double(calls), 0.85...1.2)
            outputTokens = Self.around(past.output * Double(calls), 0.7...1.5)
            let (rate, calls) = (past.rate, Double(calls))
            seconds = rate.map { calls / ($0 * 1.3)...calls / ($0 * 0.7) }
        } else {
            inputTokens = Self.around(bytesACall * Double(calls), 0.2...0.4)
            outputTokens = UInt64(calls)...UInt64(calls) * UInt64(plan.limits.answerTokens)
        }
        guard plan.prices.knows(plan.order.model) else { return }
        func price(_ input: UInt64, _ output: UInt64) -> UInt64 {
            plan.prices.priced(RunUsage(input: input, output: output), model: plan.order.model).cost
        }
        cost = price(inputTokens.lowerBound, outputTokens.lowerBound)...price(inputTokens.upperBound, outputTokens.upperBound)
    }

    /// What a call of the column's newest finished run used, and calls a second.
    private static func past(_ order: RunOrder, _ ledger: RunLedger) -> (input: Double, output: Double, rate: Double?)? {
        let newest = ledger.runs.values
            .filter {
                $0.order.column == order.column && $0.order.agent == order.agent && $0.order.model == order.model
                    && $0.callCount > 0 && $0.endTime != nil
            }
            .max { $0.planned < $1.planned }
        guard let newest else { return nil }
        let calls = Double(newest.callCount)
        let milliseconds = (newest.endTime ?? newest.time) - min(newest.time, newest.endTime ?? newest.time)
        return (
            Double(newest.spent.input) / calls, Double(newest.spent.output) / calls,
            milliseconds > 0 ? calls / (Double(milliseconds) / 1_000) : nil
        )
    }

    private static func around(_ value: Double, _ factors: ClosedRange<Double>) -> ClosedRange<UInt64> {
        UInt64(value * factors.lowerBound)...UInt64((value * factors.upperBound).rounded(.up))
    }
}
