import Foundation
import GridImage
import GridModel
import Ordering

/// Opens a grid in a new process, as a restart does, and tells time and memory.
enum Opening {
    static func measureElsewhere(_ directory: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["open", directory]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    }

    static func run(_ directory: String) async throws {
        let before = residentBytes()
        let clock = ContinuousClock()
        let start = clock.now
        let pipeline = try await PipelineBench(opening: directory)
        let seconds = (clock.now - start) / .seconds(1)
        let resident = residentBytes() - before
        let replayed = pipeline.unfolded
        let replaying = pipeline.replay / .seconds(1)
        let image = pipeline.snapshot
        let payload = payload(of: image)
        let rows = image.sheets.reduce(0) { $0 + image.rowCount(of: $1.id) }
        print("opened \(rows) rows in \(figure(seconds, 3)) s; \(replayed) changes replayed in \(figure(replaying, 3)) s of it")
        print("cells' JSON \(payload / 1_000_000) MB, resident \(resident / 1_000_000) MB")
        if replayed > 100_000 {
            Goals.report("million changes replayed a second", Double(replayed) / replaying / 1e6)
        } else if rows == 1_000_000 {
            Goals.report("seconds to open 1,000,000 x 10", seconds)
        }
        if rows == 1_000_000 { Goals.report("memory against payload, 1,000,000 x 10", Double(resident) / Double(payload)) }
        await pipeline.close()
    }

    private static func payload(of image: GridImage) -> Int {
        var bytes = 0
        for sheet in image.sheets {
            guard let window = image.window(of: sheet.id) else { continue }
            for row in image.rows(of: sheet.id, view: ViewDefinition()).slice(0..<image.rowCount(of: sheet.id)) {
                image.forEachCell(row: row, in: window) { _, json in bytes += json.count }
            }
        }
        return bytes
    }

    static func residentBytes() -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        return (Int(text.split(separator: " ")[1]) ?? 0) * 4_096
    }
}
