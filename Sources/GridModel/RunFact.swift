// What a grid's log holds about the runs of agents, beside the cells they write. Docs/specifications/enrichment.md has the rules.

/// What calls cost: tokens, and money in billionths of the currency that the price table is in.
public struct RunUsage: Hashable, Sendable {
    public var input: UInt64
    public var output: UInt64
    public var cost: UInt64

    public init(input: UInt64 = 0, output: UInt64 = 0, cost: UInt64 = 0) {
        self.input = input
        self.output = output
        self.cost = cost
    }

    public var tokens: UInt64 { input.addingClamped(output) }

    public static func + (a: Self, b: Self) -> Self {
        Self(
            input: a.input.addingClamped(b.input), output: a.output.addingClamped(b.output), cost: a.cost.addingClamped(b.cost))
    }

    public static func - (a: Self, b: Self) -> Self {
        Self(
            input: a.input - min(a.input, b.input), output: a.output - min(a.output, b.output),
            cost: a.cost - min(a.cost, b.cost))
    }
}

extension UInt64 {
    /// The sum, or the largest number where there is none.
    public func addingClamped(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

/// What a run may use; `nil` is no bound.
public struct RunBudget: Hashable, Sendable {
    public var calls: UInt64?
    public var tokens: UInt64?
    /// Billionths of the price table's currency.
    public var cost: UInt64?

    public init(calls: UInt64? = nil, tokens: UInt64? = nil, cost: UInt64? = nil) {
        self.calls = calls
        self.tokens = tokens
        self.cost = cost
    }
}

/// What a run was ordered to do: fixed when it is planned, so that an agent's rights do not grow on the way.
public struct RunOrder: Hashable, Sendable {
    /// A column that the prompt names.
    public struct Input: Hashable, Sendable {
        public var column: ColumnID
        public var name: String

        public init(column: ColumnID, name: String) {
            self.column = column
            self.name = name
        }
    }

    /// A cell that a person filled, shown to the model beside every question.
    public struct Example: Hashable, Sendable {
        public var row: RowID
        /// The row's text for each input, as it was when the run was planned.
        public var values: [String]
        public var answer: CellValue

        public init(row: RowID, values: [String], answer: CellValue) {
            self.row = row
            self.values = values
            self.answer = answer
        }
    }

    /// Examples of one run: they go along with every question.
    public static let examplesMost = 5
    /// Bytes of one example, and of all of a run's.
    public static let exampleBytes = 2_048
    public static let examplesBytes = 6_144

    public var sheet: SheetID
    public var column: ColumnID
    /// Which rows were asked for, in a word: "all", "failed", "first 10".
    public var scope: String
    public var agent: AgentSettings
    /// The columns that the prompt names, by the names it uses.
    public var inputs: [Input]
    /// Who answers, and at which host: another one after a restart is not asked without a person's word.
    public var provider: String
    public var host: String?
    public var model: String?
    public var concurrency: UInt16
    /// Whether equal questions are asked once, also of earlier runs.
    public var sharesAnswers: Bool
    /// Whether cells that a person filled are left as they are.
    public var keepsEdits = false
    /// Chosen once, so that a restart asks as before.
    public var examples: [Example] = []
    /// In the order they are asked about; a task is a row's place in this list.
    public var rows: [RowID]
    /// A fingerprint of each row's cell as the run found it; 0 for the empty cell. A cell that differs later was changed meanwhile.
    public var found: [UInt64]

    public init(
        sheet: SheetID, column: ColumnID, scope: String, agent: AgentSettings, inputs: [Input], provider: String,
        host: String? = nil,
        model: String? = nil, concurrency: UInt16, sharesAnswers: Bool, rows: [RowID], found: [UInt64]
    ) {
        precondition(rows.count == found.count, "\(rows.count) rows with \(found.count) fingerprints")
        self.sheet = sheet
        self.column = column
        self.scope = scope
        self.agent = agent
        self.inputs = inputs
        self.provider = provider
        self.host = host
        self.model = model
        self.concurrency = concurrency
        self.sharesAnswers = sharesAnswers
        self.rows = rows
        self.found = found
    }
}

/// Where a run stands, as far as a restart must know.
public enum RunPhase: Hashable, Sendable {
    case running
    /// With the reason when it paused by itself.
    case paused(reason: String?)
    case finished
    case cancelled
    /// It ended itself: no other row would have fared better.
    case refused(reason: String)

    public var isEnded: Bool {
        switch self {
        case .running, .paused: false
        case .finished, .cancelled, .refused: true
        }
    }
}

/// How a call ended, and what it cost.
public struct CallEnd: Hashable, Sendable {
    /// The task's call, counted from 1.
    public var call: UInt32
    public var usage: RunUsage
    /// The answer, when an equal question may be answered with it.
    public var kept: KeptAnswer?
    /// The answer, when it did not fit and the model is going to be told so.
    public var wrong: KeptWrongAnswer?

    public init(call: UInt32, usage: RunUsage, kept: KeptAnswer? = nil, wrong: KeptWrongAnswer? = nil) {
        self.call = call
        self.usage = usage
        self.kept = kept
        self.wrong = wrong
    }
}

/// An answer that did not fit, and why: what the model is told with its question, also by a process that comes later.
public struct KeptWrongAnswer: Hashable, Sendable {
    /// A fingerprint of the question that it answers.
    public var question: UInt64
    public var text: String
    public var reason: String

    public init(question: UInt64, text: String, reason: String) {
        self.question = question
        self.text = text
        self.reason = reason
    }
}

/// A question, with all that decides its answer, and the answer.
public struct KeptAnswer: Hashable, Sendable {
    public var question: String
    public var text: String

    public init(question: String, text: String) {
        self.question = question
        self.text = text
    }
}

/// What a call, or a task that needed none, came to.
public enum TaskResult: Hashable, Sendable {
    /// As the `answerCell` before this change in the same command came out: committed, suggested, or to be asked again.
    case asAnswered
    /// The task is asked about again.
    case again
    case failed
    case skipped
}

/// One thing that the log remembers of a run.
public enum RunFact: Hashable, Sendable {
    /// The run begins. Its number has not been used in this grid.
    case planned(RunOrder, RunBudget)
    case phase(RunPhase)
    case budget(RunBudget)
    /// A call is about to be made, with what it may cost at most by estimate. Until it is settled or doubted it is open.
    case asked(task: UInt32, call: UInt32, reserved: RunUsage)
    /// A task took a step: its open call ended, or it came to its end without one.
    case settled(task: UInt32, call: CallEnd?, TaskResult)
    /// The process, or the connection, ended while these calls were open: what they cost is not known. Their tasks are asked about again.
    case doubted(tasks: [UInt32])
    /// The run's answers were taken back.
    case undone(cells: UInt32)
}

/// Where a task of a run stands, as far as a restart must know.
public enum TaskMark: UInt8, Hashable, Sendable, CaseIterable {
    /// Not through yet.
    case open = 0
    case committed = 1
    case suggested = 2
    case failed = 3
    case skipped = 4
}
