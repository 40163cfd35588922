import Ordering

/// Every order of everything in a small world.
package enum SmallWorlds {
    /// What was gone through.
    package struct Count: Hashable, Sendable {
        /// Worlds that differ.
        package var states = 0
        /// Steps from one to another.
        package var transitions = 0
        /// Worlds in which nothing can happen any more.
        package var ends = 0
    }

    /// Goes through all of it, each world once.
    /// - Parameters:
    ///   - commits: how many of the three commits there are.
    ///   - most: states to go through at most; beyond it the count is what was reached.
    package static func explore(
        commits: Int = SmallWorld.mostCommits, most: Int = .max
    ) throws(Violation) -> Count {
        var count = Count()
        let start = try SmallWorld(commits: commits)
        // The worlds themselves would take gigabytes: two hashes of each are 128 bits that no two worlds here share.
        var seen: Set<Mark> = [Mark(start)]
        var stack = [start]
        count.states = 1
        while let world = stack.popLast(), count.states <= most {
            let actions = world.actions
            if actions.isEmpty {
                count.ends += 1
                try world.checkQuiet()
            }
            for action in actions {
                var next = world
                try next.perform(action)
                count.transitions += 1
                guard seen.insert(Mark(next)).inserted else { continue }
                count.states += 1
                stack.append(next)
            }
        }
        return count
    }

    private struct Mark: Hashable {
        var first: Int
        var second: Int

        init(_ world: SmallWorld) {
            var hasher = Hasher()
            world.hash(into: &hasher)
            first = hasher.finalize()
            var other = Hasher()
            other.combine(UInt64(0x9E37_79B9))
            world.hash(into: &other)
            second = other.finalize()
        }
    }
}
