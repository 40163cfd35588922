import Diagnosis
import Foundation
import Trace

/// The file of an order that `trueline predict --witness` writes, as `trueline replay --order` reads it.
struct WitnessFile: Decodable {
    struct Step: Decodable {
        var event: String
    }

    var type: String
    var version: Int
    var process: String
    var steps: [Step]

    /// The witness in a file; `nil` when the file holds something else, such as names of requests.
    static func read(_ path: String) throws -> WitnessFile? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        guard data.first(where: { !UInt8.spaces.contains($0) }) == UInt8(ascii: "{") else { return nil }
        do {
            let witness = try JSONDecoder().decode(WitnessFile.self, from: data)
            guard witness.type == "order", witness.version == 1 else {
                throw CommandFailure(.usage, "\(path) is no order of version 1; write one with trueline predict --witness DIR")
            }
            return witness
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(.usage, "\(path) is no order that can be read; write one with trueline predict --witness DIR")
        }
    }

    /// Replays the order on a trace.
    func replay(_ log: TraceLog, guard option: Guard?, path: String) throws -> WitnessReplay.Result {
        do throws(WitnessReplay.Failure) {
            return try WitnessReplay(log, guard: option).run(process: process, events: steps.map(\.event))
        } catch {
            throw CommandFailure(.usage, "\(path) cannot be replayed: \(Self.reason(error))")
        }
    }

    private static func reason(_ failure: WitnessReplay.Failure) -> String {
        switch failure {
        case .unknownProcess(let name): "the trace has no process \(name); is it of another recording?"
        case .unknownEvent(let name): "the trace has no step \(name); is it of another recording?"
        case .impossible: "a step would come before one that it needs"
        case .guardNotReplayed(let option):
            "with a witness the guards G1, G2 and G3 are replayed, not \(option.code); trueline predict --guard \(option.code) tries it on all orders"
        }
    }
}

extension UInt8 {
    /// What may stand before a JSON document, a byte order mark among it.
    fileprivate static let spaces: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF]
}
