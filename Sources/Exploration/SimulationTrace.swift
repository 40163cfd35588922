package import Trace

/// A schedule as a trace that `trueline open` draws and `trueline diagnose` reads: the screens, the server, what was asked, sent, stored
/// and painted, in virtual time.
package enum SimulationTrace {
    /// Runs a schedule again, and writes down what its oracles were told.
    package static func events(of schedule: Schedule, _ options: Simulation.Options) -> [TraceEvent] {
        let lines = Simulation.lines(of: schedule, options)
        var writer = Writer()
        let screens = lines.map(\.actor).max() ?? 0
        writer.declare("server", role: "server")
        for screen in 0...max(0, screens) { writer.declare("screen \(screen)", role: "browser") }
        for line in lines { writer.add(line) }
        if let violation = Simulation.run(schedule, options).violation {
            writer.end(violation, at: lines.last?.milliseconds ?? 0)
        }
        return writer.events
    }

    private struct Writer {
        var events: [TraceEvent] = []
        /// Microseconds within one millisecond, so that what came later is later.
        private var last: UInt64 = 0
        private var tick: Int64 = 0
        private var turn = 0
        private var frame: Int64 = 0

        mutating func declare(_ process: String, role: String) {
            var event = TraceEvent(.process)
            event.process = process
            event.attributes = [
                TraceEvent.Attribute(name: "role", value: "\"\(role)\""),
                TraceEvent.Attribute(name: "clock", value: "\"simulated\""),
            ]
            events.append(event)
        }

        mutating func end(_ violation: Violation, at milliseconds: UInt64) {
            var event = TraceEvent(.error)
            event.process = "server"
            event.time = Int64(milliseconds + 1) * 1_000_000
            event.label = violation.description
            events.append(event)
        }

        mutating func add(_ line: TraceRecord.Line) {
            tick = line.milliseconds == last ? tick + 1 : 0
            last = line.milliseconds
            var event = TraceEvent(kind(of: line.kind))
            event.process = line.actor < 0 ? "server" : "screen \(line.actor)"
            event.session = line.actor < 0 ? "" : "person \(line.actor)"
            event.time = Int64(line.milliseconds) * 1_000_000 + tick * 1_000
            event.label = "\(line.kind) \(line.a) \(line.b)"
            fill(&event, line)
            events.append(event)
        }

        private mutating func fill(_ event: inout TraceEvent, _ line: TraceRecord.Line) {
            let slot = "screen \(line.actor)"
            switch line.kind {
            case .opened, .moved:
                turn += 1
                event.intent = "\(slot) turn \(turn)"
                event.number = Int64(turn)
                event.slot = slot
            case .sent:
                event.request = "\(slot) read \(line.a)"
                event.intent = "\(slot) turn \(turn)"
                event.slot = slot
            case .cancelled, .arrived, .failed, .applied:
                event.request = "\(slot) read \(line.a)"
                event.slot = slot
                if line.kind == .applied { event.key = "page \(line.b)" }
                if line.kind == .arrived { event.version = .number(Int64(clamping: line.b)) }
            case .painted, .advanced:
                frame += 1
                event.number = frame
                event.slot = slot
                event.shows = [TraceEvent.Shown(key: "what \(slot) shows", version: .number(Int64(clamping: line.a)))]
            case .appended, .synced, .emitted: event.version = .number(Int64(clamping: line.a))
            case .signalled: event.number = Int64(clamping: line.b)
            default: break
            }
        }

        private func kind(of kind: TraceRecord.Kind) -> EventKind {
            switch kind {
            case .opened, .moved: .intent
            case .sent: .start
            case .cancelled: .cancel
            case .arrived: .arrive
            case .painted, .advanced: .render
            case .signalled: .signal
            case .emitted: .emit
            case .synced: .commit
            case .appended, .submitted, .answered, .served, .streamed, .failed, .applied, .withdrawn, .evicted, .released,
                .connected,
                .gap, .acknowledged, .edited, .lost, .hidden, .shown, .asked, .called, .answeredByModel, .settled, .ended,
                .turned, .replied, .planned,
                .powerLost, .recovered:
                .note
            }
        }
    }
}
