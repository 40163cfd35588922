import Trace

/// For other people's CI: JUnit XML in the dialect that servers read (testsuites, testsuite, testcase, failure), and SARIF 2.1.0 (OASIS).
extension PredictionReport {
    /// A test case a group of responses, failed where an order ends otherwise.
    package func junit(_ threshold: Threshold) -> [UInt8] {
        let groups = predictions.coverage.groups.indices
        let failing = failing(threshold)
        let failed = Set(failing.map(\.component)).count
        let totals = "tests=\"\(max(1, groups.count))\" failures=\"\(failed)\" errors=\"0\""
        var xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"trueline predict\" \(totals)>\n"
        xml +=
            "  <testsuite name=\"\(Self.escaped(inputs.map(\.name).joined(separator: ", ")))\" \(totals) skipped=\"0\" time=\"0\">\n"
        if groups.isEmpty {
            xml += "    <testcase classname=\"trueline.predict\" name=\"no order of the responses shows\" time=\"0\"/>\n"
        }
        for group in groups {
            let own = predictions.found.indices.filter { predictions.found[$0].component == group }
            let worst = own.filter { counts(predictions.found[$0], threshold) }
            let slot = own.first.flatMap { requestName(predictions.found[$0].slot) }.map { ": \($0)" } ?? ""
            let name = Self.escaped("group \(group + 1), \(predictions.coverage.groups[group].deliveries) responses\(slot)")
            xml += "    <testcase classname=\"trueline.predict\" name=\"\(name)\" time=\"0\""
            xml += worst.isEmpty ? "/>\n" : ">\n"
            for (place, index) in worst.enumerated() where place == 0 {
                let lines = worst.map { "\(sentence(predictions.found[$0])) \(remedy(predictions.found[$0]))" }
                xml += "      <failure type=\"\(predictions.found[index].rule?.code ?? "order")\""
                xml += " message=\"\(Self.escaped(sentence(predictions.found[index])))\">"
                xml += Self.escaped(lines.joined(separator: "\n")) + "</failure>\n    </testcase>\n"
            }
        }
        return Array((xml + "  </testsuite>\n</testsuites>\n").utf8)
    }

    /// Text for XML 1.0: what it may not hold at all is replaced.
    private static func escaped(_ text: String) -> String {
        let allowed = text.unicodeScalars.map { scalar -> Unicode.Scalar in
            let isAllowed = scalar.value >= 32 || scalar == "\t" || scalar == "\n"
            return isAllowed && scalar.value != 0xFFFE && scalar.value != 0xFFFF ? scalar : "\u{FFFD}"
        }
        return DiagnosisReport.escaped(String(String.UnicodeScalarView(allowed)))
    }

    // MARK: SARIF

    /// A result for the keys of a group that can end otherwise, at the line of the event that comes too early.
    package func sarif(toolVersion: String) -> [UInt8] {
        let rules = sarifRules
        let driver = JSONValue.object([
            ("name", .text("trueline predict")), ("version", .text(toolVersion)), ("semanticVersion", .text(toolVersion)),
            (
                "rules",
                .array(
                    rules.map { .object([("id", .text($0.id)), ("shortDescription", .object([("text", .text($0.text))]))]) })
            ),
        ])
        let results = nearest.map { prediction -> JSONValue in
            let rule = prediction.rule?.code ?? Self.orderRule
            return .object([
                ("ruleId", .text(rule)), ("ruleIndex", .count(rules.firstIndex { $0.id == rule } ?? 0)),
                ("level", .text(prediction.severity >= .visible ? "error" : "warning")),
                ("message", .object([("text", .text("\(sentence(prediction)) \(remedy(prediction))"))])),
                ("locations", .array([location(prediction)])),
                ("partialFingerprints", .object([("trueline/v1", .text(fingerprint(prediction)))])),
            ])
        }
        return Self.bytes(
            .object([
                ("$schema", .text("https://json.schemastore.org/sarif-2.1.0.json")), ("version", .text("2.1.0")),
                (
                    "runs",
                    .array([
                        .object([
                            ("tool", .object([("driver", driver)])), ("columnKind", .text("unicodeCodePoints")),
                            ("results", .array(results)),
                        ])
                    ])
                ),
            ]))
    }

    private var nearest: [Prediction] { kinds.map { predictions.found[$0.first] } }

    private static let orderRule = "order"

    private var sarifRules: [(id: String, text: String)] {
        let found = Set(nearest.compactMap(\.rule)).sorted().map { (id: $0.code, text: Self.sentenceCase($0.title)) }
        let hasOther = nearest.contains { $0.rule == nil }
        return found + (hasOther ? [(Self.orderRule, "Another order of the responses ends otherwise.")] : [])
    }

    private static func sentenceCase(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + "." }

    /// The event's line in its file; an event that a file of another format gave has the line of the imported trace, so only the file is named.
    private func location(_ prediction: Prediction) -> JSONValue {
        let event = prediction.reversals.first?.first ?? prediction.order.first ?? 0
        var physical: [(String, JSONValue)] = [
            ("artifactLocation", .object([("uri", .text(Self.uri(artifact)))]))
        ]
        if inputs.count == 1, inputs[0].format == "trueline" {
            physical.append(("region", .object([("startLine", .number(Int64(max(1, log.lines[event]))))])))
        }
        return .object([("physicalLocation", .object(physical))])
    }

    /// Bytes that RFC 3986 does not allow in a path are written as their number.
    private static func uri(_ name: String) -> String {
        name.utf8.map { byte in
            let isPlain =
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-._~/".utf8.contains(byte)
            if isPlain { return String(UnicodeScalar(byte)) }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    /// The same race in the next recording has the same one: rule, slot, keys and what was asked for, not names of events or values.
    private func fingerprint(_ prediction: Prediction) -> String {
        var parts =
            [prediction.rule?.code ?? Self.orderRule, log.text(prediction.slot)] + prediction.ends.map { log.text($0.key) }
        for reversal in prediction.reversals {
            for request in [reversal.firstRequest, reversal.secondRequest] {
                parts.append(String((attribute("url", of: request) ?? "").prefix { $0 != "?" }))
            }
        }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in parts.joined(separator: "\n").utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return String(hash, radix: 16)
    }
}
