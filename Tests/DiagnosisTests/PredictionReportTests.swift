import Diagnosis
import Foundation
import Testing
import Trace

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
                #expect(location.physicalLocation.region.map { $0.startLine >= 1 } ?? true)
            }
        }
        #expect(run.results.count == 1, "the six answers are one race")
        #expect(Set(run.results.map(\.partialFingerprints)).count == run.results.count)
    }
}

/// The part of SARIF 2.1.0 that a log of results must have.
private struct Sarif: Decodable {
    struct Run: Decodable {
        var tool: Tool
        var results: [Result]
    }
    struct Tool: Decodable { var driver: Driver }
    struct Driver: Decodable {
        var name: String
        var rules: [Rule]
    }
    struct Rule: Decodable { var id: String }
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
        var region: Region?
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
