#if TRUELINE_MUTANTS
    import Exploration
    import Ordering
    import Testing

    /// Rules of the ordering core, broken one at a time: the simulator, the small worlds and the museum have to see it. Only in the
    /// copy that Scripts/mutants.py builds.
    @Suite("Broken rules, seen from outside", .serialized)
    struct BrokenRuleTests {
        /// The mutants, and the oracles that may notice first. `unseen-columns-touch` is not here: a simulated screen shows every
        /// column, so that it would change nothing.
        static let expected: [(mutant: String, oracles: Set<Oracle>)] = [
            ("accept-late-page", [.c1, .c2, .c4]), ("frames-without-floor", [.c1, .c2, .c4, .c9]),
            ("mixes-two-snapshots", [.c4, .c2, .c9, .c5]),
            ("success-clears-the-invalidation", [.c4, .c5, .c9]), ("signals-touch-nothing", [.c4, .c5, .c8, .c9]),
            ("skips-a-revision", [.c4, .c5, .c6, .c9, .c11]), ("every-signal-a-read", [.c6]), ("every-viewport-reads", [.c7]),
            ("cache-without-bound", [.c8]), ("keeps-touched-pages", [.c8]), ("release-on-acknowledgement", [.c9]),
            ("paints-below-an-edit", [.c9]), ("whole-range-first", [.c11]), ("never-retries", [.c5, .s8]),
            ("burst-has-no-end", [.c6]), ("criteria-touch-nothing", [.c4, .c5, .c8, .c9]), ("evicts-what-was-seen-last", [.c8]),
            ("advances-with-the-frontier", [.c4, .c5]), ("advance-without-floor", [.c2]), ("never-advances", [.c5]),
        ]

        @Test("each is noticed by the simulator within 1,500 schedules, by the oracle it breaks", arguments: expected.indices)
        func simulated(_ index: Int) {
            let (mutant, oracles) = Self.expected[index]
            var options = Simulation.Options(seed: 1, schedules: 1_500)
            options.shrinks = false
            let report = MutantSwitch.with("ordering." + mutant) { Simulation.run(options) }
            let oracle = report.failure?.violation.oracle
            #expect(oracle.map { oracles.contains($0) } == true, "\(mutant): \(oracle?.name ?? "survives")")
        }

        @Test("a planted fault is found, cut down, and found again from its printed steps; without it they go well")
        func replayed() throws {
            let options = Simulation.Options(seed: 1, schedules: 400)
            let report = MutantSwitch.with("ordering.skips-a-revision") { Simulation.run(options) }
            let failure = try #require(report.failure)
            try Replay.check(failure, options) { try MutantSwitch.with("ordering.skips-a-revision", $0) }
            #expect(Simulation.run(Replay.options(failure, options)).failure == nil)
        }

        @Test(
            "each rule that matters in a small world goes wrong in some order",
            arguments: ["success-clears-the-invalidation", "signals-touch-nothing", "never-advances", "paints-below-an-edit"])
        func smallWorlds(_ mutant: String) {
            MutantSwitch.with("ordering." + mutant) {
                _ = #expect(throws: Violation.self) { try SmallWorlds.explore(commits: 1) }
            }
        }

        @Test(
            "C1, C2, C5, C9: each is noticed by some piece of the museum",
            arguments: [
                "dead-read-answers", "drop-revision-comparison", "success-clears-the-invalidation", "signals-touch-nothing",
                "skips-a-revision", "release-on-acknowledgement", "never-retries",
            ])
        func museum(_ mutant: String) {
            MutantSwitch.with("ordering." + mutant) {
                #expect(
                    MuseumFixtures.pieces.contains { piece in
                        !MuseumJudge.judge(MuseumWorld.live(piece, as: .trueline)).isEmpty
                    })
            }
        }
    }
#endif
