import ChangePipeline
import GridModel
import Ordering

/// A page as a reply carries it: row ids, columns, and the cells of these columns as tokens, row by row.
struct PageBody: Hashable, Sendable {
    var rows: [UInt32]
    var heading: Heading
    var tokens: [UInt32]
    var tag: UInt64
    /// The snapshot it was read from.
    var revision: UInt32
}

/// A read on its way to the server.
struct ReadMessage: Sendable {
    var screen: Int
    var request: Request
    var sheet: Int
    var view: Int
    var pageSize: Int
    /// Whether every column is wanted, or the three that were there from the beginning.
    var showsAll: Bool
    /// The tags of what the client holds, by page.
    var tags: [(page: UInt32, tag: UInt64)]

    /// Whether a cache that looks at everything but the wanted revision takes the one for the other.
    func isSameQuestion(as other: ReadMessage) -> Bool {
        sheet == other.sheet && view == other.view && pageSize == other.pageSize
            && showsAll == other.showsAll && request.pages == other.request.pages
            && tags.elementsEqual(other.tags) { $0 == $1 }
    }
}

/// What comes back.
struct ReplyMessage: Sendable {
    var read: ReadMessage
    /// `nil`: the read failed so.
    var failure: Failure?
    /// The wait that a refusal asks for, in milliseconds.
    var retryAfter: UInt32?
    var revision: UInt32 = 0
    var totalRows: UInt32 = 0
    var totalPages: UInt32 = 0
    /// In order; a page without a body is unchanged.
    var pages: [(page: UInt32, body: PageBody?)] = []
}

/// A change on its way to the server: `command` is its place in the world's list.
struct ChangeMessage: Sendable {
    var command: Int
}

/// An answer on its way back.
struct AnswerMessage: Sendable {
    enum Content: Sendable {
        case done(UInt32)
        case refused
        /// Not now: the same intent is to be sent again.
        case later
    }

    var command: Int
    var content: Content
}

/// What a stream carries.
enum StreamMessage: Sendable {
    case hello(UInt32, resumedAfter: UInt32?)
    case event(SignalEvent)
    case beat(UInt32)
    case end
}

/// A stream from the server to one screen.
struct Connection: Sendable {
    /// Merges what the screen is too slow for, as the server's own streams do.
    var waiting: SignalQueue
    /// Sent and not arrived.
    var sent: [StreamMessage] = []
    /// Positions up to here were given to it.
    var position: UInt32
    /// A proxy holds back what comes.
    var isBuffered = false
    var isOpen = true
}
