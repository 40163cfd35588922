import Foundation

/// Where an option's value comes from: a flag, else the environment, else the file, else the default.
struct Settings {
    /// What is wrong with the file.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private let environment: [String: String]
    private let file: [String: String]

    /// - Parameter path: a file of lines `name = value`; `#` begins a comment.
    init(environment: [String: String] = ProcessInfo.processInfo.environment, file path: String?) throws {
        self.environment = environment
        guard let path = path ?? environment["TRUELINE_CONFIG"] else {
            file = [:]
            return
        }
        guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) else {
            throw Failure(description: "the configuration file \(path) cannot be read")
        }
        var values: [String: String] = [:]
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
            if content.isEmpty { continue }
            let halves = content.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard halves.count == 2, Self.names.contains(halves[0]) else {
                throw Failure(
                    description:
                        "\(path), line \(number + 1): expected one of \(Self.names.sorted().joined(separator: ", ")) and = VALUE"
                )
            }
            values[halves[0]] = halves[1]
        }
        file = values
    }

    /// What a file may set.
    static let names: Set<String> = [
        "data", "host", "port", "web", "allow-host", "traces", "trace-origin", "record", "log-level", "demo-delay-ms", "prices",
        "call-seconds", "private-model",
        "memory",
        "sample",
    ]

    /// The value of an option by its long name.
    func value(_ name: String, flag: String?) -> String? {
        let variable = "TRUELINE_" + name.uppercased().replacing("-", with: "_")
        return flag ?? environment[variable] ?? file[name]
    }

    func isSet(_ name: String, flag: Bool) -> Bool {
        flag || ["1", "true", "yes", "on"].contains(value(name, flag: nil)?.lowercased() ?? "")
    }

    subscript(_ variable: String) -> String? {
        environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }
}
