import GridModel
import Synchronization

/// What one name's checks came to.
struct ExpectationCount: Hashable, Sendable {
    var name: String
    var held: UInt64
    var failed: UInt64

    /// Names of one part, as many as a recorder keeps apart.
    static let limit = 200
    /// Characters of a name.
    static let nameLength = 100
    /// Checks of one name that one part may count: a recorder sends every two seconds.
    private static let checksMost: UInt64 = 1_000_000

    /// How a recorder writes the note of counts: its type comes first.
    static let beginning = Array(#"{"type":"note""#.utf8)

    /// The counts of a note; none where it is about something else or not as a recorder writes it.
    static func read(_ line: ArraySlice<UInt8>, most: Int) -> [ExpectationCount] {
        var counts: [ExpectationCount] = []
        var scanner = JSONScanner(line)
        do throws(JSONScanner.Failure) {
            try scanner.object { (member, scanner) throws(JSONScanner.Failure) in
                guard member == "expectations", scanner.peek() == UInt8(ascii: "[") else { return _ = try scanner.skipValue() }
                try scanner.array { (scanner) throws(JSONScanner.Failure) in
                    let count = try ExpectationCount(&scanner)
                    if counts.count < most, !count.name.isEmpty { counts.append(count) }
                }
            }
        } catch {
            return []
        }
        return counts
    }

    private init(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) {
        self.init(name: "", held: 0, failed: 0)
        var count = self
        try scanner.object { (member, scanner) throws(JSONScanner.Failure) in
            switch member {
            case "name": count.name = String(try scanner.string().prefix(Self.nameLength))
            case "held": count.held = min(Self.checksMost, UInt64(max(0, try scanner.integer())))
            case "failed": count.failed = min(Self.checksMost, UInt64(max(0, try scanner.integer())))
            default: _ = try scanner.skipValue()
            }
        }
        self = count
    }

    init(name: String, held: UInt64, failed: UInt64) {
        self.name = name
        self.held = held
        self.failed = failed
    }
}

/// What people should see on pages that record themselves, counted by name for `/metrics`; bounded.
final class ExpectationCounts: Sendable {
    /// Names that are counted apart, whatever pages send; beyond them all are one.
    private static let nameLimit = 200
    private static let other = "other expectations"

    private let counts = Mutex<[String: ExpectationCount]>([:])

    func add(_ more: [ExpectationCount]) {
        guard !more.isEmpty else { return }
        counts.withLock { counts in
            for count in more {
                let name = counts[count.name] != nil || counts.count < Self.nameLimit ? count.name : Self.other
                var sum = counts[name] ?? ExpectationCount(name: name, held: 0, failed: 0)
                sum.held &+= count.held
                sum.failed &+= count.failed
                counts[name] = sum
            }
        }
    }

    /// Samples of one counter, by name.
    var samples: [(labels: String, value: UInt64)] {
        counts.withLock { Array($0.values) }.sorted { $0.name < $1.name }.flatMap { count in
            let name = Self.escaped(count.name)
            return [
                ("{name=\"\(name)\",result=\"held\"}", count.held), ("{name=\"\(name)\",result=\"failed\"}", count.failed),
            ]
        }
    }

    /// A label's value (Prometheus text format 0.0.4).
    private static func escaped(_ text: String) -> String {
        var output = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": output += "\\\\"
            case "\"": output += "\\\""
            case "\n": output += "\\n"
            default: output.unicodeScalars.append(scalar.value < 0x20 ? " " : scalar)
            }
        }
        return output
    }
}
