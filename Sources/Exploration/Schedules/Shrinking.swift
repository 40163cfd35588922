/// Cuts a failing schedule down to what it needs in order to fail.
enum Shrinking {
    /// Tries at most: a schedule of 120 steps needs some hundreds.
    private static let tries = 3_000

    /// Takes steps out, in ever smaller pieces, for as long as the schedule still fails the same way; then makes numbers small.
    static func shrink(_ schedule: Schedule, fails: (Schedule) -> Bool) -> Schedule {
        var best = schedule
        var left = tries
        func stillFails(_ candidate: Schedule) -> Bool {
            left -= 1
            guard left > 0, fails(candidate) else { return false }
            best = candidate
            return true
        }
        var size = max(1, best.steps.count / 2)
        while size >= 1 {
            var at = 0
            var hasCut = false
            while at < best.steps.count {
                var candidate = best
                candidate.steps.removeSubrange(at..<min(at + size, candidate.steps.count))
                if stillFails(candidate) { hasCut = true } else { at += size }
            }
            // A step may have been needed only by one that is gone now.
            if size == 1, hasCut { continue }
            size /= 2
        }
        for index in best.steps.indices {
            for number in [UInt32(0), 1, best.steps[index].a % 8] where best.steps[index].a != number {
                var candidate = best
                candidate.steps[index].a = number
                if stillFails(candidate) { break }
            }
            for number in [UInt32(0), 1, best.steps[index].b % 16] where best.steps[index].b != number {
                var candidate = best
                candidate.steps[index].b = number
                if stillFails(candidate) { break }
            }
        }
        return best
    }
}
