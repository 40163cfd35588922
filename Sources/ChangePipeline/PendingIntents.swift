import GridModel

/// The intents of commands that wait or are being committed, and the repeats that share their answers (S5).
struct PendingIntents: Sendable {
    private var leaders: [IntentID: PipelineSubmission.ID] = [:]
    private var repeats: [PipelineSubmission.ID: [PipelineSubmission.ID]] = [:]
    /// How many repeats wait.
    private(set) var followers = 0

    func leader(of intent: IntentID) -> PipelineSubmission.ID? {
        leaders[intent]
    }

    mutating func lead(_ intent: IntentID, _ id: PipelineSubmission.ID) {
        leaders[intent] = id
    }

    mutating func follow(_ leader: PipelineSubmission.ID, _ id: PipelineSubmission.ID) {
        repeats[leader, default: []].append(id)
        followers += 1
    }

    /// The command and its repeats, in the order they came.
    mutating func resolve(_ intent: IntentID, _ id: PipelineSubmission.ID) -> [PipelineSubmission.ID] {
        leaders[intent] = nil
        guard let repeated = repeats.removeValue(forKey: id) else { return [id] }
        followers -= repeated.count
        return [id] + repeated
    }
}
