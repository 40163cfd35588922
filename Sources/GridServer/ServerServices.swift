import ChangePipeline
import Enrichment
import GridModel
import Hummingbird
import Logging
import Ordering

/// What routes work with.
struct ServerServices: Sendable {
    let configuration: GridServerConfiguration
    let environment: ServerEnvironment
    let host: GridHost
    let metrics: ServerMetrics
    let streams: EventStreams
    let pages: PageCache
    let replies = ReplyMemo()
    let attestations: AttestationDesk
    let hostGuard: HostGuard
    /// Names this instance of the server: another one may have been started from an older copy of the data.
    let run: String
    let imports: ImportRegistry
    let open: OpenGrids
    /// `nil` when the server runs no agents.
    let runs: RunCoordinator?
    /// `nil` when the server does not record itself.
    let recording: ServerRecording?

    func grid(_ scope: RequestScope) async throws -> LiveGrid {
        try await grid(try scope.gridID())
    }

    func grid(_ id: GridID) async throws(PipelineError) -> LiveGrid {
        let grid = try await host.grid(id)
        open.note(grid)
        recording?.follow(grid)
        return grid
    }

    /// Commits changes of structure under the request's intent, or one that nobody repeats.
    func commit(_ changes: [Change], to grid: LiveGrid, _ scope: RequestScope) async throws -> CommandOutcome {
        let intent = try scope.intent() ?? newIntent()
        let outcome = try await commit(Command(intent: intent, cause: .person, changes: changes), to: grid)
        recorded(outcome, grid, scope)
        return outcome
    }

    /// Links the request to its commit in the server's own trace.
    func recorded(_ outcome: CommandOutcome, _ grid: LiveGrid, _ scope: RequestScope) {
        recording?.committed(grid.id, at: outcome.revision, request: scope.header(named("traceparent")))
    }

    func commit(_ command: Command, to grid: LiveGrid) async throws(PipelineError) -> CommandOutcome {
        let started = environment.monotonicClock()
        let outcome = try await grid.submit(command)
        metrics.observeCommand(nanoseconds: environment.monotonicClock() &- started)
        metrics.commands.add()
        metrics.changes.add(command.changes.count)
        return outcome
    }

    /// A random UUID (RFC 9562, version 4).
    func newIntent() -> IntentID {
        IntentID(
            high: environment.random() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000,
            low: environment.random() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }
}
