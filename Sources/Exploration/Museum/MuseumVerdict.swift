/// What the judge found wrong in a life.
package struct MuseumVerdict: Sendable, Hashable {
    /// "A1" to "A19"; empty when something is wrong that has no name of its own.
    package var anomaly: String
    /// What it breaks: one of these, by where the cause lies.
    package var invariants: [String]
    package var sentence: String
    /// The fact at which it shows.
    var fact: Int

    /// The invariants that an anomaly seen by a person breaks. Where there are two, the second one is the server's part.
    static func invariants(of anomaly: String) -> [String] {
        switch anomaly {
        case "A1", "A10", "A13": ["C1"]
        case "A3": ["S6"]
        case "A4": ["C3", "S1"]
        case "A5", "A11": ["C2"]
        case "A6", "A14", "A15": ["C9"]
        case "A7": ["S2"]
        case "A8", "A9": ["C4"]
        case "A12": ["S5"]
        case "A16": ["S4", "S1"]
        case "A17": ["C5", "S2"]
        case "A18": ["C3"]
        default: ["C5"]
        }
    }
}
