package import Enrichment
import GridImage
import GridModel
import Ordering
import TraceRecording

/// What agents do, as a process of its own in the server's recording (`serve --record FILE`): a run is an intent, linked to the request that
/// began it; a call begins after the commit that says so, arrives when the model's server answers, and is delivered by the commit of what
/// came of it. No prompt and no answer is recorded.
package struct AgentRecording: Sendable {
    let recorder: TraceRecorder

    init(_ server: TraceRecorder) {
        recorder = server.process(named: "agents of \(server.process)", role: .agent)
    }

    /// A command of a run was committed. `request` is the `traceparent` of the request that asked for the run.
    func committed(_ command: Command, _ outcome: CommandOutcome, to grid: any RunGrid, request traceparent: String?) {
        guard let run = command.cause.run else { return }
        let commit = ServerRecording.commitID(grid.id, outcome.revision)
        for change in command.changes {
            guard case .noteRun(_, let fact) = change else { continue }
            switch fact {
            case .planned(let order, _): began(run, order, grid.id, commit, traceparent)
            case .asked(let task, let call, _):
                guard let row = Self.row(task, run, grid) else { continue }
                recorder.record("start") { line in
                    line.add("request", Self.name(run, row, call))
                    line.add("intent", Self.intent(grid.id, run))
                    line.add("label", "asked about \(row)")
                    line.add(after: [TraceEdge(event: commit, kind: .message)])
                }
            case .settled(let task, let call?, let result):
                guard let row = Self.row(task, run, grid) else { continue }
                recorder.record("deliver") { line in
                    line.add("request", Self.name(run, row, call.call))
                    line.add("intent", Self.intent(grid.id, run))
                    line.add("label", "\(Self.word(result, outcome)) at \(outcome.revision)")
                    line.add(after: [TraceEdge(event: commit, kind: .message)])
                }
            case .phase(let phase):
                recorder.record("note") { line in
                    line.add("intent", Self.intent(grid.id, run))
                    line.add("label", "\(run): \(Self.word(phase))")
                    line.add(after: [TraceEdge(event: commit, kind: .message)])
                }
            case .settled, .budget, .doubted, .undone: continue
            }
        }
    }

    private func began(_ run: RunID, _ order: RunOrder, _ grid: GridID, _ commit: String, _ traceparent: String?) {
        let asked = traceparent.flatMap(ServerRecording.span).map {
            TraceEdge(event: TraceRecorder.startID($0), kind: .message)
        }
        recorder.record("intent") { line in
            line.add("intent", Self.intent(grid, run))
            line.add("slot", "agent of \(grid.text) \(order.column)")
            line.add("label", "fill \(order.column), \(order.scope)")
            line.add(after: [asked, TraceEdge(event: commit, kind: .message)].compactMap { $0 })
        }
    }

    /// The model's server answered a call, or could not be reached.
    fileprivate func arrived(_ call: String, status: Int?, error: String? = nil) {
        recorder.record("arrive") { line in
            line.add("request", call)
            line.add("status", status.map(Int64.init))
            line.add("error", error)
        }
    }

    // MARK: Names

    private static func intent(_ grid: GridID, _ run: RunID) -> String { "\(run) of \(grid.text)" }

    /// As `X-Client-Request-Id` says it.
    private static func name(_ run: RunID, _ row: RowID, _ call: UInt32) -> String { "\(run)-\(row)-\(call)" }

    private static func row(_ task: UInt32, _ run: RunID, _ grid: any RunGrid) -> RowID? {
        guard let rows = grid.snapshotForRun().ledger.runs[run]?.order.rows, Int(task) < rows.count else { return nil }
        return rows[Int(task)]
    }

    private static func word(_ result: TaskResult, _ outcome: CommandOutcome) -> String {
        switch result {
        case .asAnswered:
            switch outcome.results.first {
            case .keptAsSuggestion: "kept as a suggestion"
            case .inputsChanged: "asked again, as the inputs changed,"
            default: "answered"
            }
        case .again: "to be asked again"
        case .failed: "failed"
        case .skipped: "skipped"
        }
    }

    private static func word(_ phase: RunPhase) -> String {
        switch phase {
        case .running: "running"
        case .paused(let reason): reason == nil ? "paused" : "paused by itself"
        case .finished: "finished"
        case .cancelled: "cancelled"
        case .refused: "refused"
        }
    }
}

/// A grid whose runs are recorded.
struct RecordedRunGrid: RunGrid {
    let base: any RunGrid
    let recording: AgentRecording
    /// Of the request that asks for a run.
    var traceparent: String?

    var id: GridID { base.id }

    func snapshotForRun() -> any RunSnapshot { base.snapshotForRun() }

    func lastChanges(_ cells: [CellPlace]) async -> [ValueChange?] { await base.lastChanges(cells) }

    func submitForRun(_ command: Command) async throws(SubmissionFailure) -> CommandOutcome {
        let outcome = try await base.submitForRun(command)
        recording.committed(command, outcome, to: base, request: traceparent)
        return outcome
    }
}

/// A way to a model's server whose answers are recorded, by the name that each call carries.
package struct RecordedTransport: ModelTransport {
    private let base: any ModelTransport
    private let recording: AgentRecording

    package init(_ base: any ModelTransport, _ recording: AgentRecording) {
        self.base = base
        self.recording = recording
    }

    package func send(
        _ request: TransportRequest, deliver: (TransportPart) throws(ModelFailure) -> Void
    ) async throws(ModelFailure) {
        guard let call = request.headers.first(where: { $0.name == "x-client-request-id" })?.value else {
            return try await base.send(request, deliver: deliver)
        }
        var isThere = false
        do throws(ModelFailure) {
            try await base.send(request) { (part) throws(ModelFailure) in
                if case .head(let status, _) = part {
                    isThere = true
                    recording.arrived(call, status: status)
                }
                try deliver(part)
            }
        } catch {
            if !isThere { recording.arrived(call, status: nil, error: error.kind.rawValue) }
            throw error
        }
    }
}
