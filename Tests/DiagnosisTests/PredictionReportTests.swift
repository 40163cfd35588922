import Diagnosis
import Foundation
import Testing
import Trace
import TraceSynthesis

/// What people, programs and CI servers read of predictions.
struct PredictionReportTests {
    static func fixture(_ name: String) throws -> TraceLog {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return TraceReader.read([UInt8](try Data(contentsOf: root.appending(path: "Fixtures/traces/\(name).trace.jsonl")))).log
    }

    static func report(_ log: TraceLog, _ limits: PredictionLimits = PredictionLimits()) -> PredictionReport {
        let input = DiagnosisReport.Input(
            name: "shop & co.jsonl", format: "trueline", events: log.count, rejected: 0, limits: [])
        return PredictionReport(
            log, Predictions(log, limits), inputs: [input], replayCommand: "trueline replay shop.jsonl --order",
            artifact: "traces/shop & co.jsonl")
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `the healthy checkout recording names the incident's race, and the guard`() throws {
        let log = try Self.fixture("checkout-calm")
        #expect(Diagnosis(log).findings.isEmpty, "the recording is healthy")
        let report = Self.report(log)
        let first = try #require(report.predictions.found.first)
        #expect(first.rule == .staleResponseOverwrite && first.severity == .visible && first.advised == .identityBinding)
        #expect(first.ends.map { log.text($0.key) } == ["total"])
        #expect(first.ends.map(\.recorded) == ["3600"] && first.ends.map(\.predicted) == ["3240"])
        let text = report.text(isColoured: false, witnesses: "orders")
        // One service's answer overtakes the other's.
        #expect(text.contains("/api/discount?quantity=3&code=&cart=6) had come before the response of"))
        #expect(text.contains("`total` would end with 3240 instead of 3600"))
        #expect(text.contains("G2 identity binding prevents it"))
        #expect(text.contains("Replay: trueline replay shop.jsonl --order orders/1.json"))
        #expect(
            text.contains(
                "Force it in a browser: trueline proxy --upstream http://127.0.0.1:YOUR-SERVER --witness orders/1.json --inject"
            ))
        #expect(report.text(isColoured: false, witnesses: nil).contains("--witness DIR writes each order to a file"))
        // Every end of so small a recording is judged, and is the same race.
        #expect(report.predictions.found.count == 4)
        #expect(report.predictions.found.allSatisfy { $0.rule == .staleResponseOverwrite && $0.advised == .identityBinding })
    }

    @Test func `of a recording that went wrong, the order that would have been right is said to be that`() throws {
        let report = Self.report(try Self.fixture("checkout-faulty"))
        let right = try #require(report.predictions.found.first { $0.repairs != nil })
        #expect(right.repairs == .staleResponseOverwrite && right.rule == nil)
        #expect(right.ends.map(\.recorded) == ["3240"] && right.ends.map(\.predicted) == ["3600"])
        let text = report.text(isColoured: false, witnesses: nil)
        #expect(text.contains("the recorded end is the wrong one: an order without its A1 stale-response overwrite"))
        // The others are wrong in another way than the recorded one.
        #expect(report.predictions.found.count { $0.rule == .staleResponseOverwrite } == report.predictions.found.count - 1)
        #expect(Self.text(report.sarif(toolVersion: "1")).contains("\"ruleId\":\"A1\""))
    }

    @Test func `the command that forces an order names the recorded server, and nothing that a shell would read`() throws {
        func force(_ url: String) -> String {
            let text = PredictionTests.calm().replacing("request=r1 intent=i1", with: "request=r1 intent=i1 url=\(url)")
                .replacing("request=r2 intent=i2", with: "request=r2 intent=i2 url=\(url)")
            let lines = Self.report(TraceText.log(text)).text(isColoured: false, witnesses: "orders").split(separator: "\n")
            return lines.first { $0.contains("trueline proxy") }.map(String.init) ?? ""
        }
        #expect(
            force("https://shop.example:8443/api?q=a").contains("--upstream https://shop.example:8443 --witness orders/1.json"))
        #expect(force("https://shop.example$(reboot)/api").contains("--upstream http://127.0.0.1:YOUR-SERVER"))
        #expect(
            Self.report(TraceText.log(PredictionTests.calm())).text(isColoured: false, witnesses: "o").contains("proxy")
                == false)
    }

    @Test func `the guarded checkout recording is clean`() throws {
        let report = Self.report(try Self.fixture("checkout-calm-G2"))
        #expect(report.predictions.found.isEmpty && report.failing(.any).isEmpty)
        #expect(report.text(isColoured: false, witnesses: nil).contains("Clean: every order"))
        #expect(Self.text(report.junit(.any)).contains("failures=\"0\""))
    }

    @Test func `all forms are the same bytes every time`() throws {
        let log = try Self.fixture("checkout-calm")
        let (one, again) = (Self.report(log), Self.report(log))
        #expect(one.json() == again.json())
        #expect(one.sarif(toolVersion: "1") == again.sarif(toolVersion: "1"))
        #expect(one.junit(.any) == again.junit(.any))
        #expect(one.html(witnesses: nil) == again.html(witnesses: nil))
    }

    @Test func `JSON has the members that are documented`() throws {
        let text = Self.text(Self.report(try Self.fixture("checkout-calm")).json())
        for member in [
            "\"version\":1", "\"strength\":\"T1\"", "\"limits\":{\"bound\":6,\"budget\":5000,\"seed\":\"1\",\"guard\":null}",
            "\"summary\":{\"predictions\":", "\"coverage\":{\"groups\":1,\"deliveries\":6", "\"rule\":\"A1\"",
            "\"violation\":true",
            "\"ends\":[{\"key\":\"total\",\"slot\":\"total\",\"recorded\":\"3600\",\"predicted\":\"3240\",\"shown\":true}]",
            "\"reversals\":[{\"first\":", "\"inexactBeyond\":null", "\"guard\":\"G2\"", "\"guards\":[{\"guard\":",
        ] { #expect(text.contains(member), "\(member)") }
    }

    @Test func `visible counts what a frame shows, any counts every other end`() throws {
        let log = TraceText.log(
            PredictionTests.calm().replacing("shows={\"list\":1}", with: "shows={\"other\":1}")
                .replacing("shows={\"list\":2}", with: "shows={\"other\":1}"))
        let report = Self.report(log)
        #expect(report.failing(.any).count == 1 && report.failing(.visible).isEmpty)
        #expect(Self.text(report.junit(.visible)).contains("failures=\"0\""))
    }

    @Test func `JUnit XML is well-formed, whatever the trace says`() throws {
        let hostile = PredictionTests.calm().replacing("slot=results", with: #"slot="<\u0001&'>""#)
        let xml = Self.text(Self.report(TraceText.log(hostile)).junit(.any))
        let names = Elements.read(xml)
        #expect(names == ["testsuites", "testsuite", "testcase", "failure"])
        #expect(xml.contains("shop &amp; co.jsonl"))
    }

    @Test func `JUnit's counts are those of its cases, and each case has a name of its own`() throws {
        var log = TraceLog()
        for event in RaceProgram.independent(groups: 3, of: 2).events { log.append(event) }
        for threshold in PredictionReport.Threshold.allCases {
            let xml = Self.text(Self.report(log).junit(threshold))
            let names = Elements.read(xml)
            #expect(names.count { $0 == "testcase" } == 3 && names.count { $0 == "failure" } == 3)
            #expect(xml.matches(of: /tests="3" failures="3" errors="0"/).count == 2)
            #expect(Set(xml.matches(of: /testcase classname="trueline.predict" name="([^"]*)"/).map(\.1)).count == 3)
        }
        let one = Self.text(Self.report(try Self.fixture("checkout-calm")).junit(.visible))
        #expect(one.contains("name=\"total: `total`\""), "the name is the same in the next recording")
    }

    @Test func `SARIF has what its schema requires, and the same fingerprint for the same race`() throws {
        let bytes = Self.report(try Self.fixture("checkout-calm")).sarif(toolVersion: "0.1.0")
        let document = try JSONDecoder().decode(Sarif.self, from: Data(bytes))
        #expect(document.version == "2.1.0")
        let run = try #require(document.runs.first)
        #expect(!run.tool.driver.name.isEmpty)
        for result in run.results {
            #expect(run.tool.driver.rules[result.ruleIndex].id == result.ruleId)
            #expect(["none", "note", "warning", "error"].contains(result.level) && !result.message.text.isEmpty)
            for location in result.locations {
                #expect(location.physicalLocation.artifactLocation.uri == "traces/shop%20%26%20co.jsonl")
                #expect(location.physicalLocation.region.startLine >= 1)
            }
            // GitHub's code scanning follows an alert by this one alone.
            let fingerprint = try #require(result.partialFingerprints["primaryLocationLineHash"])
            #expect(fingerprint == result.partialFingerprints["trueline/v1"].map { "\($0):1" })
        }
        #expect(run.tool.driver.rules.allSatisfy { !$0.shortDescription.text.isEmpty && !$0.help.text.isEmpty })
        #expect(run.automationDetails.id == "trueline predict/traces/shop%20%26%20co.jsonl/")
        #expect(run.results.count == 1, "the six answers are one race")
        #expect(run.results.map(\.ruleId) == ["A1"] && run.results.map(\.level) == ["error"])
        #expect(Set(run.results.map(\.partialFingerprints)).count == run.results.count)
    }
}

/// The part of SARIF 2.1.0 that a log of results must have, with what GitHub's code scanning asks for besides.
private struct Sarif: Decodable {
    struct Run: Decodable {
        var tool: Tool
        var automationDetails: Details
        var results: [Result]
    }
    struct Tool: Decodable { var driver: Driver }
    struct Driver: Decodable {
        var name: String
        var rules: [Rule]
    }
    struct Rule: Decodable {
        var id: String
        var shortDescription: Message
        var help: Message
    }
    struct Details: Decodable { var id: String }
    struct Message: Decodable { var text: String }
    struct Result: Decodable {
        var ruleId: String
        var ruleIndex: Int
        var level: String
        var message: Message
        var locations: [Location]
        var partialFingerprints: [String: String]
    }
    struct Location: Decodable { var physicalLocation: PhysicalLocation }
    struct PhysicalLocation: Decodable {
        var artifactLocation: ArtifactLocation
        var region: Region
    }
    struct ArtifactLocation: Decodable { var uri: String }
    struct Region: Decodable { var startLine: Int }

    var version: String
    var runs: [Run]
}

/// Reads XML by its few rules: tags nest, attributes are quoted, what must be escaped is.
private enum Elements {
    /// The elements' names in the order they begin; empty when the text is not well-formed.
    static func read(_ xml: String) -> [String] {
        var names: [String] = []
        var open: [String] = []
        var rest = xml[...]
        while let start = rest.firstIndex(of: "<") {
            guard !rest[..<start].contains(">"), let end = rest[start...].firstIndex(of: ">") else { return [] }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("?") { continue }
            guard tag.filter({ $0 == "\"" }).count.isMultiple(of: 2), !tag.contains("<") else { return [] }
            if tag.hasPrefix("/") {
                guard open.popLast() == String(tag.dropFirst()) else { return [] }
                continue
            }
            let name = String(tag.prefix { $0 != " " && $0 != "/" })
            names.append(name)
            if !tag.hasSuffix("/") { open.append(name) }
        }
        let isClean = xml.unicodeScalars.allSatisfy { $0.value >= 32 || $0 == "\n" }
        return open.isEmpty && isClean ? names : []
    }
}
