import Foundation
import Testing

@testable import TimelinePage

struct TimelinePageTests {
    static let web = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
        .appending(path: "Web")

    static func file(_ path: String) -> [UInt8]? {
        (try? Data(contentsOf: web.appending(path: path))).map { Array($0) }
    }

    static func page(trace: String = "", diagnosis: String = "", name: String = "a.jsonl") throws -> String {
        String(
            decoding: try TimelinePage.html(name: name, trace: Array(trace.utf8), diagnosis: Array(diagnosis.utf8), file: file),
            as: UTF8.self)
    }

    @Test func `SHA-256 gives the digests of the standard's examples`() {
        func hex(_ text: String) -> String {
            SHA256.digest(of: Array(text.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        #expect(hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(SHA256.base64(of: Array("abc".utf8)) == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
    }

    @Test func `the real page becomes one file that asks for nothing`() throws {
        let page = try Self.page(trace: "{\"type\":\"trace\",\"version\":1}")
        #expect(!page.contains("src=\""))
        #expect(!page.contains("rel=\"stylesheet\""))
        #expect(!page.contains("\nimport ") && !page.contains("\nexport "))
        #expect(page.contains("modules[\"main.js\"]") && page.contains("--accent:"))
        #expect(
            page.hasPrefix("<!doctype html>") && page.hasSuffix("</body>\n</html>\n\n") || page.hasSuffix("</body>\n</html>\n"))
    }

    @Test func `the policy allows exactly the script and the styles that are in the file`() throws {
        let page = try Self.page()
        let script = try #require(page.components(separatedBy: "<script>").last?.components(separatedBy: "</script>").first)
        #expect(page.contains("script-src 'sha256-\(SHA256.base64(of: Array(script.utf8)))';"))
        for style in page.components(separatedBy: "<style>").dropFirst() {
            let text = try #require(style.components(separatedBy: "</style>").first)
            #expect(page.contains("'sha256-\(SHA256.base64(of: Array(text.utf8)))'"))
        }
        #expect(!page.contains("unsafe-inline"))
    }

    @Test func `no text of a trace, a diagnosis or a name can end its element`() throws {
        let hostile = "</script><script>alert(1)</script><!-- --> &amp; ]]>"
        let plain = try Self.page()
        let page = try Self.page(
            trace: "{\"type\":\"note\",\"label\":\"\(hostile)\"}", diagnosis: "{\"x\":\"\(hostile)\"}",
            name: "\"><img src=x onerror=y>")
        func count(_ text: String, _ page: String) -> Int { page.components(separatedBy: text).count }
        #expect(count("<script", page) == count("<script", plain))
        #expect(count("</script", page) == count("</script", plain))
        #expect(!page.contains("<!-- -->") && !page.contains("<img"))
        #expect(page.contains("{\"type\":\"note\",\"label\":\"\\u003c/script\\u003e"))
    }

    @Test func `every form of export that the modules use is joined under its name`() throws {
        let module = """
            export function a() {}
            export function* b() {}
            export async function c() {}
            export class D {}
            export const e = 1;
            """
        let page = try TimelinePage.html(name: "", trace: [], diagnosis: []) {
            $0 == "traces/main.js" ? Array(module.utf8) : Self.file($0)
        }
        let text = String(decoding: page, as: UTF8.self)
        #expect(text.contains("function* b() {}") && text.contains("return { a, b, c, D, e };"))
    }

    @Test func `the same input gives the same bytes`() throws {
        #expect(try Self.page(trace: "{}") == Self.page(trace: "{}"))
    }

    @Test func `files that do not belong together are refused with their name`() {
        func refusal(_ change: @escaping (String) -> [UInt8]?) -> TimelinePageError? {
            do throws(TimelinePageError) {
                _ = try TimelinePage.html(name: "", trace: [], diagnosis: [], file: change)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal { _ in nil } == .missingFile(path: "traces/index.html"))
        #expect(refusal { $0 == "traces/model.js" ? nil : Self.file($0) } == .missingFile(path: "traces/model.js"))
        let replaced: [(String, TimelinePageError)] = [
            ("import * as all from './x.js';", .unsupportedModule(path: "traces/main.js", line: 1)),
            ("export default 3;", .unsupportedModule(path: "traces/main.js", line: 1)),
            ("import { a } from './main.js';", .cycle(path: "traces/main.js")),
            ("const a = '</script>';", .forbiddenText(path: "traces/main.js")),
        ]
        for (text, expected) in replaced {
            #expect(refusal { $0 == "traces/main.js" ? Array(text.utf8) : Self.file($0) } == expected)
        }
        #expect(refusal { $0 == "traces/index.html" ? Array("<p>".utf8) : Self.file($0) } == .unexpectedPage)
    }
}
