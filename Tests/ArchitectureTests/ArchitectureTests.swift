import Foundation
import Testing

/// The rules of ARCHITECTURE.md that a compiler does not check.
struct ArchitectureTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    struct Source {
        var target: String
        var path: String
        var text: String
    }

    static let sources: [Source] = {
        let folder = root.appending(path: "Sources")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        var found: [Source] = []
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift", let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
            let path = String(file.path.dropFirst(folder.path.count + 1))
            found.append(Source(target: String(path.prefix { $0 != "/" }), path: path, text: text))
        }
        return found.sorted { $0.path < $1.path }
    }()

    static func imports(of source: Source) -> [String] {
        source.text.split(separator: "\n").compactMap { line in
            var words = line.split(separator: " ").map(String.init)
            while let first = words.first,
                ["public", "package", "internal", "private", "fileprivate", "@preconcurrency"].contains(first)
            {
                words.removeFirst()
            }
            guard words.first == "import", words.count >= 2 else { return nil }
            let module = ["struct", "class", "enum", "protocol", "func", "typealias"].contains(words[1]) ? words[2] : words[1]
            return String(module.prefix { $0 != "." })
        }
    }

    @Test func `every target is in the import table, and the table names no target that is gone`() {
        let found = Set(Self.sources.map(\.target))
        #expect(found == Set(ImportTable.allowed.keys).union([ImportTable.compositionRoot]))
    }

    @Test func `sources import only what the import table allows`() {
        for source in Self.sources where source.target != ImportTable.compositionRoot {
            let allowed = ImportTable.allowed[source.target] ?? []
            for module in Self.imports(of: source) {
                #expect(allowed.contains(module), "\(source.path) imports \(module)")
            }
        }
    }

    @Test func `a heavy dependency is imported by one target, the composition root aside`() {
        for module in ["GRDB", "Hummingbird", "AsyncHTTPClient", "ArgumentParser"] {
            let users = Set(Self.sources.filter { Self.imports(of: $0).contains(module) }.map(\.target))
            #expect(users.subtracting([ImportTable.compositionRoot]).count <= 1, "\(module) is imported by \(users.sorted())")
        }
    }

    @Test func `time and chance come in from the composition root`() {
        for source in Self.sources where source.target != ImportTable.compositionRoot {
            let code = source.text.split(separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in code.enumerated() where !line.trimmingCharacters(in: .whitespaces).hasPrefix("//") {
                for word in ImportTable.impure where line.contains(word) {
                    Issue.record("\(source.path):\(index + 1) uses \(word)")
                }
            }
        }
    }

    @Test func `nothing is forced: no try!, as! or implicitly unwrapped optional`() throws {
        let forced = try Regex(#"\b(try|as)!"#)
        for source in Self.sources {
            for (index, line) in source.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            where !line.trimmingCharacters(in: .whitespaces).hasPrefix("//") && line.contains(forced) {
                Issue.record("\(source.path):\(index + 1) forces a try or a cast")
            }
        }
    }

    @Test func `ARCHITECTURE.md shows the import table that is tested`() throws {
        let document = try String(contentsOf: Self.root.appending(path: "ARCHITECTURE.md"), encoding: .utf8)
        for target in ImportTable.allowed.keys.sorted() {
            #expect(document.contains("`\(target)`"), "ARCHITECTURE.md does not speak of \(target)")
        }
    }
}
