package import Trace

/// Findings in words. Every sentence names the events it is about.
package struct Sentences: Sendable {
    private let log: TraceLog

    package init(_ log: TraceLog) {
        self.log = log
    }

    package func sentence(_ finding: Finding) -> String {
        let event = log.name(of: finding.event)
        let other = finding.other.map { log.name(of: $0) } ?? "an earlier event"
        let key = finding.key.isNone ? "" : " `\(log.text(finding.key))`"
        let request = finding.request.isNone ? "" : " (response of \(log.text(finding.request)))"
        let otherRequest = finding.otherRequest.isNone ? "" : " (response of \(log.text(finding.otherRequest)))"
        return text(finding, event + request, other + otherRequest, key)
    }

    private func text(_ finding: Finding, _ event: String, _ other: String, _ key: String) -> String {
        switch finding.rule {
        case .staleResponseOverwrite:
            let verdict = finding.policy?.policy == nil ? "; whether the later should win is not declared" : ""
            return "\(event) replaced what \(other) had written to\(key), though that was asked for later\(verdict)."
        case .completionBoundWrite:
            if finding.key.isNone {
                return "\(event) and \(other) are about one thing and were in flight at once: they \(finding.detail)."
            }
            return
                "\(event) and \(other) both write\(key), nothing orders them, and no guard stands between delivery and write."
        case .lostUpdate: return "\(event) wrote\(key) \(finding.detail) by \(other): that change is lost."
        case .dirtyDisplay: return "\(event) showed\(key) at a version that was not known to be durable: \(finding.detail)."
        case .nonMonotonicRead: return "\(event) took\(key) back: \(finding.detail) (\(other))."
        case .readYourWrites: return "\(event) is behind the session's own write of\(key): \(finding.detail) (\(other))."
        case .serverInversion: return "\(event) committed\(key) after \(other), though it was asked for before."
        case .tornSnapshot: return "\(event) showed a state that never was: \(finding.detail)."
        case .mixedAggregate: return "\(event) computed\(key) from parts of different answers: \(finding.detail)."
        case .orphanResponse:
            return
                "\(event) wrote\(key) after \(other) had \(finding.detail == "cancelled" ? "given its request up" : "taken its view away")."
        case .resurrection: return "\(event) brought\(key) back, which \(other) had deleted."
        case .doubleSubmit: return "One intent was committed twice: \(finding.detail) (\(other), \(event))."
        case .identityMixUp: return "\(event) put an answer under the wrong name in\(key): \(finding.detail)."
        case .rollbackClobber: return "\(event) took\(key) back past what \(other) had written since."
        case .refetchClobber: return "\(event) dropped the person's unacknowledged change to\(key) (\(other))."
        case .signalBeforeData: return "\(event) read\(key) older than it had been told of: \(finding.detail) (\(other))."
        case .streamGap: return "The stream \(finding.detail) at \(event) (after \(other))."
        case .hydrationClobber: return "\(event) replaced what the person had entered in\(key) (\(other))."
        case .lostCompletion: return "The slot waits since \(event), and nothing that could end it is in flight."
        }
    }

    /// The divergence in one sentence.
    package func sentence(_ divergence: Divergence) -> String {
        let write = log.name(of: divergence.event)
        let key = log.text(divergence.key)
        let pair = "\(log.text(divergence.request)) before \(log.text(divergence.overtaken))"
        let start =
            "\(write) is where it diverged: it wrote `\(key)` because the response of \(log.text(divergence.request)) came then, not because it was asked for then."
        if divergence.isSingle {
            return "\(start) Delivering \(pair), and nothing else, makes the slot end as it was asked for."
        }
        if divergence.moves.isEmpty {
            return
                "\(start) No order in which these responses could have come ends as it was asked for; the server's order has to be looked at."
        }
        let moves = divergence.moves.map { "\(log.text($0.delivery)) before \(log.text($0.before))" }.joined(separator: ", ")
        return "\(start) One move does not suffice; these do together: \(moves)."
    }
}
