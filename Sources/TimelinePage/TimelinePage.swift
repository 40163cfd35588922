/// The timeline of one trace as one HTML file that opens from disk: the page of `Web/traces` with its style sheets and modules in it,
/// the trace and its diagnosis as data.
///
/// The modules are joined at run time by rules that they keep (a test builds the real ones): relative one-line imports of names, exports at
/// the beginning of a line, no cycles. Each becomes a function that returns its exports. The policy in the file allows exactly this script
/// and these styles, by their hashes, and no request to anywhere. The data are inert: `<`, `>` and `&` stand in them as JSON escapes, so
/// that no text of a trace can end its element.
package enum TimelinePage {
    /// - Parameters:
    ///   - name: what the page calls the trace, a file's name for example.
    ///   - trace: JSON lines (`Docs/specifications/trace-format.md`).
    ///   - diagnosis: the JSON of `trueline diagnose --format json`; empty for none.
    ///   - file: the bytes of a file, by its path below `Web/`, for example `traces/main.js`.
    package static func html(
        name: String, trace: [UInt8], diagnosis: [UInt8], file: (String) -> [UInt8]?
    ) throws(TimelinePageError) -> [UInt8] {
        let page = try text("traces/index.html", file)
        var bundle = ModuleBundle(folder: "traces/")
        try bundle.add("main.js", file)
        let script = bundle.script
        guard !script.contains("</script"), !script.contains("<!--") else { throw .forbiddenText(path: "traces/main.js") }

        var head = ""
        var body = ""
        var styles: [String] = []
        var isHead = true
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            if let sheet = attribute("href", of: line, startingWith: "<link rel=\"stylesheet\"") {
                let style = "\n" + (try text(resolved(sheet), file))
                guard !style.contains("</style") else { throw .forbiddenText(path: resolved(sheet)) }
                styles.append(style)
                head += "<style>\(style)</style>\n"
            } else if line.hasPrefix("<script") {
                continue
            } else if line == "</body>" {
                isHead = false
                body = "</body>\n"
            } else if isHead {
                head += line + "\n"
            } else {
                body += line + "\n"
            }
        }
        guard !isHead, let start = head.firstRange(of: "<meta charset=\"utf-8\">\n") else { throw .unexpectedPage }
        head.insert(contentsOf: policy(script: script, styles: styles), at: start.upperBound)

        var result = Array(head.utf8)
        result += "<script type=\"application/x-ndjson\" id=\"embedded-trace\" data-name=\"\(escaped(name))\">".utf8
        append(inert: trace, to: &result)
        result += "</script>\n<script type=\"application/json\" id=\"embedded-diagnosis\">".utf8
        append(inert: diagnosis, to: &result)
        result += "</script>\n<script>\(script)</script>\n".utf8
        result += body.utf8
        return result
    }

    private static func policy(script: String, styles: [String]) -> String {
        let styleHashes = styles.map { "'sha256-\(SHA256.base64(of: Array($0.utf8)))'" }.joined(separator: " ")
        let scriptHash = "'sha256-\(SHA256.base64(of: Array(script.utf8)))'"
        let rules = [
            "default-src 'none'", "script-src \(scriptHash)", "style-src \(styleHashes)", "img-src data:", "base-uri 'none'",
            "form-action 'none'",
        ]
        return "<meta http-equiv=\"Content-Security-Policy\" content=\"\(rules.joined(separator: "; "))\">\n"
    }

    /// JSON text, safe inside an HTML element: in valid JSON these characters stand in strings only, where the escape means the same.
    static func append(inert json: [UInt8], to result: inout [UInt8]) {
        result.reserveCapacity(result.count + json.count + json.count / 16)
        for byte in json {
            switch byte {
            case UInt8(ascii: "<"): result += "\\u003c".utf8
            case UInt8(ascii: ">"): result += "\\u003e".utf8
            case UInt8(ascii: "&"): result += "\\u0026".utf8
            default: result.append(byte)
            }
        }
    }

    /// Text, safe in a quoted attribute.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    private static func attribute(_ name: String, of line: Substring, startingWith start: String) -> String? {
        guard line.hasPrefix(start), let range = line.firstRange(of: " \(name)=\"") else { return nil }
        return String(line[range.upperBound...].prefix { $0 != "\"" })
    }

    /// A path of the page as one below `Web/`.
    private static func resolved(_ path: String) -> String {
        path.hasPrefix("../") ? String(path.dropFirst(3)) : "traces/" + path
    }

    static func text(_ path: String, _ file: (String) -> [UInt8]?) throws(TimelinePageError) -> String {
        guard let bytes = file(path) else { throw .missingFile(path: path) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Why a timeline could not be built: the files under `Web/` are not those that belong to this version.
package enum TimelinePageError: Error, Hashable, CustomStringConvertible {
    case missingFile(path: String)
    /// The page has no head or body where they are expected.
    case unexpectedPage
    /// An import or export in a form that is not joined.
    case unsupportedModule(path: String, line: Int)
    /// Modules that import each other.
    case cycle(path: String)
    /// A script or style that would end its own element.
    case forbiddenText(path: String)

    package var description: String {
        switch self {
        case .missingFile(let path): "Web/\(path) is missing; give the folder that belongs to this version (--web)"
        case .unexpectedPage:
            "Web/traces/index.html is not the timeline's page; give the folder that belongs to this version (--web)"
        case .unsupportedModule(let path, let line):
            "Web/\(path), line \(line): an import or export that cannot be joined into one file"
        case .cycle(let path): "Web/\(path) imports itself through others"
        case .forbiddenText(let path): "Web/\(path) holds text that would end its own element"
        }
    }
}
