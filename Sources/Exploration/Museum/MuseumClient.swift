import Trace

/// What happens to a client.
enum MuseumClientEvent: Sendable {
    /// The person asked for a view.
    case opened(MuseumPiece.View, intent: Int64)
    case refresh(intent: Int64)
    case edited(MuseumStep.Edit, intent: Int64)
    case typed(place: String, value: String)
    case left
    case cameBack
    case readArrived(MuseumReadReply)
    case readFailed(String)
    case changeArrived(MuseumChange, MuseumChangeReply)
    case changeFailed(MuseumChange)
    case signal(MuseumSignal)
    case connected(revision: Int64, resumedAfter: Int64?)
    case disconnected
    case timer
}

/// What a client does.
enum MuseumClientEffect: Sendable {
    case read(MuseumRead)
    case change(MuseumChange)
    case cancel(String)
    /// Something for the record: a write, an acknowledgement, a slot that waits.
    case note(TraceEvent)
}

/// A program with a screen. It sees what a real one sees: what the person does, what arrives, and the time.
protocol MuseumClient {
    mutating func handle(_ event: MuseumClientEvent, at milliseconds: UInt64)
    /// The next thing it does.
    mutating func nextEffect() -> MuseumClientEffect?
    /// What the screen shows now, by place; empty while nothing of it is on the screen.
    var screen: [String: MuseumShown] { get }
    /// Something says that it waits.
    var isPending: Bool { get }
    /// When it wants to be called.
    var timer: UInt64? { get }
}

/// What a server is to the network of a piece.
protocol MuseumServer {
    var revision: Int64 { get }
    mutating func read(_ read: MuseumRead, from snapshot: Int64?) -> (revision: Int64, cells: [String: MuseumStored])
    /// `nil`: it never answers.
    mutating func change(_ change: MuseumChange) -> MuseumChangeReply?
    mutating func commit(_ cells: [MuseumPiece.Cell])
    mutating func begin(_ name: String, _ cells: [MuseumPiece.Cell])
    mutating func finish(_ name: String)
    mutating func ask(_ name: String, cell: String, reads: [String])
    mutating func answer(_ name: String, value: String)
    mutating func flush()
    mutating func crash()
    /// A reader comes, or comes back having seen the stream up to a position.
    mutating func connect(after position: Int64?) -> (revision: Int64, missed: [MuseumSignal])
    mutating func takeEvents() -> [MuseumServerEvent]
}
