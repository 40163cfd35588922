import Trace

extension PredictionReport {
    /// The report for people. `isColoured` only for a terminal. With witnesses the command that replays each is printed.
    package func text(isColoured: Bool, witnesses directory: String?) -> String {
        var page = TextPage(isColoured: isColoured)
        for section in sections(directory) { page.add(section) }
        return page.text
    }

    /// One self-contained page.
    package func html(witnesses directory: String?) -> String { DiagnosisReport.page("Prediction", sections(directory)) }

    /// Predictions printed in full; the others are counted, and in JSON.
    private static let maximumPrinted = 20

    private func sections(_ directory: String?) -> [ReportSection] {
        var sections = [summary]
        let kinds = kinds
        for kind in kinds.prefix(Self.maximumPrinted) { sections.append(section(kind, directory)) }
        if kinds.count > Self.maximumPrinted {
            var more = ReportSection(title: "Further predictions")
            more.add("about \(kinds.count - Self.maximumPrinted) other sets of keys; --format json has them all")
            sections.append(more)
        }
        sections.append(coverage(directory))
        sections.append(unknown)
        return sections
    }

    private var summary: ReportSection {
        var section = ReportSection(title: "Predicted from the recorded responses, in other orders of arrival (T1)")
        for input in inputs {
            let rejected = input.rejected == 0 ? "" : ", \(input.rejected) could not be read"
            section.add("\(input.name): \(input.format), \(input.events) events\(rejected)")
        }
        if predictions.recordedViolations > 0 {
            section.add(
                "The recorded order is not healthy itself (\(predictions.recordedViolations) violations): see trueline diagnose."
            )
        }
        if let option = predictions.limits.guard {
            section.add("As if every response that names no guard went through \(option.code) \(option.title).")
        }
        let count = predictions.found.count
        section.add(
            count == 0
                ? "Clean: every order that was looked at ends as the recorded one."
                : "\(count) other end\(count == 1 ? "" : "s")\(predictions.worst.map { ", the worst \($0.name)" } ?? "").",
            .strong)
        return section
    }

    private func section(_ kind: Kind, _ directory: String?) -> ReportSection {
        let (prediction, index) = (predictions.found[kind.first], kind.first)
        let known = prediction.severityKnown ? "" : "; no frame was recorded, so whether a person would see it is not known"
        var section = ReportSection(
            title: "\(index + 1). \(title(prediction)) [\(prediction.severity.name), \(prediction.confidence)\(known)]")
        section.add(sentence(prediction), .bad)
        if prediction.ends.contains(where: \.isShown) {
            section.add(
                "Frames show \(prediction.ends.filter(\.isShown).prefix(5).map { "`\(log.text($0.key))`" }.joined(separator: ", "))."
            )
        }
        if !prediction.sentence.isEmpty { section.add(prediction.sentence) }
        if let delay = prediction.delay {
            section.add(
                "It takes an answer at least \(Self.duration(delay)) later than recorded, or a person that much faster.")
        }
        if let event = prediction.inexactBeyond {
            section.add(
                "Inexact beyond \(name(event)): it would have read something else, and what followed was never recorded (T2: needs the server).",
                .strong)
        }
        section.add(remedy(prediction), prediction.advised == nil ? .plain : .good)
        for other in kind.others.prefix(Self.maximumOthers) { section.add("    \(short(predictions.found[other], other))") }
        if kind.others.count > Self.maximumOthers {
            section.add("    and \(kind.others.count - Self.maximumOthers) further ends")
        }
        if let directory {
            let witness = "\(directory)/\(Self.witnessName(index))"
            section.add("Replay: \(replayCommand) \(witness)")
            if let command = forceCommand(prediction, witness) { section.add("Force it in a browser: \(command)") }
        }
        return section
    }

    /// The proxy makes the order happen, where it can tell the responses by what was asked for.
    private func forceCommand(_ prediction: Prediction, _ witness: String) -> String? {
        let requests = prediction.reversals.flatMap { [$0.firstRequest, $0.secondRequest] }.filter { !$0.isNone }
        guard let first = requests.first, requests.allSatisfy({ attribute("url", of: $0) != nil }) else { return nil }
        let upstream = attribute("url", of: first).flatMap(Self.origin) ?? "http://127.0.0.1:YOUR-SERVER"
        return "trueline proxy --upstream \(upstream) --witness \(witness) --inject"
    }

    /// Scheme, host and port of an absolute address; `nil` of a path.
    private static func origin(_ url: String) -> String? {
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else { return nil }
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        let host = parts.count > 2 ? parts[2].prefix { $0 != "?" && $0 != "#" } : ""
        // What stands here is pasted into a shell.
        let isPlain = host.utf8.allSatisfy {
            ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: ":")) || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z"))
                || ($0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z")) || "-.[]".utf8.contains($0)
        }
        return isPlain && !host.isEmpty ? "\(parts[0])//\(host)" : nil
    }

    /// Further ends of the same keys, a line each.
    private static let maximumOthers = 5

    private func short(_ prediction: Prediction, _ index: Int) -> String {
        let ends = prediction.ends.prefix(3).map { "`\(log.text($0.key))` \($0.predicted.prefix(40))" }.joined(separator: ", ")
        return "Further from the recording (\(prediction.reversals.count) pairs) it ends with \(ends): prediction \(index + 1)."
    }

    static func duration(_ nanoseconds: Int64) -> String {
        nanoseconds >= 10_000_000_000 ? "\(nanoseconds / 1_000_000_000) s" : "\(nanoseconds / 1_000_000) ms"
    }

    private func coverage(_ directory: String?) -> ReportSection {
        let coverage = predictions.coverage
        var section = ReportSection(title: "Looked at")
        if coverage.groups.isEmpty {
            section.add("No two responses have an order that shows.")
            return section
        }
        section.add(
            "\(coverage.deliveries) responses in \(coverage.groups.count) group\(coverage.groups.count == 1 ? "" : "s") whose order shows; \(coverage.replays) orders replayed\(coverage.isComplete ? ", all that differ" : "")."
        )
        section.add(
            "At most \(predictions.limits.reversals) pairs the other way round, at most \(predictions.limits.replays) replays a group\(coverage.randomReplays == 0 ? "" : ", then \(coverage.randomReplays) by chance from seed \(predictions.limits.seed)")."
        )
        if coverage.ends > predictions.found.count {
            section.add("\(coverage.ends) other ends in all; described are the nearest of each group.")
        }
        if directory == nil, !predictions.found.isEmpty {
            section.add("--witness DIR writes each order to a file: to replay it, and to force it in a browser.")
        }
        return section
    }

    private var unknown: ReportSection {
        var section = ReportSection(title: "Not known")
        section.add("What the server would have answered to requests in another order (T2).")
        for input in inputs { for limit in input.limits { section.add(limit) } }
        for sentence in predictions.unknown { section.add(sentence) }
        return section
    }
}
