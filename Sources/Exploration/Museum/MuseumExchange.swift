/// What a cell holds at some revision.
struct MuseumStored: Sendable, Hashable {
    /// `nil`: not there.
    var value: String?
    /// The commit that made it so.
    var version: Int64
}

/// A client asks for cells.
struct MuseumRead: Sendable, Hashable {
    var id: String
    /// The view it was asked for.
    var view: String
    var cells: [String]
    /// The intent it serves; `nil` when the client reads of its own accord, which is an intent of its own then.
    var intent: Int64?
    /// The oldest snapshot that will do; 0 for any.
    var minRevision: Int64 = 0
}

/// The answer: all cells from one snapshot.
struct MuseumReadReply: Sendable, Hashable {
    var read: MuseumRead
    /// The rank of the intent that the read serves.
    var rank: Int64
    /// Steps of this process before the read began.
    var askedAt: Int
    var revision: Int64
    var cells: [String: MuseumStored]
}

/// A client asks for a change.
struct MuseumChange: Sendable, Hashable {
    struct Part: Sendable, Hashable {
        var cell: String
        var value: String?
        /// The version of the cell that the value was computed from; `nil` when it does not depend on one.
        var base: Int64?
    }

    var id: String
    var intent: Int64
    var parts: [Part]
    /// The revision of the state that the client saw.
    var seen: Int64
    /// The client wants it refused when a part's base is not what stands there.
    var isGuarded = false
    /// The script has the server refuse it.
    var isRefused = false
}

/// What a change came to.
enum MuseumChangeReply: Sendable, Hashable {
    /// Committed; the rows of the changed cells as they are now.
    case committed(revision: Int64, rows: [String: MuseumStored])
    /// Another value stands there than the one it was computed from.
    case conflict(revision: Int64, rows: [String: MuseumStored])
    case refused
}

/// An event of the stream.
struct MuseumSignal: Sendable, Hashable {
    /// Its place in the stream.
    var position: Int64
    /// The commit that it announces.
    var revision: Int64
    /// What changed. Trueline's signals carry no values: its screen looks at the names only.
    var cells: [MuseumPiece.Cell]
    /// Rows came or went.
    var order = false
}

/// What happened at a server, for the record and for the network.
enum MuseumServerEvent: Sendable, Hashable {
    /// A cell became durable.
    case committed(revision: Int64, cell: String, value: String?, intent: Int64?, base: Int64?)
    /// Something that was acknowledged or announced is gone.
    case lost(revision: Int64, cell: String)
    case emitted(MuseumSignal)
}

/// What a place shows.
package struct MuseumShown: Sendable, Hashable {
    /// The cell that the content belongs to; of a sum, the place.
    package var cell: String
    package var value: String?
    /// The version of the content, when the client knows one.
    package var version: Int64?
    /// Shown as unsaved, stale or loading.
    package var isMarked: Bool
    /// The rank of the intent whose response or edit it is; 0 for the stream.
    package var rank: Int64 = 0
    /// Steps of the process before the read began that brought it; `nil` when no read did.
    package var askedAt: Int?
    /// Put back because an edit failed.
    package var isRestored = false
}
