import Foundation

// What the log-first store makes of commits, wide sheets and pages, each beside what it is compared with, in one run on one
// machine. Ratios are to be trusted, not the rest. Which command shows which claim: Benchmarks/README.md.

let usage = """
    usage: StoreBenchmark commits ROWS COLUMNS DIRECTORY
           StoreBenchmark history ROWS COLUMNS DIRECTORY
           StoreBenchmark wide DIRECTORY
           StoreBenchmark pages DIRECTORY

    """

/// Unbuffered: a process that this one starts writes to the same file.
func print(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
func figure(_ value: Double, _ digits: Int = 2) -> String { String(format: "%.\(digits)f", value) }

func loads() -> String { (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.prefix(14).description ?? "unknown" }

func run(_ arguments: [String]) async throws {
    func directory(_ path: String) throws -> String {
        let directory = path + "/trueline-store-benchmark"
        try? FileManager.default.removeItem(atPath: directory)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        print("load of the machine before: \(loads())")
        return directory
    }
    switch (arguments.first, arguments.count) {
    case ("commits", 4), ("history", 4):
        guard let rows = Int(arguments[1]), let columns = Int(arguments[2]) else { break }
        let directory = try directory(arguments[3])
        defer { try? FileManager.default.removeItem(atPath: directory) }
        if arguments[0] == "commits" {
            return try await CommitsBenchmark(rows: rows, columns: columns, directory: directory).run()
        }
        return try await HistoryBenchmark(rows: rows, columns: columns, directory: directory).run()
    case ("wide", 2), ("pages", 2):
        let directory = try directory(arguments[1])
        defer { try? FileManager.default.removeItem(atPath: directory) }
        if arguments[0] == "wide" { return try await WideBenchmark(directory: directory).run() }
        return try await PagesBenchmark(directory: directory).run()
    case ("open", 2):
        return try await Opening.run(arguments[1])
    default: break
    }
    FileHandle.standardError.write(Data(usage.utf8))
    exit(2)
}

try await run(Array(CommandLine.arguments.dropFirst()))
