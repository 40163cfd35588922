import GridImage
import GridModel
import Ordering
import Testing

/// Random commands on an image and on the naive grid alike.
struct Walk {
    var log = Log()
    var naive = NaiveGrid()
    var random: RandomChanges
    let seed: UInt64
    var accepted = 0

    init(seed: UInt64) {
        self.seed = seed
        random = RandomChanges(seed: seed)
    }

    mutating func step() {
        let batches = random.commands(naive, revision: log.image.revision)
        let results = log.commit(batches)
        for (changes, result) in zip(batches, results) {
            guard case .success(let outcomes) = result else { continue }
            accepted += outcomes.count
            for (change, outcome) in zip(changes, outcomes) { naive.apply(change, outcome) }
        }
    }
}
