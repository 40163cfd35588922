import ChangePipeline
import GridImage
import GridModel
import NIOCore
import Ordering
import ServiceLifecycle
import Wire

/// UNSAFE, on purpose: the classic design that Trueline is measured against (`trueline serve --unsafe-control`).
///
/// It tells everyone the new values at once and saves them later (breaks S1), keeps only the last value of a cell until then (so
/// values are shown that are never saved), and numbers what it tells before any commit has (breaks S2). Its page paints straight from
/// this stream. Every ordering check runs against it too and must fail there; nothing else may use it.
actor FaultyDesign: Service {
    private struct CellID: Hashable {
        var row: RowID
        var column: ColumnID
    }

    /// How long a value is shown before it is saved.
    private static let delay = Duration.milliseconds(1_500)

    private let host: GridHost
    private let environment: ServerEnvironment
    private var unsaved: [GridID: [CellID: CellValue?]] = [:]
    private var guesses: [GridID: UInt64] = [:]
    private var listeners: [GridID: [UInt64: AsyncStream<ByteBuffer>.Continuation]] = [:]
    private var nextListener: UInt64 = 0

    init(host: GridHost, environment: ServerEnvironment) {
        self.host = host
        self.environment = environment
    }

    /// Saves late, again and again, until the server stops.
    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                do { try await environment.sleep(Self.delay) } catch { break }
                await save()
            }
        }
        for continuation in listeners.values.flatMap(\.values) { continuation.finish() }
        listeners = [:]
    }

    /// Shows the cells' new values to everyone, and answers with a revision that no commit has.
    func submit(_ request: ChangesRequest, to grid: LiveGrid) -> UInt64 {
        let guess = max(guesses[grid.id] ?? 0, grid.snapshot().revision.rawValue) + 1
        guesses[grid.id] = guess
        var cells: [(row: RowID, column: ColumnID, value: CellValue?)] = []
        for case .setCell(let row, let column, let value, _) in request.changes.compactMap({ $0.change { _ in nil } }) {
            cells.append((row, column, value))
            unsaved[grid.id, default: [:]][CellID(row: row, column: column)] = .some(value)
        }
        let told = WireWriter.write { writer in
            writer.array { writer in
                for (row, column, value) in cells {
                    writer.object { writer in
                        writer.name("row")
                        writer.identifier(row)
                        writer.name("column")
                        writer.identifier(column)
                        writer.member("value", cell: value)
                        writer.name("revision")
                        writer.number(guess)
                    }
                }
            }
        }
        let frame = ByteBuffer(bytes: Array("event: values\ndata: ".utf8) + told + Array("\n\n".utf8))
        for listener in (listeners[grid.id] ?? [:]).values { listener.yield(frame) }
        return guess
    }

    /// The values as they are told.
    func values(of grid: GridID) -> AsyncStream<ByteBuffer> {
        nextListener += 1
        let id = nextListener
        let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self, bufferingPolicy: .bufferingNewest(10_000))
        listeners[grid, default: [:]][id] = continuation
        continuation.onTermination = { _ in Task { await self.forget(id, of: grid) } }
        return stream
    }

    private func forget(_ id: UInt64, of grid: GridID) {
        listeners[grid]?[id] = nil
    }

    private func save() async {
        let due = unsaved
        unsaved = [:]
        for (id, cells) in due.sorted(by: { $0.key < $1.key }) {
            var changes = cells.map { Change.setCell(row: $0.key.row, column: $0.key.column, value: $0.value, ifRevision: nil) }
            while !changes.isEmpty {
                let batch = Array(changes.prefix(1_000))
                changes.removeFirst(batch.count)
                let intent = IntentID(high: environment.random(), low: environment.random())
                // A refusal loses the values without a word: that is the design.
                _ = try? await host.grid(id).submit(Command(intent: intent, cause: Cause(kind: .program), changes: batch))
            }
        }
    }
}
