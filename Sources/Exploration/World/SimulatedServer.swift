import ChangePipeline
import GridImage
import GridModel
import GridStore
import Logging
import Ordering

/// One process of the server on the simulated disk: a real `LiveGrid`, whose writer, clock and disk belong to the simulation.
struct SimulatedServer {
    let disk: SimulatedDisk
    let news: ServerNews
    let time: SimulatedTime
    let writer: SimulatedWriter
    let grid: LiveGrid
    /// Held as long as the server lives: its listener is told of every signal.
    private let following: SignalFollowing

    /// Opens the grid: loads what was folded and replays the rest.
    init(
        disk: SimulatedDisk, news: ServerNews, time: SimulatedTime, limits: PipelineLimits, signalLimits: SignalLimits
    ) throws(PipelineError) {
        let writer = SimulatedWriter()
        let environment = PipelineEnvironment(
            wallClock: { 1_700_000_000_000 },
            now: { time.now },
            schedule: { time.schedule($0, $1) },
            makeWriter: { _ in writer },
            runBlocking: { $0() },
            logger: Logger(label: "simulation", factory: { _ in SwiftLogNoOpLogHandler() }),
            onFatal: { _ in news.add(.fatal) },
            limits: limits,
            signalLimits: signalLimits)
        guard let id = GridID("simulated") else { throw .failed("no such name") }
        grid = try LiveGrid.openBlocking(id: id, store: disk, environment: environment, writer: writer)
        following = try grid.follow { event in
            if let event { news.add(.signal(event)) }
        }
        self.disk = disk
        self.news = news
        self.time = time
        self.writer = writer
    }

    func submit(_ command: Command, as submission: Int, isUrgent: Bool) {
        grid.submit(command, isUrgent: isUrgent) { [news] in news.add(.answered(submission: submission, $0)) }
    }

    /// The bounds of a simulated server: small, so that a short schedule reaches them.
    static var limits: PipelineLimits {
        var limits = PipelineLimits()
        limits.changesPerCommit = 12
        limits.pendingChangesPerWriter = 16
        limits.pendingChanges = 24
        limits.parkedSubmissions = 4
        limits.followers = 2
        limits.changesBeforeFold = 30
        limits.changesBeforeFoldUnderLoad = 60
        limits.changesPerFoldSlice = 6
        limits.rowsPerFoldSlice = 8
        limits.unfoldedChanges = 200
        return limits
    }

    static func signalLimits(_ shape: UInt64, gaps: Bool) -> SignalLimits {
        var limits = SignalLimits()
        limits.queued = 3
        limits.keptForResume = gaps ? 2 : 64
        return limits
    }
}
