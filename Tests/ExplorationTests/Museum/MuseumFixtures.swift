import Foundation

@testable import Exploration

/// The pieces, as they lie in `Fixtures/museum`.
enum MuseumFixtures {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// In order of file name.
    static let pieces: [MuseumPiece] = {
        do {
            let directory = root.appendingPathComponent("Fixtures/museum")
            let files = try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "json" }.sorted { $0.lastPathComponent < $1.lastPathComponent }
            return try files.map { file in
                do {
                    return try MuseumReader.piece([UInt8](Data(contentsOf: file)))
                } catch {
                    throw Unreadable(description: "\(file.lastPathComponent): \(error)")
                }
            }
        } catch {
            preconditionFailure("the museum cannot be read: \(error)")
        }
    }()

    private struct Unreadable: Error, CustomStringConvertible {
        var description: String
    }
}
