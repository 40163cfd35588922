import Foundation

/// The goals in `Benchmarks/thresholds`.
enum Goals {
    private struct Goal {
        var isLeast: Bool
        var value: Double
    }

    private static let goals: [String: Goal] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("thresholds")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [:] }
        var goals: [String: Goal] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let fields = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard fields.count >= 3, let value = Double(fields[2]) else { continue }
            goals[fields[0]] = Goal(isLeast: fields[1] == "least", value: value)
        }
        return goals
    }()

    /// Prints a figure, and whether it reaches its goal if it has one.
    static func report(_ name: String, _ value: Double, _ remark: String = "") {
        guard let goal = goals[name] else { return print("-- \(name): \(figure(value)). \(remark)") }
        let reached = goal.isLeast ? value >= goal.value : value <= goal.value
        print(
            "\(reached ? "reached" : "MISSED "): \(name): \(figure(value)), goal: at \(goal.isLeast ? "least" : "most") \(figure(goal.value, 1)). \(remark)")
    }
}
