import ChangePipeline
package import Enrichment
import GridImage
import GridModel
import Ordering
import ServiceLifecycle
import Synchronization
package import TraceRecording

/// The server recording itself (`serve --record FILE`): every commit of every grid in use, what the event stream hands out, and what agents
/// do (`AgentRecording`). The key is the grid and the version its revision; a page that records itself uses the same key, names the commits that its reads
/// came after, and sends `traceparent` along, which links its requests to their commits.
package final class ServerRecording: Service {
    let recorder: TraceRecorder
    /// What agents do.
    package let agents: AgentRecording
    /// Where a grid's recording begins.
    private struct Beginning: Sendable {
        var grid: LiveGrid
        var revision: Revision
    }

    private struct State {
        var followed: Set<GridID> = []
        /// The last commit recorded of each grid: none is recorded twice.
        var latest: [GridID: Revision] = [:]
    }

    private let beginnings: AsyncStream<Beginning>
    private let found: AsyncStream<Beginning>.Continuation
    private let state = Mutex(State())
    /// Between two writings of what was recorded.
    private static let pause = Duration.milliseconds(500)
    private let sleep: @Sendable (Duration) async throws -> Void

    package init(recorder: TraceRecorder, sleep: @escaping @Sendable (Duration) async throws -> Void) {
        self.recorder = recorder
        agents = AgentRecording(recorder)
        self.sleep = sleep
        (beginnings, found) = AsyncStream.makeStream(of: Beginning.self)
    }

    /// Records a grid from now on; one that is recorded already costs a look.
    func follow(_ grid: LiveGrid) {
        guard state.withLock({ $0.followed.insert(grid.id).inserted }) else { return }
        // What was there before the recording is where it begins.
        let revision = grid.snapshot().revision
        commit(revision, of: grid.id, label: "as found")
        found.yield(Beginning(grid: grid, revision: revision))
    }

    /// A request's command was committed.
    func committed(_ grid: GridID, at revision: Revision, request traceparent: String?) {
        guard let span = traceparent.flatMap(Self.span) else { return }
        recorder.record("deliver") { line in
            line.add("request", span)
            line.add("label", "committed at \(revision)")
            line.add(after: [
                TraceEdge(event: TraceRecorder.startID(span), kind: .message),
                TraceEdge(event: Self.commitID(grid, revision), kind: .message),
            ])
        }
    }

    package func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { [self] in
                    while !Task.isCancelled {
                        do { try await sleep(Self.pause) } catch { break }
                        flush()
                    }
                }
                for await beginning in beginnings {
                    group.addTask { [self] in await record(beginning.grid, after: beginning.revision) }
                }
                group.cancelAll()
            }
        } onGracefulShutdown: { [found] in
            found.finish()
        }
        flush()
    }

    /// Hands on what was recorded; the server's part first, which the agents' events name.
    func flush() {
        recorder.flush()
        agents.recorder.flush()
    }

    /// A grid for runs, whose steps are recorded. `traceparent` is that of the request that asks for a run.
    package func recorded(_ grid: any RunGrid, request traceparent: String? = nil) -> any RunGrid {
        RecordedRunGrid(base: grid, recording: agents, traceparent: traceparent)
    }

    private func commit(_ revision: Revision, of grid: GridID, label: String? = nil) {
        let isNew = state.withLock { state in
            guard state.latest[grid].map({ $0 < revision }) ?? true else { return false }
            state.latest[grid] = revision
            return true
        }
        guard isNew else { return }
        recorder.commit(
            Self.key(grid), version: Int64(clamping: revision.rawValue), id: Self.commitID(grid, revision), label: label)
    }

    private func record(_ grid: LiveGrid, after revision: Revision) async {
        defer { _ = state.withLock { $0.followed.remove(grid.id) } }
        guard let signals = try? grid.signals(after: revision) else { return }
        for await event in signals {
            guard case .commit(let signal) = event else { continue }
            // Several commits in one signal are one step of the stream and as many of the store.
            for number in signal.from.rawValue...signal.revision.rawValue {
                commit(Revision(number), of: grid.id)
            }
            recorder.record("emit") { line in
                line.add("stream", grid.id.text)
                line.add("position", Int64(clamping: signal.revision.rawValue))
                line.add("key", Self.key(grid.id))
                line.add("version", Int64(clamping: signal.revision.rawValue))
                line.add(flag: "merge", signal.from < signal.revision)
                line.add("task", "emit \(signal.revision) of \(grid.id)")
                line.add(after: [TraceEdge(event: Self.commitID(grid.id, signal.revision), kind: .task)])
            }
        }
    }

    /// What the whole grid's state is called in a trace.
    static func key(_ grid: GridID) -> String { "grid \(grid.text)" }

    /// The commit's name, which a page can make too.
    static func commitID(_ grid: GridID, _ revision: Revision) -> String { "commit \(grid.text) \(revision.rawValue)" }

    /// The parent id of a `traceparent` header (https://www.w3.org/TR/trace-context/); `nil` for one that is none.
    static func span(_ header: String) -> String? {
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0] == "00", parts[1].utf8.count == 32, parts[2].utf8.count == 16,
            parts[2].utf8.allSatisfy({ byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            })
        else { return nil }
        return String(parts[2])
    }
}
