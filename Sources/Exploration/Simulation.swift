/// One run of the simulator: many schedules, each a world of its own, drawn from one seed.
package struct Simulation {
    /// What to run.
    package struct Options: Sendable {
        /// The first schedule's seed; the ones after it count up.
        package var seed: UInt64
        package var schedules: UInt64
        /// Faults that may be drawn.
        package var faults: Faults
        package var synchronous = Synchronous.full
        /// Rules that are broken on purpose.
        package var control: Control = []
        /// Whether the schedules are of a disk that loses power all the time, and little else.
        package var isCrashForm = false
        /// Steps of a schedule.
        package var length = Schedule.length
        /// Steps to take instead of the ones drawn: a schedule that was shrunk.
        package var steps: [Step]?
        /// Whether a violation is only counted: for controls, to see everything that they break.
        package var collects = false
        /// Whether a failing schedule is cut down.
        package var shrinks = true

        package init(seed: UInt64 = 1, schedules: UInt64 = 1_000, faults: Faults = .all) {
            self.seed = seed
            self.schedules = schedules
            self.faults = faults
        }
    }

    /// Runs schedules until one breaks an invariant or all have been run. Deterministic.
    package static func run(seed: UInt64, schedules: UInt64, faults: Faults = .all) -> Report {
        run(Options(seed: seed, schedules: schedules, faults: faults))
    }

    /// - Parameter goesOn: asked before each schedule with how many were run and what they came to; by it a caller with a clock sets a time.
    package static func run(_ options: Options, goesOn: (UInt64, Tally) -> Bool = { _, _ in true }) -> Report {
        var report = Report(seed: options.seed, faults: options.faults)
        for number in 0..<options.schedules {
            guard goesOn(number, report.tally) else { break }
            var schedule =
                options.isCrashForm
                ? Schedule(crashing: options.seed &+ number)
                : Schedule(seed: options.seed &+ number, allowed: options.faults, length: options.length)
            if let steps = options.steps { schedule.steps = steps }
            let outcome = run(schedule, options)
            report.schedules += 1
            report.tally.add(outcome.tally)
            report.noticed.formUnion(outcome.noticed)
            report.hash = (report.hash ^ outcome.hash) &* 0x9E37_79B9_7F4A_7C15
            guard let violation = outcome.violation, !options.collects else { continue }
            report.failure = failure(schedule, violation, options)
            break
        }
        return report
    }

    /// What one schedule came to.
    struct Outcome {
        var violation: Violation?
        var tally: Tally
        var hash: UInt64
        var noticed: Set<Oracle> = []

        init(_ world: borrowing World, _ violation: Violation?) {
            self.violation = violation
            tally = world.oracles.tally
            hash = world.oracles.trace.hash
            noticed = world.oracles.noticed
            if let violation { noticed.insert(violation.oracle) }
        }

        /// There was no world: it could not even be made.
        init(_ violation: Violation) {
            self.violation = violation
            tally = Tally()
            hash = 0
            noticed = [violation.oracle]
        }
    }

    static func run(_ schedule: Schedule, _ options: Options) -> Outcome {
        do throws(Violation) {
            var world = try World(schedule, options, keepsTrace: false)
            do throws(Violation) {
                try world.run()
                return Outcome(world, nil)
            } catch {
                return Outcome(world, error)
            }
        } catch {
            return Outcome(error)
        }
    }

    /// What the oracles are told of one schedule.
    static func lines(of schedule: Schedule, _ options: Options) -> [TraceRecord.Line] {
        guard var world = try? World(schedule, options, keepsTrace: true) else { return [] }
        // What it comes to is known: the lines up to there are what is wanted.
        try? world.run()
        return world.oracles.trace.lines
    }

    private static func failure(_ schedule: Schedule, _ violation: Violation, _ options: Options) -> Report.Failure {
        guard options.shrinks else {
            return Report.Failure(schedule: schedule, violation: violation, drawn: schedule.steps.count)
        }
        let small = Shrinking.shrink(schedule) { run($0, options).violation?.oracle == violation.oracle }
        return Report.Failure(
            schedule: small, violation: run(small, options).violation ?? violation, drawn: schedule.steps.count)
    }
}
