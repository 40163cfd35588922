import Trace

extension DiagnosisReport {
    /// One self-contained page: no script, no request, and a policy that allows neither. Every text of the trace is escaped.
    package func html() -> String { Self.page("Diagnosis", sections) }

    /// The page of any report.
    static func page(_ title: String, _ sections: [ReportSection]) -> String {
        var page = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(escaped(title))</title>
            <style>\(Self.style)</style></head><body><main>
            <h1>\(escaped(title))</h1>

            """
        for section in sections {
            page += "<section><h2>\(Self.escaped(section.title))</h2>\n"
            for line in section.lines {
                page +=
                    "<p class=\"\(Self.name(line.weight))\(line.text.hasPrefix("    ") ? " why" : "")\">\(Self.escaped(line.text))</p>\n"
            }
            page += "</section>\n"
        }
        return page + "</main></body></html>\n"
    }

    private static func name(_ weight: ReportSection.Weight) -> String {
        switch weight {
        case .plain: "plain"
        case .strong: "strong"
        case .good: "good"
        case .bad: "bad"
        }
    }

    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    private static let style = """
        :root{color-scheme:light dark;--text:#1b1f24;--quiet:#57606a;--line:#d8dee4;--bad:#b42318;--good:#1a7f37;--page:#fff}
        @media(prefers-color-scheme:dark){:root{--text:#e6edf3;--quiet:#9198a1;--line:#30363d;--bad:#ff8a80;--good:#56d364;--page:#0d1117}}
        body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,sans-serif}
        main{max-width:60rem;margin:0 auto;padding:2rem 1rem 4rem}
        h1{font-size:1.5rem;margin:0 0 1rem}h2{font-size:1.05rem;margin:0 0 .5rem}
        section{border-top:1px solid var(--line);padding:1rem 0}
        p{margin:.15rem 0;overflow-wrap:anywhere}.strong{font-weight:600}.bad{color:var(--bad);font-weight:600}.good{color:var(--good);font-weight:600}
        .why{color:var(--quiet);padding-left:1.5rem}
        """
}
