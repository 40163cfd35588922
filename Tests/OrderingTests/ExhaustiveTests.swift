import Foundation
import Testing

@testable import Ordering

/// Exploration samples large worlds; this goes through a small one completely. The core is a value and so is the world around
/// it, so each order of steps is a branch of the one before, not a run of its own.
@Suite struct ExhaustiveTests {
    static let depth = Int(ProcessInfo.processInfo.environment["TRUELINE_DEPTH"] ?? "") ?? 3

    /// One of each that can race the others: a commit to row 1 of page 1, its signal, a read's answer made and delivered, the
    /// window's end, a page turned, an edit's news, a signal lost, a stream lost and back.
    static let steps: [Step] = [
        Step(kind: .commit, a: 0, b: 1), Step(kind: .signal), Step(kind: .process), Step(kind: .deliver),
        Step(kind: .advance, a: 3),
        Step(kind: .scroll, a: 1, b: 1), Step(kind: .acknowledge), Step(kind: .loseSignal), Step(kind: .resume),
    ]

    /// Page 1 is painted, an edit of a row of it is committed but not acknowledged, and its signal is on its way.
    private func start() throws(Violation) -> World {
        var world = World(seed: 4)
        try world.feed(world.open(sorted: false))
        try world.perform(Step(kind: .reconnect))
        try world.perform(Step(kind: .process))
        try world.perform(Step(kind: .deliver))
        try world.perform(Step(kind: .edit))
        try world.perform(Step(kind: .commitEdit))
        return world
    }

    /// Returns how many orders were gone through.
    private func walk(_ world: World, _ path: [Step], depth: Int) throws -> Int {
        if depth == 0 {
            var end = world
            try end.settle()
            return 1
        }
        var count = 0
        for step in Self.steps {
            var branch = world
            do {
                try branch.perform(step)
                count += try walk(branch, path + [step], depth: depth - 1)
            } catch let violation as Violation {
                throw Violation(
                    invariant: violation.invariant,
                    message: path.isEmpty
                        ? violation.message : "after \((path + [step]).map(\.description)): \(violation.message)")
            }
        }
        return count
    }

    @Test("C1-C9, C11: every order of racing steps ends right, three deep or TRUELINE_DEPTH") func everyOrder() throws {
        let orders = try walk(try start(), [], depth: Self.depth)
        #expect(orders == Self.steps.map { _ in Self.steps.count }.prefix(Self.depth).reduce(1, *))
    }
}
