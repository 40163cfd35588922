/// One thing that happens in a piece. Which requests it leads to is the client's affair.
package enum MuseumStep: Sendable, Hashable {
    /// How an edit of the person is made.
    package struct Edit: Sendable, Hashable {
        package var cell: String
        /// `nil` deletes the cell.
        package var value: String?
        /// Instead of a value: this much more than what the screen shows.
        package var add: Int64?
        /// The reported application waits for the answer before it shows anything.
        package var waits = false
        /// The reported application shows its guess as if it were saved.
        package var asSaved = false
        /// The server refuses it.
        package var isRefused = false
    }

    /// What travels.
    package enum Message: String, Sendable, Hashable, CaseIterable {
        case readRequest = "read request"
        case readReply = "read"
        case changeRequest = "change request"
        case changeReply = "change"
        case signal = "signal"
    }

    // What the person does.
    case open(view: String)
    case refresh
    case edit(Edit)
    /// Enters text that is not submitted yet.
    case type(place: String, value: String)
    case leave
    case comeBack

    // What others and the server do.
    case commit([MuseumPiece.Cell])
    case begin(String, [MuseumPiece.Cell])
    case finish(String)
    /// An agent reads these cells to answer that one.
    case ask(String, cell: String, reads: [String])
    case answer(String, value: String)
    /// What is in memory reaches the disk, where that was not so already.
    case flush
    case crash

    // What the network does.
    /// The next message of this kind (of a read: that has to do with the cell) is held under a name.
    case hold(Message, name: String, cell: String?)
    /// A held message goes on; nothing, when none was held under the name.
    case deliver(String)
    /// A copy of a held message goes on.
    case duplicate(String)
    /// The connection of a held message breaks: whoever sent it is told that it failed.
    case lose(String)
    /// A held message ends without anybody being told.
    case swallow(String)
    /// The next read is answered from this snapshot, as by a stale cache or a replica that lags.
    case stale(revision: Int64)
    case disconnect
    case connect
    /// A reader that connected where the server registers late is registered now.
    case ready
    case wait(milliseconds: Int64)
}

extension MuseumStep {
    /// The same step where nothing is late, lost, doubled or answered from the past; `nil` when nothing is left of it.
    package var healed: MuseumStep? {
        switch self {
        case .hold, .deliver, .duplicate, .lose, .swallow, .stale, .disconnect, .connect, .ready, .crash, .flush: nil
        case .open, .refresh, .edit, .type, .leave, .comeBack, .commit, .begin, .finish, .ask, .answer, .wait: self
        }
    }
}

extension MuseumPiece {
    /// The control: the same script in order. A transaction begins where it ends, and an agent asks where it answers.
    package var healed: MuseumPiece {
        var piece = self
        piece.defects = []
        piece.isCold = false
        var begun: [String: MuseumStep] = [:]
        piece.steps = []
        for step in steps.compactMap(\.healed) {
            switch step {
            case .begin(let name, _), .ask(let name, _, _): begun[name] = step
            case .finish(let name), .answer(let name, _):
                if let begin = begun.removeValue(forKey: name) { piece.steps.append(begin) }
                piece.steps.append(step)
            case .open, .refresh, .edit, .type, .leave, .comeBack, .commit, .wait, .hold, .deliver, .duplicate, .lose,
                .swallow, .stale, .disconnect, .connect, .ready, .flush, .crash:
                piece.steps.append(step)
            }
        }
        return piece
    }
}
