import Exploration
import Testing

/// A server and clients that break the rules: each rule's own oracle has to notice, soon.
@Suite("Controls")
struct ControlTests {
    struct Case: Sendable, CustomStringConvertible {
        var description: String
        var control: Control
        /// The oracles that may be the first to notice.
        var expected: Set<Oracle>
        var faults = Faults.all
    }

    static let cases = [
        Case(description: "S1: emits before the sync", control: .emitBeforeSync, expected: [.s1]),
        Case(description: "S2: emits out of order", control: .emitOutOfOrder, expected: [.s2]),
        Case(description: "S3: pages of two snapshots", control: .tornReply, expected: [.s3]),
        Case(description: "S4: behind the client", control: .behindTheClient, expected: [.s4]),
        Case(description: "S5: forgets intents", control: .forgetIntents, expected: [.s5]),
        Case(description: "S6: the agent wins", control: .agentWins, expected: [.s6, .e5]),
        Case(description: "S7: calls the log does not have", control: .unrecordedCalls, expected: [.s7]),
        Case(description: "S8: drops for slow readers", control: .dropForSlowReaders, expected: [.s8]),
        Case(
            description: "the last response wins", control: .lastResponseWins,
            expected: [.c1, .c2, .c4, .c5, .c6, .c7, .c8, .c9, .s8]),
        Case(
            description: "patches from payloads", control: .patchFromPayloads,
            expected: [.c1, .c2, .c3, .c4, .c5, .c7, .c8, .c9, .s8]),
        Case(description: "C3: shows what is not saved", control: .showsUnsaved, expected: [.c3]),
        Case(
            description: "C11: everything on reconnect", control: .everythingOnReconnect,
            expected: [.c1, .c2, .c4, .c5, .c6, .c7, .c8, .c9, .c11, .s8]),
        Case(description: "C10: rows move under the hand", control: .rowsMoveUnderTheHand, expected: [.c10]),
    ]

    @Test("a broken rule is noticed within 100 schedules, by its own oracle", arguments: cases)
    func noticed(_ broken: Case) {
        var options = Simulation.Options(seed: 1, schedules: 100, faults: broken.faults)
        options.control = broken.control
        options.shrinks = false
        let report = Simulation.run(options)
        let oracle = report.failure?.violation.oracle
        #expect(oracle.map { broken.expected.contains($0) } == true, "\(report.failure?.violation.description ?? "nothing")")
    }

    @Test("whatever the control clients break, from C1 to C11, is noticed within 100 schedules")
    func everythingTheyBreak() {
        func noticed(_ control: Control) -> Set<Oracle> {
            var options = Simulation.Options(seed: 1, schedules: 100)
            options.control = control
            options.collects = true
            return Simulation.run(options).noticed
        }
        #expect(noticed(.lastResponseWins).isSuperset(of: [.c1, .c2, .c4, .c6, .c7, .c8, .c9]))
        #expect(noticed(.everythingOnReconnect).isSuperset(of: [.c1, .c2, .c4, .c6, .c7, .c8, .c9, .c11]))
        #expect(noticed(.showsUnsaved).contains(.c3))
        #expect(noticed(.patchFromPayloads).isSuperset(of: [.c1, .c2, .c4, .c5, .c6, .c7, .c8, .c9]))
    }
}
