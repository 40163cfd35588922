import ArgumentParser
import Exploration
import Foundation
#if TRUELINE_MUTANTS
    import Ordering
#endif
import Trace

/// `trueline simulate`: people, screens, network, server, disk and agents in one deterministic world, many thousand times.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract:
            "Run people, screens, network, server, disk and agents in one deterministic world, and check what is painted.",
        discussion: """
            Every schedule is a world of its own, drawn from the seed and the ones after it: the same seed gives the same run everywhere. The \
            invariants S1 to S8, C1 to C11 and E1 to E12 are checked as it goes; the first that does not hold ends the run, is cut down to the \
            steps it needs, and is printed with the command that runs exactly them. Docs/specifications/simulation.md says what is simulated.
            Faults: \(Faults.all.names).
            Exit codes: 0 nothing was violated; 1 something was, or an oracle never had anything to check; 2 the command line makes no sense.
            """)

    @Option(help: "The first schedule's seed.")
    var seed: UInt64 = 1

    @Option(help: "How many schedules.")
    var schedules: UInt64?

    @Option(help: "Stop after so many minutes.")
    var minutes: Double?

    @Option(help: "Faults that may be drawn, with commas between; all or none.")
    var faults = "all"

    @Option(help: "Instead: only writing, with so many power cuts; acknowledged changes that get lost are counted.")
    var cuts: UInt64?

    @Option(help: "How the simulated disk commits: full, or normal, which has to lose acknowledged changes.")
    var synchronous = "full"

    @Option(
        help: "Break one of our own rules, by its name in Tests/Mutants/catalogue: in the copy that Scripts/mutants.py builds.")
    var mutant: String?

    @Option(help: "Take these steps instead of those that the seed draws.")
    var steps: String?

    @Option(help: "Write the failing schedule to this file, as a trace for trueline open.")
    var trace: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let options = try options()
        let clock = ContinuousClock()
        let start = clock.now
        let limit = minutes.map { Duration.seconds($0 * 60) }
        let progress = SimulationProgress(isShown: !json)
        let report = Simulation.run(options) { number, tally in
            progress.tell(number, tally, after: start.duration(to: clock.now))
            if let cuts, tally.powerCuts >= cuts { return false }
            return limit.map { start.duration(to: clock.now) < $0 } ?? true
        }
        let took = start.duration(to: clock.now)
        let document = SimulationDocument(report, options, took: took, replay: report.failure.map(replay))
        Console.print(json ? try document.json() : document.text)
        if let trace, let failure = report.failure { try write(failure, options, to: trace) }
        guard document.isSound(expectingLoss: options.synchronous == .normal && cuts != nil) else { throw ExitCode(1) }
    }

    private func options() throws -> Simulation.Options {
        var options: Simulation.Options
        do {
            options = Simulation.Options(seed: seed, schedules: schedules ?? defaultCount, faults: try Faults(names: faults))
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
        guard let synchronous = Synchronous(rawValue: synchronous) else {
            throw CommandFailure(.usage, "--synchronous is full or normal, not \(synchronous)")
        }
        options.synchronous = synchronous
        options.isCrashForm = cuts != nil
        options.collects = cuts != nil && synchronous == .normal
        if let mutant { try turnOn(mutant) }
        if let steps {
            options.schedules = 1
            options.steps = try steps.split(separator: " ").map { text in
                guard let step = Step(text: text) else { throw CommandFailure(.usage, "--steps: \(text) is no step") }
                return step
            }
            options.shrinks = false
        }
        return options
    }

    /// As many as fit whatever else bounds the run.
    private var defaultCount: UInt64 { minutes == nil && cuts == nil ? 10_000 : .max }

    private func turnOn(_ mutant: String) throws {
        #if TRUELINE_MUTANTS
            MutantSwitch.turnOn(mutant)
        #else
            throw CommandFailure(
                .usage,
                """
                this build has no mutants: they are compiled out of the product. In a checkout of the sources \
                `python3 Scripts/mutants.py simulate \(mutant)` builds a copy that has them, and runs its simulator with this one on; \
                `python3 Scripts/mutants.py list` names them.
                """)
        #endif
    }

    /// The command that runs exactly what failed.
    private func replay(_ failure: Report.Failure) -> String {
        // A mutant is on in the copy only that has it.
        let program = mutant.map { "python3 Scripts/mutants.py simulate \($0)" } ?? "trueline simulate"
        var words = [program, "--seed \(failure.schedule.seed)"]
        if faults != "all" { words.append("--faults \(faults)") }
        if cuts != nil { words.append("--cuts 1") }
        if synchronous != "full" { words.append("--synchronous \(synchronous)") }
        return (words + ["--steps '\(failure.steps)'"]).joined(separator: " ")
    }

    private func write(_ failure: Report.Failure, _ options: Simulation.Options, to path: String) throws {
        var log = TraceLog()
        for event in SimulationTrace.events(of: failure.schedule, options) { _ = log.append(event) }
        do {
            try Data(TraceWriter.bytes(of: log)).write(to: URL(fileURLWithPath: path))
        } catch {
            throw CommandFailure(.usage, "\(path) cannot be written: \(error.localizedDescription)")
        }
        if !json { Console.print("the trace is in \(path): trueline open \(path)") }
    }
}
