import Foundation
import ChangePipeline
import GridImage
import GridModel
import Ordering
import Testing

@testable import Enrichment

/// People and runs at the same cells (S6). TRUELINE_SEED and TRUELINE_SCHEDULES choose the schedules.
@Suite(.timeLimit(.minutes(60))) struct EditsRacingAnswersTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let first = UInt64(environment["TRUELINE_SEED"] ?? "") ?? 1
    private static let schedules = UInt64(environment["TRUELINE_SCHEDULES"] ?? "") ?? 12

    @Test(arguments: first..<first + schedules)
    func `S6: of 1,000 edits raced against answers none is lost, every losing answer is a suggestion, no answer has old inputs`(
        _ seed: UInt64
    ) async throws {
        let world = try RacingWorld(seed: seed, rows: 60)
        try world.race(edits: 1_000)
        world.oracle.compare(world.grid.snapshot())
        for loser in world.oracle.losers where world.grid.snapshot().contains(row: loser.row) {
            let history = try await world.grid.history(row: loser.row, column: RacingWorld.answer, limit: 1_000)
            if !history.contains(where: { $0.kind == .suggestion && $0.new == loser.value }) {
                world.oracle.complaints.append("\(loser.row): the answer \(loser.value.json) is nowhere")
            }
        }
        let replay: Comment =
            "\(world.oracle.complaints.prefix(5).joined(separator: "\n"))\nreplay: TRUELINE_SEED=\(seed) TRUELINE_SCHEDULES=1 swift test --filter EditsRacingAnswers"
        #expect(world.oracle.complaints.isEmpty, replay)
        // A schedule in which nothing raced would prove nothing.
        #expect(world.oracle.losers.count > 20 && world.oracle.askedAgain > 20 && world.oracle.committed > 50, replay)
        #expect(world.runs.reduce(0) { $0 + $1.count(.suggested) } == world.oracle.losers.count, replay)
        #expect(world.runs.reduce(0) { $0 + $1.count(.open) } == 0, replay)
        #expect(world.runs.allSatisfy { $0.phase == .finished && $0.openCalls.isEmpty }, replay)
    }
}
