import ChangePipeline
import GridModel
import GridStore
import Ordering
import Synchronization

/// What the server and its disk did, in order, until the simulation takes it in.
final class ServerNews: Sendable {
    enum Item: Sendable {
        /// A record was given to the disk, which may yet lose it.
        case appended(Revision, [RecordedOutcome])
        /// Everything up to this revision survives power loss.
        case synced(Revision)
        /// Subscribers are told of a commit.
        case signal(SignalEvent)
        /// The same, by a server that has nothing to tell yet (`Control.emitBeforeSync`).
        case emitted(Revision)
        /// A submission is answered.
        case answered(submission: Int, Result<CommandOutcome, PipelineError>)
        /// The store failed: the process has to end.
        case fatal
    }

    private let items = Mutex<[Item]>([])

    func add(_ item: Item) {
        items.withLock { $0.append(item) }
    }

    func take() -> [Item] {
        items.withLock { items in
            guard !items.isEmpty else { return [] }
            defer { items = [] }
            return items
        }
    }
}
