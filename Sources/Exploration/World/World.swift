import ChangePipeline
import Enrichment
import GridImage
import GridModel
import Ordering

/// People, their screens, the network, a server, its disk and an agent: one schedule's world. The cores in it are the real ones; all that
/// is between them belongs to the simulation. What happens is told to the oracles as it happens.
struct World {
    /// Something that was asked for, under the intent with its number.
    struct Asked: Sendable {
        enum Origin: Sendable {
            case person(screen: Int, draft: UInt32)
            /// Nobody waits for it.
            case nobody
            case plan
            case ask(SteppedRunAsk)
            case step(SteppedRunStep)
            case phase(RunPhaseNote)
            /// A run that a restart interrupted goes on once the log has which of its calls are in doubt.
            case doubt
            case budget(RunBudget)
            /// Rows of an import that nobody sees yet; a number that decides what becomes of them.
            case staged(sheet: SheetID, UInt32)
        }

        var command: Command
        var origin: Origin
    }

    let schedule: Schedule
    let control: Control
    let limits: PipelineLimits
    let signalLimits: SignalLimits
    let windows: Windows
    /// Chance for what a step's own numbers do not decide: what a power cut leaves of unsynced writes.
    var chance: Chance
    var now: UInt64 = 0
    var oracles: Oracles
    var screens: [Screen] = []
    let disk: SimulatedDisk
    let news: ServerNews
    let time: SimulatedTime
    var server: SimulatedServer
    /// A second server's image, which follows the log.
    var replica: GridImage

    // What is on its way.
    var reads: [ReadMessage] = []
    var replies: [ReplyMessage] = []
    var changes: [ChangeMessage] = []
    var answers: [AnswerMessage] = []
    /// What a cache in between remembers.
    var cached: [ReplyMessage] = []

    var asked: [Asked]
    /// The command of each submission.
    var submissions: [Int] = []
    /// Counts what was written: every value comes once.
    var written: UInt32
    var agent: Agent?
    var runs: UInt32 = 0
    /// The run that goes on once its open calls are written down as in doubt.
    var adopting: RunID?
    var isRaisingBudget = false
    /// Calls that the provider did not answer well while everything healed.
    var badReplies = 0
    /// What comes of the next calls, and how many.
    var spell = (step: Step(.reply), left: 0)
    /// Nothing comes of the calls that the provider has, until time has passed.
    var isHanging = false
    var isCutInRun = false
    /// Columns that were asked for: their numbers are bounded.
    var columnsAsked = 0
    /// The last edit of each screen that was saved: what an undo takes back.
    var undoable: [(row: UInt32, column: UInt32, old: UInt32, revision: UInt32)?] = []
    let reorders: Bool
    let duplicates: Bool
    let usesReplica: Bool
    var isDiskFull = false
    /// A signal that a control keeps back until the next one is out.
    var heldBack: SignalEvent?

    init(_ schedule: Schedule, _ options: Simulation.Options, keepsTrace: Bool) throws(Violation) {
        let control = options.control
        let start = StartingGrid.shared
        self.schedule = schedule
        self.control = control
        var chance = Chance(seed: schedule.shape)
        limits = SimulatedServer.limits
        signalLimits = SimulatedServer.signalLimits(schedule.shape, gaps: schedule.faults.contains(.gaps))
        windows = Windows(fixed: start.windows, areFixed: !schedule.faults.contains(.columns))
        news = ServerNews()
        time = SimulatedTime()
        disk = SimulatedDisk(start.contents, synchronous: options.synchronous, control: control, news: news)
        oracles = Oracles(truth: start.truth, keepsTrace: keepsTrace)
        oracles.collects = options.collects
        oracles.server.told = start.truth.revision
        asked = start.asked
        written = start.written
        reorders = schedule.faults.contains(.reorder)
        duplicates = schedule.faults.contains(.duplicate)
        usesReplica = schedule.faults.contains(.replica)
        do throws(PipelineError) {
            server = try SimulatedServer(disk: disk, news: news, time: time, limits: limits, signalLimits: signalLimits)
        } catch {
            throw Violation(.s1, "the server does not start: \(error)")
        }
        replica = start.image
        let count = options.isCrashForm ? 1 : 1 + Int(chance.below(3))
        let shapes = (0..<count).map { _ in Self.shape(&chance) }
        self.chance = chance
        for (index, (configuration, pageSize)) in shapes.enumerated() {
            let showsAll = index % 2 == 0
            screens.append(
                Screen(configuration: configuration, pageSize: pageSize, showsAll: showsAll, control: control))
            oracles.screens.append(ScreenBooks(configuration, pageSize: pageSize, showsAll: showsAll))
            undoable.append(nil)
        }
        oracles.server.positions = screens.map { _ in 0 }
    }

    private static func shape(_ chance: inout Chance) -> (Configuration, Int) {
        var configuration = Configuration()
        configuration.marginPages = chance.below(3)
        configuration.pagesInView = 2 + chance.below(2)
        configuration.cachedPages = configuration.pagesInView + 2 * configuration.marginPages + chance.below(3)
        configuration.replyTimeoutMilliseconds = 4_000
        configuration.jitterSeed = chance.below(1 << 16)
        return (configuration, 2 + Int(chance.below(3)))
    }

    /// Opens every screen, takes the steps one by one, then lets everything come to rest.
    mutating func run() throws(Violation) {
        for index in screens.indices {
            screens[index].sheet = index == 2 ? 1 : 0
            screens[index].view = Int(chance.below(3)) / 2 * Int(1 + chance.below(2))
            try open(index)
            try connect(index, resuming: false)
        }
        for step in schedule.steps {
            try perform(step)
        }
        try settle()
        oracles.tally.milliseconds = now
    }

    mutating func perform(_ step: Step) throws(Violation) {
        switch step.kind {
        case .scroll, .open, .view, .refresh, .edit, .editMany, .undo, .discard, .lid, .tab: try person(step)
        case .insert, .delete, .move, .program, .empty, .copy: program(step)
        case .addColumn, .renameColumn, .retypeColumn, .moveColumn, .deleteColumn: restructure(step)
        case .addSheet, .renameSheet, .deleteSheet: rearrange(step)
        case .importRows: importRows(step)
        case .serve, .deliver, .duplicateReply, .loseRead, .loseReply, .refuseRead, .staleReply: try network(step)
        case .submit, .answer, .loseChange, .loseAnswer, .resend: try changing(step)
        case .event, .loseEvent, .doubleEvent, .swapEvents, .breakStream, .connect, .buffer, .beat: try stream(step)
        case .write, .cut, .tear, .failSync, .full, .follow: try serving(step)
        case .run, .prepare, .reply, .wrongReply, .failCall, .refuseCall, .undoRun, .control: try enriching(step)
        case .wait: try wait(Self.waits[Int(step.a) % Self.waits.count])
        }
        try hear()
    }

    private static let waits: [UInt64] = [1, 20, 60, 100, 150, 250, 600, 600, 2_500, 4_500, 16_000, 40_000]

    /// Which of so many a step means; the first when nothing is reordered. `nil` when there is none.
    func pick(_ count: Int, _ step: Step) -> Int? {
        count == 0 ? nil : reorders ? Int(step.a) % count : 0
    }

    /// Which screen a step means.
    func screen(_ step: Step) -> Int { Int(step.a) % screens.count }

    // MARK: Time

    /// Lets time pass, and on the way sets off what is due, in order.
    mutating func wait(_ milliseconds: UInt64) throws(Violation) {
        let end = now + milliseconds
        var firings = 0
        while let due = nextDue, due <= end {
            firings += 1
            if firings > 2_000 { throw Violation(.s8, "something is due for ever at \(now) ms") }
            move(to: due)
            try fire()
        }
        move(to: end)
        try oracles.checkRunDeadlines()
        for index in screens.indices {
            if let hand = screens[index].hand, now >= hand.until { try letGo(index) }
            try oracles.checkStarvation(index)
            let isSilent = screens[index].connection != nil && now > screens[index].heardAt + 3_000
            if isSilent, !screens[index].isAway {
                screens[index].heardAt = now
                oracles.streamLost(index)
                try feed(index, .heartbeatLate)
            }
        }
    }

    var nextDue: UInt64? {
        var due = time.next
        func consider(_ moment: UInt64?) {
            if let moment { due = due.map { min($0, moment) } ?? moment }
        }
        for screen in screens { consider(screen.timer) }
        consider(agent?.timer)
        return due
    }

    mutating func move(to moment: UInt64) {
        now = max(now, moment)
        oracles.now = now
        time.move(to: now)
    }

    private mutating func fire() throws(Violation) {
        time.ring()
        try hear()
        for index in screens.indices {
            guard let at = screens[index].timer, at <= now else { continue }
            screens[index].timer = nil
            try feed(index, .timer, isNews: true)
        }
        if let at = agent?.timer, at <= now {
            agent?.timer = nil
            try advanceRun(.timerFired)
        }
    }
}
