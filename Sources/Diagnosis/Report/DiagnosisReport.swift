package import Trace

/// A diagnosis with what it was made from, to be printed as text, JSON or HTML.
package struct DiagnosisReport: Sendable {
    /// One file that was read.
    package struct Input: Sendable, Hashable {
        package var name: String
        package var format: String
        package var events: Int
        /// Lines or entries that could not be read.
        package var rejected: Int
        /// What this format cannot tell, in sentences.
        package var limits: [String]

        package init(name: String, format: String, events: Int, rejected: Int, limits: [String]) {
            self.name = name
            self.format = format
            self.events = events
            self.rejected = rejected
            self.limits = limits
        }
    }

    package let log: TraceLog
    package let diagnosis: Diagnosis
    package let inputs: [Input]
    package let explanation: Explanation?
    let sentences: Sentences

    package init(_ log: TraceLog, _ diagnosis: Diagnosis, inputs: [Input]) {
        self.log = log
        self.diagnosis = diagnosis
        self.inputs = inputs
        sentences = Sentences(log)
        explanation = diagnosis.divergences.first.map { divergence in
            let frame = diagnosis.findings.first { $0.rule == .staleResponseOverwrite && $0.event == divergence.event }?.frame
            return Explanation(divergence, log, frame: frame)
        }
    }

    /// Events of each process, in the order of the processes.
    var boundaries: [(process: TraceLog.Process, events: Int)] {
        var counts = [Int](repeating: 0, count: log.processes.count)
        for process in log.processIndices { counts[Int(process)] += 1 }
        return zip(log.processes, counts).map { ($0, $1) }
    }

    func symptom(_ event: Int) -> String {
        switch log.kinds[event] {
        case .expect:
            let name = log.attribute("name", of: event).map { Self.unquoted($0) } ?? log.text(log.labels[event])
            return "\(log.name(of: event)): expected \"\(name)\", and it did not hold."
        case .error:
            let message = log.attribute("message", of: event).map { Self.unquoted($0) } ?? log.text(log.labels[event])
            return "\(log.name(of: event)): an error was seen: \(message)"
        case .process, .slot, .intent, .start, .cancel, .arrive, .deliver, .read, .write, .delete, .ack, .commit, .abort, .emit,
            .signal, .render, .mount, .unmount, .pending, .settled, .note:
            return log.name(of: event)
        }
    }

    static func unquoted(_ json: String) -> String {
        json.hasPrefix("\"") && json.hasSuffix("\"") && json.utf8.count >= 2 ? String(json.dropFirst().dropLast()) : json
    }

    /// An event in a few words: its kind, and what it is about.
    func describe(_ event: Int) -> String {
        var words = ["\(log.kinds[event].name)"]
        if !log.labels[event].isNone { words.append("\"\(log.text(log.labels[event]))\"") }
        if !log.requests[event].isNone { words.append(log.text(log.requests[event])) }
        if !log.slotNames[event].isNone { words.append("of \(log.text(log.slotNames[event]))") }
        if !log.keys[event].isNone { words.append("`\(log.text(log.keys[event]))`") }
        let value = log.value(of: event)
        if !value.isEmpty { words.append("= \(String(decoding: value.prefix(60), as: UTF8.self))") }
        return words.joined(separator: " ")
    }
}
