import GridModel

@testable import Enrichment

/// A provider of one API with a key and a model, and what comes of its replies.
struct WireWorld: Sendable {
    var api: ModelAPI
    var address: String

    /// Answers with an event stream's head and the bytes, cut into parts at the given places.
    static func transport(_ bytes: [UInt8], cuts: [Int] = [], type: String = "text/event-stream") -> ScriptedTransport {
        var parts: [TransportPart] = [.head(status: 200, headers: [TransportField("content-type", type)])]
        var start = 0
        for cut in cuts + [bytes.count] {
            parts.append(.bytes(Array(bytes[start..<cut])))
            start = cut
        }
        return ScriptedTransport(parts)
    }

    /// A reply with one to six bytes changed or missing, or its end missing.
    static func damaged(_ whole: String, _ seed: UInt64) -> [UInt8] {
        var random = SplitMix(seed: seed)
        var bytes = Array(whole.utf8)
        for _ in 0..<(1 + Int(random.fraction() * 6)) {
            let place = Int(random.fraction() * Double(bytes.count))
            switch Int(random.fraction() * 3) {
            case 0: bytes[place] = UInt8(random.fraction() * 256)
            case 1: bytes.remove(at: place)
            default: bytes.removeSubrange(place...)
            }
            if bytes.isEmpty { break }
        }
        return bytes
    }

    func answer(_ transport: ScriptedTransport, key: String? = "sk-secret") async throws(ModelFailure) -> ModelAnswer {
        guard let address = try? ModelAddress(address, for: api), let request = try? OpenAIProviderTests.request() else {
            throw ModelFailure(.garbage, "the test's own address")
        }
        let provider = WireProvider(.init(api: api, address: address, key: key, model: "small"), transport: transport)
        var collector = AnswerCollector(most: 1_000)
        try await provider.stream(request) { (event) throws(ModelFailure) in try collector.receive(event) }
        return try collector.answer()
    }

    func failure(_ transport: ScriptedTransport) async -> ModelFailure? {
        do {
            _ = try await answer(transport)
            return nil
        } catch {
            return error
        }
    }
}
