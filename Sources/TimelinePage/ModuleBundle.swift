/// Joins ES modules into one classic script: each becomes a function that returns its exports, in the order of their imports.
struct ModuleBundle {
    private let folder: String
    private var parts: [String] = []
    private var done: Set<String> = []
    private var open: Set<String> = []

    init(folder: String) {
        self.folder = folder
    }

    var script: String {
        "\n\"use strict\";\n(() => {\nconst modules = {};\n\(parts.joined())})();\n"
    }

    /// Adds a module after everything it imports.
    mutating func add(_ name: String, _ file: (String) -> [UInt8]?) throws(TimelinePageError) {
        guard !done.contains(name) else { return }
        guard open.insert(name).inserted else { throw .cycle(path: folder + name) }
        let source = try TimelinePage.text(folder + name, file)
        var code = ""
        var exports: [String] = []
        for (index, line) in source.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("import ") {
                guard let (names, module) = Self.parse(imported: line) else {
                    throw .unsupportedModule(path: folder + name, line: index + 1)
                }
                try add(module, file)
                code += "const {\(names)} = modules[\"\(module)\"];\n"
            } else if line.hasPrefix("export ") {
                guard let exported = Self.exportedName(line) else {
                    throw .unsupportedModule(path: folder + name, line: index + 1)
                }
                exports.append(exported)
                code += line.dropFirst("export ".count) + "\n"
            } else {
                code += line + "\n"
            }
        }
        parts.append("modules[\"\(name)\"] = (() => {\n\(code)return { \(exports.joined(separator: ", ")) };\n})();\n")
        done.insert(name)
    }

    /// `import { a, b } from './x.js';`
    private static func parse(imported line: Substring) -> (names: Substring, module: String)? {
        guard let start = line.firstIndex(of: "{"), let end = line.firstIndex(of: "}"), start < end,
            let from = line.firstRange(of: " from './"), line.hasSuffix("';")
        else { return nil }
        let names = line[line.index(after: start)..<end]
        let module = line[from.upperBound...].dropLast(2)
        guard !names.contains(" as "), !module.contains("/"), !module.contains("'"), !module.contains("\"") else { return nil }
        return (names, String(module))
    }

    /// The name in `export function x`, `function* x`, `async function x`, `class X` and `const X`.
    private static func exportedName(_ line: Substring) -> String? {
        let starts = ["export function ", "export function* ", "export async function ", "export class ", "export const "]
        for start in starts where line.hasPrefix(start) {
            let name = line.dropFirst(start.count).prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$" }
            return name.isEmpty ? nil : String(name)
        }
        return nil
    }
}
