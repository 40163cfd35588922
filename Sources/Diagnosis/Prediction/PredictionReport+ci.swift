import Trace

/// For other people's CI: JUnit XML in the dialect that servers read (testsuites, testsuite, testcase, failure), and SARIF 2.1.0 (OASIS).
extension PredictionReport {
    /// A test case a group of responses, failed where an order ends otherwise.
    package func junit(_ threshold: Threshold) -> [UInt8] {
        let groups = predictions.coverage.groups.indices
        let names = groupNames
        let failing = failing(threshold)
        let failed = Set(failing.map(\.component)).count
        let totals = "tests=\"\(max(1, groups.count))\" failures=\"\(failed)\" errors=\"0\""
        var xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"trueline predict\" \(totals)>\n"
        xml +=
            "  <testsuite name=\"\(Self.escaped(inputs.map(\.name).joined(separator: ", ")))\" \(totals) skipped=\"0\" time=\"0\">\n"
        if groups.isEmpty {
            xml += "    <testcase classname=\"trueline.predict\" name=\"no order of the responses shows\" time=\"0\"/>\n"
        }
        let predictionsOfGroup = Dictionary(grouping: predictions.found.indices) { predictions.found[$0].component }
        for group in groups {
            let worst = (predictionsOfGroup[group] ?? []).filter { counts(predictions.found[$0], threshold) }
            let name = Self.escaped(names[group])
            xml += "    <testcase classname=\"trueline.predict\" name=\"\(name)\" time=\"0\""
            xml += worst.isEmpty ? "/>\n" : ">\n"
            for (place, index) in worst.enumerated() where place == 0 {
                let lines = worst.map { "\(sentence(predictions.found[$0])) \(remedy(predictions.found[$0]))" }
                xml += "      <failure type=\"\(ruleID(predictions.found[index]))\""
                xml += " message=\"\(Self.escaped(sentence(predictions.found[index])))\">"
                xml += Self.escaped(lines.joined(separator: "\n")) + "</failure>\n    </testcase>\n"
            }
        }
        return Array((xml + "  </testsuite>\n</testsuites>\n").utf8)
    }

    /// What each group is about, the same in the next recording: servers follow a test case by its name. Two of one name are numbered.
    private var groupNames: [String] {
        var counts: [String: Int] = [:]
        return predictions.coverage.groups.map { group in
            let keys = group.keys.prefix(Self.maximumKeys).map { "`\(log.text($0))`" }.joined(separator: ", ")
            let more = group.keys.count > Self.maximumKeys ? " and \(group.keys.count - Self.maximumKeys) more" : ""
            let name = "\(requestName(group.slot).map { "\($0): " } ?? "")\(keys)\(more)"
            counts[name, default: 0] += 1
            let count = counts[name, default: 1]
            return count == 1 ? name : "\(name) (\(count))"
        }
    }

    private static let maximumKeys = 3

    /// What names a prediction: the rule that it breaks, or that the recording does.
    private func ruleID(_ prediction: Prediction) -> String {
        (prediction.rule ?? prediction.repairs)?.code ?? Self.orderRule
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
                    rules.map { rule in
                        .object([
                            ("id", .text(rule.id)), ("shortDescription", .object([("text", .text(rule.text))])),
                            ("help", .object([("text", .text(Self.help))])),
                        ])
                    })
            ),
        ])
        let results = nearest.map { prediction -> JSONValue in
            let rule = ruleID(prediction)
            let fingerprint = fingerprint(prediction)
            return .object([
                ("ruleId", .text(rule)), ("ruleIndex", .count(rules.firstIndex { $0.id == rule } ?? 0)),
                ("level", .text(prediction.severity >= .visible ? "error" : "warning")),
                ("message", .object([("text", .text("\(sentence(prediction)) \(remedy(prediction))"))])),
                ("locations", .array([location(prediction)])),
                // The second is what GitHub follows an alert by; its action would compute it from the line of a file that is no source.
                (
                    "partialFingerprints",
                    .object([("trueline/v1", .text(fingerprint)), ("primaryLocationLineHash", .text("\(fingerprint):1"))])
                ),
            ])
        }
        return Self.bytes(
            .object([
                ("$schema", .text("https://json.schemastore.org/sarif-2.1.0.json")), ("version", .text("2.1.0")),
                (
                    "runs",
                    .array([
                        .object([
                            ("tool", .object([("driver", driver)])),
                            // Several recordings of one build are several categories, or the last one would close the alerts of the others.
                            ("automationDetails", .object([("id", .text("trueline predict/\(Self.uri(artifact))/"))])),
                            ("columnKind", .text("unicodeCodePoints")),
                            ("results", .array(results)),
                        ])
                    ])
                ),
            ]))
    }

    private var nearest: [Prediction] { kinds.map { predictions.found[$0.first] } }

    private static let orderRule = "order"
    private static let help =
        "The recorded responses, delivered in another order that the network may choose, leave another state. Write the order to a file with --witness, replay it with trueline replay --order, and force it in a browser with trueline proxy --witness."

    private var sarifRules: [(id: String, text: String)] {
        let found = Set(nearest.compactMap { $0.rule ?? $0.repairs }).sorted().map {
            (id: $0.code, text: Self.sentenceCase($0.title))
        }
        let hasOther = nearest.contains { $0.rule == nil && $0.repairs == nil }
        return found + (hasOther ? [(Self.orderRule, "Another order of the responses ends otherwise.")] : [])
    }

    private static func sentenceCase(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + "." }

    /// The event's line in its file; an event that a file of another format gave has the line of the imported trace, so the file's first line stands for it.
    private func location(_ prediction: Prediction) -> JSONValue {
        let event = prediction.reversals.first?.first ?? prediction.order.first ?? 0
        // GitHub shows no result without a line.
        let line = inputs.count == 1 && inputs[0].format == "trueline" ? Int64(max(1, log.lines[event])) : 1
        return .object([
            (
                "physicalLocation",
                .object([
                    ("artifactLocation", .object([("uri", .text(Self.uri(artifact)))])),
                    ("region", .object([("startLine", .number(line))])),
                ])
            )
        ])
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
            [ruleID(prediction), log.text(prediction.slot)] + prediction.ends.map { log.text($0.key) }
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
