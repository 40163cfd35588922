/// One thing that happens. Its numbers choose among what there is at that moment, so that any part of a schedule is a schedule:
/// that is what shrinking needs.
package struct Step: Hashable, Sendable, CustomStringConvertible {
    /// What kind of thing.
    package enum Kind: UInt8, CaseIterable, Hashable, Sendable {
        // People at a screen.
        case scroll, open, view, refresh, edit, editMany, undo, discard, lid, tab
        // People and programs who change the grid by themselves.
        case insert, delete, move, program, empty, copy
        // Columns, sheets and imports.
        case addColumn, renameColumn, retypeColumn, moveColumn, deleteColumn
        case addSheet, renameSheet, deleteSheet
        case importRows
        // Reads on their way to the server, and replies on their way back.
        case serve, deliver, duplicateReply, loseRead, loseReply, refuseRead, staleReply
        // Changes on their way, and their answers.
        case submit, answer, loseChange, loseAnswer, resend
        // Event streams.
        case event, loseEvent, doubleEvent, swapEvents, breakStream, connect, buffer, beat
        // The server and its disk.
        case write, cut, tear, failSync, full, follow
        // Agents.
        case run, prepare, reply, wrongReply, failCall, refuseCall, undoRun, control
        // Time.
        case wait
    }

    package var kind: Kind
    package var a: UInt32
    package var b: UInt32

    package init(_ kind: Kind, a: UInt32 = 0, b: UInt32 = 0) {
        self.kind = kind
        self.a = a
        self.b = b
    }

    package var description: String { "\(kind)(\(a),\(b))" }

    /// Reads what `description` writes.
    package init?(text: some StringProtocol) {
        let parts = text.split(whereSeparator: { "(,)".contains($0) })
        guard parts.count == 3, let kind = Kind.allCases.first(where: { "\($0)" == parts[0] }), let a = UInt32(parts[1]),
            let b = UInt32(parts[2])
        else { return nil }
        self.init(kind, a: a, b: b)
    }
}
