import ChangePipeline
import Enrichment
import GridImage
import GridModel
import GridStore
import Ordering

// The end of every schedule: everything heals and arrives, and then every screen has to equal the store.
extension World {
    mutating func settle() throws(Violation) {
        try heal()
        var isUndone = !schedule.faults.contains(.undoneRuns)
        for _ in 0..<400 {
            isHanging = false
            for index in screens.indices { try beat(index) }
            // Also a run that begins again paused, as the log has it.
            if case .paused? = agent?.run.core.phase { try resumeAsPersonDoes() }
            // Its grid could not say which calls were in doubt: it is opened again.
            if agent == nil, adopting == nil { try adoptRun() }
            try deliverAll()
            // What was refused for good on its way here is read again when a person says so.
            for index in screens.indices where oracles.screens[index].isRefused { try feed(index, .refresh) }
            if isQuiet, !isUndone {
                isUndone = true
                undoRun(Step(.undoRun, b: runs))
                continue
            }
            if isQuiet { break }
            guard let due = nextDue else { continue }
            try wait(max(due, now) - now)
        }
        guard isQuiet else { throw Violation(.c5, "it does not come to rest: \(unrest)") }
        try oracles.checkAnswered()
        for index in screens.indices { try checkSettled(index) }
        try checkServers()
        for index in screens.indices { try checkSilence(index) }
    }

    mutating func heal() throws(Violation) {
        isDiskFull = false
        disk.setFull(false)
        disk.arm(nil)
        for index in screens.indices {
            if screens[index].isAway { try person(Step(.lid, a: UInt32(index))) }
            if screens[index].isCovered { try person(Step(.tab, a: UInt32(index))) }
            screens[index].connection?.isBuffered = false
            try breakStream(index, isNoticed: true)
            screens[index].connection = nil
            try connect(index, resuming: true)
        }
        try resumeAsPersonDoes()
        try hear()
    }

    /// Everything that is on its way arrives, over and over, until nothing is.
    private mutating func deliverAll() throws(Violation) {
        for _ in 0..<200 {
            let before = (reads.count, replies.count, changes.count, answers.count)
            while server.writer.step() { try hear() }
            while !changes.isEmpty { submit(changes.removeFirst().command) }
            while server.writer.step() { try hear() }
            try hear()
            while !answers.isEmpty { try deliver(answers.removeFirst()) }
            for index in screens.indices {
                try deliverEvents(index, count: 100)
                let isLost = screens[index].edits.contains { $0.state == .sent }
                if isLost, answers.isEmpty, changes.isEmpty { resend(index) }
            }
            try serveAll()
            try workAll()
            let isIdle = server.writer.isIdle && changes.isEmpty && answers.isEmpty && reads.isEmpty && replies.isEmpty
            let isStill = before == (reads.count, replies.count, changes.count, answers.count)
            if isIdle, isStill, !hasNews, agent?.work.isEmpty != false, isHanging || agent?.calls.isEmpty != false { return }
        }
        throw Violation(.s8, "what is on its way never ends: \(unrest)")
    }

    private var hasNews: Bool {
        screens.contains { $0.connection?.sent.isEmpty == false || $0.connection?.waiting.isEmpty == false }
    }

    private mutating func serveAll() throws(Violation) {
        while !reads.isEmpty {
            let read = reads.removeFirst()
            let reply = Self.reply(to: read, from: server.grid.snapshot(), mixing: nil, windows)
            try oracles.served(reply)
            replies.append(reply)
        }
        while !replies.isEmpty { try deliver(replies.removeFirst()) }
    }

    private mutating func workAll() throws(Violation) {
        while agent?.work.isEmpty == false || (agent?.calls.isEmpty == false && !isHanging) {
            try enriching(Step(.prepare))
            if !isHanging { try replyWhileSettling() }
            while server.writer.step() { try hear() }
            try hear()
        }
    }

    private var isQuiet: Bool {
        reads.isEmpty && replies.isEmpty && changes.isEmpty && answers.isEmpty && nextDue == nil && agent == nil
            && adopting == nil
            && server.writer.isIdle && screens.allSatisfy { $0.edits.allSatisfy { $0.state != .sent } }
    }

    private var unrest: String {
        let timers = screens.map { $0.timer.map(String.init) ?? "-" }.joined(separator: " ")
        let edits = screens.reduce(0) { $0 + $1.edits.count }
        return
            "\(reads.count) reads, \(replies.count) replies, \(changes.count) changes, \(answers.count) answers, \(edits) edits, "
            + "timers \(timers) server \(time.next.map(String.init) ?? "-"), run \(agent.map { "\($0.run.core.phase)" } ?? "-") at \(now) ms"
    }

    private mutating func checkSettled(_ index: Int) throws(Violation) {
        try letGo(index)
        try oracles.checkSettled(index, screens[index].frame)
        try oracles.checkTrust(index)
        oracles.tally.count(.c9)
        let left = screens[index].edits.filter { $0.state == .answered && screens[index].frame.shows($0.row) }
        guard left.isEmpty else {
            throw Violation(.c9, "screen \(index) never lets go of drafts \(left.map(\.draft))")
        }
    }

    /// Both servers, and one that begins with what is on the disk, hold the same.
    private mutating func checkServers() throws(Violation) {
        let image = server.grid.snapshot()
        try compare(image, "at the end")
        try oracles.checkLedger(image.ledger, "at the end")
        try oracles.checkRunsEnded()
        let disk = disk
        try oracles.checkSuggestions { kept in
            try image.history(row: RowID(kept.row), column: ColumnID(kept.column), limit: 10_000) {
                try disk.record($0)?.bytes
            }
        }
        try follow(Int.max)
        oracles.tally.count(.s2)
        guard replica.hash() == image.hash() else {
            throw Violation(.s2, "two servers that applied the same log do not hold the same at \(image.revision)")
        }
    }

    /// C7: with nothing new, looking at what is held costs no read.
    private mutating func checkSilence(_ index: Int) throws(Violation) {
        for (page, _) in screens[index].held {
            let (first, last) = (screens[index].first, screens[index].last)
            let margin = screens[index].configuration.marginPages
            let pages = max(1, screens[index].frame.totalPages)
            let from = page > margin ? page - margin : 1
            let isHeld = (from...max(page, min(page + margin, pages))).allSatisfy { wanted in
                oracles.isCurrent(index, wanted)
            }
            guard isHeld else { continue }
            let before = oracles.tally.reads
            try scroll(index, to: page, page)
            try oracles.checkSilent(index, reads: Int(oracles.tally.reads - before), "page \(page) is held")
            try scroll(index, to: first, last)
            try oracles.checkSilent(index, reads: Int(oracles.tally.reads - before), "page \(first) was in view")
            return
        }
    }
}
