import Foundation
import Testing
import Trace
import TraceImport

/// The short form of `Fuzz/run.sh`: the same checks on mutated files, without sanitizers, by a seed.
struct MutationTests {
    /// SplitMix64: small, and the same everywhere.
    struct Dice {
        var state: UInt64

        mutating func roll(_ limit: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return Int((value ^ value >> 31) % UInt64(max(1, limit)))
        }
    }

    static let pieces = [
        "null", "-1", "1e99", "9223372036854775807", "\"\"", "{}", "[]", "\"\\ud800\"", "\"\u{0}\"", ",", "}", "]",
        "{\"type\":\"a\"",
        "\"ts\":", "99999999999999999999", "0.1e-400", "\\", "\n", "true",
    ]

    static func mutate(_ bytes: [UInt8], _ dice: inout Dice) -> [UInt8] {
        var bytes = bytes
        for _ in 0...dice.roll(4) {
            let at = dice.roll(bytes.count)
            let end = min(bytes.count, at + dice.roll(40))
            switch dice.roll(6) {
            case 0: if at < bytes.count { bytes[at] = UInt8(truncatingIfNeeded: dice.roll(256)) }
            case 1: bytes.removeSubrange(at..<end)
            case 2: bytes.insert(contentsOf: bytes[at..<end], at: dice.roll(bytes.count))
            case 3: bytes.replaceSubrange(at..<min(end, at + 3), with: pieces[dice.roll(pieces.count)].utf8)
            case 4: bytes.insert(contentsOf: pieces[dice.roll(pieces.count)].utf8, at: at)
            default: if dice.roll(4) == 0 { bytes.removeSubrange(at...) }
            }
        }
        return bytes
    }

    @Test(arguments: TraceImportTests.files.map(\.0) + ["shop.otlp.jsonl.trace.jsonl", "shop.redux-lifted.json.trace.jsonl"])
    func `a mutated file is read to an end, and what comes out is a trace`(name: String) throws {
        let seed = ProcessInfo.processInfo.environment["TRUELINE_SEED"].flatMap(UInt64.init) ?? 7
        let original = try TraceImportTests.bytes(name)
        let format = TraceImport.detect(original)
        var dice = Dice(state: seed)
        for round in 0..<80 {
            let bytes = Self.mutate(original, &dice)
            let trace = TraceImport.read(bytes, hint: format)
            let written = TraceWriter.bytes(of: trace.log)
            let again = TraceReader.read(written)
            let isWhole = again.rejections.isEmpty && TraceWriter.bytes(of: again.log) == written
            #expect(isWhole, "\(name), round \(round), TRUELINE_SEED=\(seed): \(again.rejections.kept)")
            let isPlaced = trace.rejections.kept.allSatisfy { 0...bytes.count ~= $0.offset }
            #expect(isPlaced, "\(name), round \(round), TRUELINE_SEED=\(seed): a place outside of the file")
        }
    }
}
