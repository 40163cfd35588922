#if TRUELINE_MUTANTS
    import Ordering
    import Testing

    /// Each invariant's own rules, broken one at a time: exploration has to see it on the screen. Only in the copy that
    /// Scripts/mutants.py builds.
    @Suite("Broken rules of the ordering core", .serialized)
    struct BrokenRuleTests {
        /// The mutants, and the invariants that may notice first.
        static let broken: [(mutant: String, noticing: Set<String>)] = [
            ("accept-late-page", ["C1"]),
            ("frames-without-floor", ["C2"]),
            ("advance-without-floor", ["C2"]),
            ("mixes-two-snapshots", ["C4"]),
            ("advances-with-the-frontier", ["C4"]),
            ("success-clears-the-invalidation", ["C4", "C5"]),
            ("signals-touch-nothing", ["C4", "C5", "C8"]),
            ("skips-a-revision", ["C4", "C5", "C9"]),
            ("criteria-touch-nothing", ["C4", "C5", "C8"]),
            ("never-retries", ["C5"]),
            ("never-advances", ["C5"]),
            ("every-signal-a-read", ["C6"]),
            ("burst-has-no-end", ["C6"]),
            ("every-viewport-reads", ["C7"]),
            ("unseen-columns-touch", ["C7", "C8"]),
            ("cache-without-bound", ["C8"]),
            ("keeps-touched-pages", ["C8"]),
            ("evicts-what-was-seen-last", ["C8"]),
            ("release-on-acknowledgement", ["C9"]),
            ("paints-below-an-edit", ["C9"]),
            ("whole-range-first", ["C11"]),
        ]

        @Test("each is noticed by the invariant it breaks", arguments: broken.indices)
        func noticed(_ index: Int) {
            let (mutant, noticing) = Self.broken[index]
            MutantSwitch.with("ordering." + mutant) {
                for seed in UInt64(1)...600 {
                    guard let violation = outcome(Schedule(seed: seed), checksIntervals: false) else { continue }
                    #expect(noticing.contains(violation.invariant), "\(mutant), seed \(seed): \(violation)")
                    return
                }
                Issue.record("\(mutant) survives 600 schedules")
            }
        }
    }
#endif
