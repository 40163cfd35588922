import GridModel
import HashTreeCollections

/// Answers by their question, the newest so many: equal questions are asked once, across runs and restarts.
package struct KeptAnswers: Sendable {
    struct Chunk: Sendable {
        static let entries = 128
        var number: UInt32
        var entries: [KeptAnswer]
        var epoch: UInt32
    }

    /// In the order they were kept; only the last one grows.
    var chunks: [Chunk] = []
    /// Numbers of chunks that were dropped since the last fold.
    var dropped: [UInt32] = []
    /// A persistent map: a snapshot that somebody holds costs the next answer a few nodes, not a copy of all.
    private var texts: TreeDictionary<String, String> = [:]
    private var bytes = 0

    package var count: Int { texts.count }

    /// The answer to an equal question. O(1).
    package func answer(to question: String) -> String? { texts[question] }

    /// Keeps an answer; of equal questions the first answer stays.
    mutating func keep(_ answer: KeptAnswer, epoch: UInt32) {
        guard answer.question.utf8.count <= Limits.keptAnswerBytes, answer.text.utf8.count <= Limits.keptAnswerBytes,
            texts[answer.question] == nil
        else { return }
        if let last = chunks.last, last.entries.count < Chunk.entries {
            chunks[chunks.count - 1].entries.append(answer)
            chunks[chunks.count - 1].epoch = epoch
        } else {
            let number = chunks.last.map { $0.number &+ 1 } ?? 1
            chunks.append(Chunk(number: number, entries: [answer], epoch: epoch))
        }
        add(answer)
        while texts.count > Limits.keptAnswers || bytes > Limits.keptAnswersBytes, chunks.count > 1 { dropOldest() }
    }

    private mutating func add(_ answer: KeptAnswer) {
        texts[answer.question] = answer.text
        bytes += answer.question.utf8.count + answer.text.utf8.count
    }

    private mutating func dropOldest() {
        let chunk = chunks.removeFirst()
        dropped.append(chunk.number)
        for entry in chunk.entries {
            texts[entry.question] = nil
            bytes -= entry.question.utf8.count + entry.text.utf8.count
        }
    }

    mutating func beginEpoch() { dropped = [] }

    /// Takes a folded chunk; they come in ascending order of number.
    mutating func load(_ chunk: Chunk) {
        chunks.append(chunk)
        for entry in chunk.entries where texts[entry.question] == nil { add(entry) }
    }
}
