import Exploration
import Foundation

/// What a simulation came to, for people and as JSON. The JSON's members do not change.
struct SimulationDocument {
    private let report: Report
    private let options: Simulation.Options
    private let seconds: Double
    private let replay: String?

    init(_ report: Report, _ options: Simulation.Options, took: Duration, replay: String?) {
        self.report = report
        self.options = options
        seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
        self.replay = replay
    }

    /// A run of many schedules with every fault reaches each oracle; a shorter one, or one of other faults, need not.
    private var mustReachAll: Bool {
        options.faults == .all && !options.isCrashForm && options.steps == nil && report.schedules >= 1_000
    }

    private var idle: [Oracle] { mustReachAll && report.failure == nil ? report.tally.idle : [] }

    /// - Parameter expectingLoss: a disk that must lose acknowledged changes, and did.
    func isSound(expectingLoss: Bool) -> Bool {
        if expectingLoss { return report.tally.acknowledgedLost > 0 }
        return report.failure == nil && idle.isEmpty && report.tally.acknowledgedLost == 0
    }

    var text: String {
        let tally = report.tally
        var lines = [
            "seed \(report.seed), \(report.schedules) schedules, faults \(report.faults == .all ? "all" : report.faults.names), trace \(String(report.hash, radix: 16))",
            "\(tally.frames) frames, \(tally.cells) painted cells compared; \(tally.reads) reads, \(tally.commits) commits, "
                + "\(tally.acknowledgements) acknowledgements, \(tally.answers) answers of agents, \(tally.suggestions) kept as suggestions",
            "\(tally.calls) calls of models, \(tally.failedCalls) that brought nothing whole; \(tally.undone) cells of runs that were undone",
            "\(tally.suggestionsInHistory) suggestions looked for in history; \(tally.restructurings) changes of columns and sheets; \(tally.imported) imported rows",
            "\(tally.powerCuts) power cuts took back \(tally.writesTakenBack) writes; acknowledged and lost: \(tally.acknowledgedLost)"
                + (tally.firstLoss > 0 ? ", first at power cut \(tally.firstLoss)" : ""),
            "checks: " + Oracle.allCases.map { "\($0.name) \(tally[$0])" }.joined(separator: ", "),
            String(
                format: "%.1f s: %.1f million cells a minute, %.0f times faster than the clock", seconds,
                Double(tally.cells) / seconds * 60 / 1e6, Double(tally.milliseconds) / 1_000 / seconds),
        ]
        if let failure = report.failure, let replay {
            lines += [
                "", "VIOLATED \(failure.violation)",
                "seed \(failure.schedule.seed), faults \(failure.schedule.faults.names), \(failure.drawn) steps cut down to \(failure.schedule.steps.count)",
                replay,
            ]
        } else if !idle.isEmpty {
            lines.append("never had anything to check: " + idle.map(\.name).joined(separator: ", "))
        } else {
            lines.append(options.collects ? "noticed: \(noticed)" : "nothing was violated")
        }
        return lines.joined(separator: "\n")
    }

    private var noticed: String { report.noticed.map(\.name).sorted().joined(separator: ", ") }

    private struct Shape: Encodable {
        struct Failure: Encodable {
            var invariant: String
            var message: String
            var seed: UInt64
            var faults: String
            var steps: String
            var drawnSteps: Int
            var replay: String
        }

        var seed: UInt64
        var schedules: UInt64
        var faults: String
        var synchronous: String
        var trace: String
        var seconds: Double
        var virtualSeconds: Double
        var cells: UInt64
        var frames: UInt64
        var reads: UInt64
        var commits: UInt64
        var acknowledgements: UInt64
        var answers: UInt64
        var suggestions: UInt64
        var suggestionsInHistory: UInt64
        var calls: UInt64
        var failedCalls: UInt64
        var undone: UInt64
        var restructurings: UInt64
        var imported: UInt64
        var powerCuts: UInt64
        var writesTakenBack: UInt64
        var acknowledgedLost: UInt64
        var firstLoss: UInt64
        var checks: [String: UInt64]
        var idle: [String]
        var failure: Failure?
    }

    func json() throws -> String {
        let tally = report.tally
        let failure = report.failure.map { failure in
            Shape.Failure(
                invariant: failure.violation.oracle.name, message: failure.violation.message, seed: failure.schedule.seed,
                faults: failure.schedule.faults.names, steps: failure.steps, drawnSteps: failure.drawn, replay: replay ?? "")
        }
        let shape = Shape(
            seed: report.seed, schedules: report.schedules, faults: report.faults.names,
            synchronous: options.synchronous.rawValue, trace: String(report.hash, radix: 16), seconds: seconds,
            virtualSeconds: Double(tally.milliseconds) / 1_000, cells: tally.cells, frames: tally.frames, reads: tally.reads,
            commits: tally.commits, acknowledgements: tally.acknowledgements, answers: tally.answers,
            suggestions: tally.suggestions, suggestionsInHistory: tally.suggestionsInHistory,
            calls: tally.calls, failedCalls: tally.failedCalls, undone: tally.undone,
            restructurings: tally.restructurings, imported: tally.imported, powerCuts: tally.powerCuts,
            writesTakenBack: tally.writesTakenBack,
            acknowledgedLost: tally.acknowledgedLost, firstLoss: tally.firstLoss,
            checks: Dictionary(uniqueKeysWithValues: Oracle.allCases.map { ($0.name, tally[$0]) }), idle: idle.map(\.name),
            failure: failure)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(shape), as: UTF8.self)
    }
}

/// A line to standard error now and then, so that a long run is seen to go on.
final class SimulationProgress {
    private let isShown: Bool
    private var next = Duration.seconds(10)

    init(isShown: Bool) {
        self.isShown = isShown
    }

    func tell(_ schedules: UInt64, _ tally: Tally, after time: Duration) {
        guard isShown, time >= next else { return }
        next = time + .seconds(10)
        Console.error(
            "\(schedules) schedules, \(tally.cells) cells, \(tally.powerCuts) power cuts, \(time.components.seconds) s")
    }
}
