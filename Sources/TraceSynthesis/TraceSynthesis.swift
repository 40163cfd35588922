package import Trace

/// Synthetic traces whose fault is known because it was put there. Pure: the same seed and shape give the same trace.
///
/// The truth follows from the definition in the design and from nothing in `Diagnosis`: *the earliest write w by response r such that a
/// higher-ranked r' was applied to the same key before w, and swapping only that pair removes the violation on replay*. So a faulty
/// round is planned in intent order and exactly one response is then moved behind a higher-ranked one that shares a key and carries
/// another value; plans in which more than that pair is inverted are thrown away. Healthy traces hold the same shapes without a
/// violation of A1: overlapping requests in order, equal values, dropped and cancelled responses, merges, queues. (They may hold
/// hazards: an overlap that went well this time is still one.)
package enum TraceSynthesis {
    /// A trace, and its first divergence point; `nil` when the shape asks for none.
    package static func make(seed: UInt64, shape: TraceShape) -> (events: [TraceEvent], truth: Truth?) {
        var world = SynthesisWorld(seed: seed, shape: shape)
        return world.run()
    }

    /// Trace `number` of a series, and its name: `inversions` as given, the rest varied.
    package static func sample(seed: UInt64, number: Int, inversions: Int) -> (
        name: String, events: [TraceEvent], truth: Truth?
    ) {
        let own = (seed &* 0x9E37_79B9_7F4A_7C15) ^ (UInt64(truncatingIfNeeded: number) &* 0xC2B2_AE3D_27D4_EB4F)
        let made = make(seed: own, shape: .varied(seed: own, inversions: inversions))
        let kind = inversions == 0 ? "healthy" : "faulty"
        return ("\(kind)-\(number)", made.events, made.truth)
    }

    /// What `trueline synthesize` writes: `count` traces as JSON lines, a quarter of them healthy, one in eight with two inversions,
    /// and then `truth.jsonl`, a line a trace. `write` gets a file's name and bytes.
    package static func writeSeries(seed: UInt64, count: Int, write: (String, [UInt8]) throws -> Void) rethrows {
        var truths: [UInt8] = []
        for number in 0..<max(0, count) {
            let made = sample(seed: seed, number: number, inversions: number % 4 == 3 ? 0 : number % 8 == 6 ? 2 : 1)
            try write("\(made.name).jsonl", lines(made.events, id: "s\(seed)-\(number)"))
            truths += line(of: made.truth, file: "\(made.name).jsonl").utf8
        }
        try write("truth.jsonl", truths)
    }

    /// Events as a trace file.
    package static func lines(_ events: [TraceEvent], id: String) -> [UInt8] {
        var log = TraceLog()
        log.recorder = "trueline synthesize"
        log.headerAttributes = [TraceEvent.Attribute(name: "id", value: JSONText.quoted(id))]
        for event in events { log.append(event) }
        return TraceWriter.bytes(of: log)
    }

    /// The line of `truth.jsonl` for a file; `truth` is null for a healthy one.
    private static func line(of truth: Truth?, file: String) -> String {
        guard let truth else { return "{\"file\":\(JSONText.quoted(file)),\"truth\":null}\n" }
        let members = [
            ("write", truth.write), ("key", truth.key), ("slot", truth.slot), ("process", truth.process), ("late", truth.late),
            ("overtaken", truth.overtaken),
        ]
        let texts = members.map { "\"\($0.0)\":\(JSONText.quoted($0.1))" }.joined(separator: ",")
        return "{\"file\":\(JSONText.quoted(file)),\"truth\":{\(texts),\"inversions\":\(truth.inversions)}}\n"
    }
}
