import ChangePipeline
import GridModel
import Synchronization

@testable import Enrichment

/// A list of airports, as plain words see it.
enum WordsWorld {
    static let columns = [
        Column(id: ColumnID(1), name: "name", type: .text), Column(id: ColumnID(2), name: "country", type: .text),
        Column(id: ColumnID(3), name: "Elevation (m)", type: .number), Column(id: ColumnID(4), name: "open", type: .boolean),
        Column(id: ColumnID(5), name: "opened", type: .date), Column(id: ColumnID(6), name: "Time Zone", type: .text),
        Column(id: ColumnID(7), name: "time_zone", type: .text), Column(id: ColumnID(8), name: "elevation", type: .number),
    ]

    static func question(
        _ sentence: String = "airports in Japan", view: ViewDefinition = ViewDefinition(), answers: [WordsQuestion.Answer] = [],
        rows: @escaping @Sendable (ViewDefinition) -> Int = { $0.filter.isEmpty ? 100 : 10 }
    ) -> WordsQuestion {
        let summary = SheetSummary(
            columns: columns.map { .init(name: $0.name, type: $0.type, samples: $0.name == "country" ? ["US", "BR"] : []) })
        return WordsQuestion(
            sentence: sentence, columns: columns, summary: summary, view: view, answers: answers, rows: rows)
    }

    /// A desk, and a grid whose log has its calls.
    static func with(
        _ provider: any ModelProvider, clock: any RunClock = FrozenTime(), prices: PriceTable = PriceTable(),
        _ body: (WordsDesk, LiveGrid) async throws -> Void
    ) async throws {
        try await RunWorld.with(rows: 1, provider: GatedProvider()) { world in
            try await body(desk(provider, clock: clock, prices: prices), world.grid)
        }
    }

    static func desk(_ provider: any ModelProvider, clock: any RunClock = FrozenTime(), prices: PriceTable = PriceTable())
        -> WordsDesk
    {
        let numbers = Atomic<UInt64>(0)
        return WordsDesk(provider: provider, clock: clock, prices: prices) {
            IntentID(high: 9, low: numbers.add(1, ordering: .relaxed).newValue)
        }
    }

    static func filter(_ column: UInt32, _ operation: Filter.Operation, _ json: String...) -> Plan.Step {
        .filter(
            Filter(
                column: ColumnID(column), operation: operation, values: json.map { CellValue(checkedJSON: $0) }), isKept: false)
    }

    /// A plan's steps as a model writes them.
    static func plan(_ steps: String, match: String = "all") -> String { "{\"steps\":[\(steps)],\"match\":\"\(match)\"}" }

    static let japan = #"{"step":"filter","column":"country","op":"equals","value":"JP"}"#
}

/// A chat model that answers from a list, and keeps what it was asked.
final class ScriptedChat: ChatProvider {
    enum Reply: Sendable {
        case text(String)
        case failure(ModelFailure)
        /// Never answers.
        case silence
    }

    private let replies: Mutex<[Reply]>
    let requests = Mutex<[ChatRequest]>([])

    init(_ replies: [Reply]) { self.replies = Mutex(replies) }

    var description: ProviderDescription { ProviderDescription(label: "scripted", host: "here:1", model: "test") }

    func objection(to template: PromptTemplate, model: String?) -> String? { nil }

    func stream(
        _ request: ModelRequest, deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) async throws(ModelFailure) {
        throw ModelFailure(.unsupported, "rows are not asked about here")
    }

    func stream(
        _ request: ChatRequest, deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) async throws(ModelFailure) {
        requests.withLock { $0.append(request) }
        let reply = replies.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        switch reply {
        case nil: throw ModelFailure(.unreachable, "nothing more was written")
        case .silence:
            await FrozenTime().wait(until: .zero)
            throw ModelFailure(.stopped, "stopped")
        case .failure(let failure): throw failure
        case .text(let text):
            for piece in text { try deliver(.text(String(piece))) }
            try deliver(.usage(RunUsage(input: 100, output: 20)))
            try deliver(.finished(reason: "stop"))
        }
    }
}
