import Exploration
import Testing

/// Every order of everything in a small world; `Docs/results/simulation.md` has the counts for more commits.
@Suite("Small worlds")
struct SmallWorldTests {
    @Test("C2-C5, C9: no order of one commit, one edit and two screens goes wrong, and there are as many worlds as there were")
    func everyOrder() throws {
        let count = try SmallWorlds.explore(commits: 1)
        #expect(count.states == 20_637 && count.transitions == 52_014 && count.ends == 410, "\(count)")
    }
}
