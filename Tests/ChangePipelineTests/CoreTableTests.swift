import ChangePipeline
import Foundation
import GridModel
import Ordering
import Testing

/// Every state and every event: what the core does is written in Docs/specifications/pipeline.md, and this test reads it there.
@Suite("The pipeline's transition table")
struct CoreTableTests {
    /// The ways into each state, from a new core with small limits. In each, command 1 has been submitted by a program, where
    /// commands wait; `committing` holds a person's command 1.
    static func make(_ state: PipelineState) -> CoreScript {
        var script = CoreScript()
        switch state {
        case .idle: break
        case .collecting: _ = script.submit(.program)
        case .committing, .closingCommitting: _ = script.submit(.person)
        case .folding, .closingFolding:
            script = CoreScript(unfolded: 100)
            _ = script.submit(.person)
            _ = script.commit(nil)
            _ = script.wait(20)
        case .checkpointing, .closingCheckpointing:
            _ = script.submit(.person)
            _ = script.commit(1, checkpoint: true)
        case .closed: _ = script.handle(.closing)
        case .failed:
            _ = script.submit(.person)
            _ = script.handle(.commitFailed(.fatal))
        }
        switch state {
        case .closingCommitting, .closingFolding, .closingCheckpointing: _ = script.handle(.closing)
        case .idle, .collecting, .committing, .folding, .checkpointing, .closed, .failed: break
        }
        return script
    }

    struct Row: Sendable {
        var name: String
        var run: @Sendable (inout CoreScript) -> PipelineEvent
    }

    static func submission(_ who: CoreScript.Who, structural: Bool = false) -> PipelineEvent {
        .submitted(
            PipelineSubmission(
                id: PipelineSubmission.ID(9), intent: IntentID(high: 0, low: 9), writer: who.writer, changes: 1,
                structural: structural))
    }

    static let events: [Row] = [
        Row(name: "submitted by a person") { _ in submission(.person) },
        Row(name: "submitted by a program") { _ in submission(.program) },
        Row(name: "submitted by a program, structural") { _ in submission(.program, structural: true) },
        Row(name: "submitted again (intent 1)") { _ in
            .submitted(
                PipelineSubmission(
                    id: PipelineSubmission.ID(9), intent: IntentID(high: 0, low: 1), writer: CoreScript.Who.program.writer,
                    changes: 1, structural: false))
        },
        Row(name: "timer, early") { _ in .timerFired },
        Row(name: "timer, due") { script in
            script.now = .seconds(60)
            return .timerFired
        },
        Row(name: "committed") { .committed(PipelineCommit(revision: $0.core.revision.next, changes: 1)) },
        Row(name: "committed, nothing") { _ in .committed(PipelineCommit(revision: nil, refused: [PipelineSubmission.ID(1)])) },
        Row(name: "commit failed, full") { _ in .commitFailed(.full) },
        Row(name: "commit failed, fatal") { _ in .commitFailed(.fatal) },
        Row(name: "fold slice done") { _ in .foldDone(.slice) },
        Row(name: "fold completed") { _ in .foldDone(.completed) },
        Row(name: "fold found nothing") { _ in .foldDone(.nothing) },
        Row(name: "fold failed, full") { _ in .foldDone(.failed(.full)) },
        Row(name: "fold failed, fatal") { _ in .foldDone(.failed(.fatal)) },
        Row(name: "checkpoint done") { _ in .checkpointDone(nil) },
        Row(name: "checkpoint failed, full") { _ in .checkpointDone(.full) },
        Row(name: "checkpoint failed, fatal") { _ in .checkpointDone(.fatal) },
        Row(name: "closing") { _ in .closing },
    ]

    /// The table as the core has it, in Markdown.
    static func table() -> [String] {
        var lines: [String] = []
        for state in PipelineState.allCases {
            for event in events {
                var script = make(state)
                let event = (name: event.name, event: event.run(&script))
                guard script.core.allows(event.event) else {
                    lines.append("| \(state.rawValue) | \(event.name) | - | impossible |")
                    continue
                }
                let effects = script.handle(event.event)
                lines.append(
                    "| \(state.rawValue) | \(event.name) | \(script.core.state.rawValue) | \(effects.isEmpty ? "nothing" : effects) |"
                )
            }
        }
        return lines
    }

    static let specification = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Docs/specifications/pipeline.md")

    @Test("every state is made as named", arguments: PipelineState.allCases)
    func states(_ state: PipelineState) {
        #expect(Self.make(state).core.state == state)
    }

    @Test("the specification's table is what the core does, for every state and event")
    func specified() throws {
        let text = try String(contentsOf: Self.specification, encoding: .utf8)
        let written = text.split(separator: "\n").map(String.init).filter { line in
            PipelineState.allCases.contains { line.hasPrefix("| \($0.rawValue) | ") && line.split(separator: "|").count == 4 }
        }
        let actual = Self.table()
        for (line, expected) in zip(actual, written) where line != expected {
            Issue.record("the core does\n\(line)\nthe specification says\n\(expected)")
        }
        #expect(written.count == actual.count, "the whole table:\n\(actual.joined(separator: "\n"))")
    }
}
