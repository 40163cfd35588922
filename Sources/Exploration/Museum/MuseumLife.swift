package import Trace

/// What happened when a client lived through a piece: the facts that the judge looks at, in order, and the same as a trace.
package struct MuseumLife: Sendable {
    package var piece: MuseumPiece
    package var client: MuseumClientKind
    var facts: [MuseumFact]
    /// For `trueline diagnose` and `trueline open`.
    package var events: [TraceEvent]
}

/// One fact. Its place in the list is the order in which it came to be at the client; of a commit, at the server.
enum MuseumFact: Sendable, Hashable {
    /// The person asked to see a view.
    case opened(MuseumPiece.View, intent: Int64)
    case edited(MuseumStep.Edit, intent: Int64, value: String?)
    case typed(place: String, value: String)
    case left
    case cameBack
    /// A cell became durable.
    case committed(revision: Int64, cell: String, value: String?, intent: Int64?, base: Int64?)
    /// A commit that was told of is gone.
    case lost(revision: Int64, cell: String)
    /// The client learned that the person's edit is saved.
    case acknowledged(intent: Int64, revision: Int64)
    /// The client learned that it is not.
    case refused(intent: Int64)
    /// The stream is open; what comes next has a place after this one.
    case connected(position: Int64)
    case signalled(position: Int64, revision: Int64, cells: [String])
    /// A frame: what each place shows.
    case painted([String: MuseumShown])
    /// Everything has been delivered and every timer has run.
    case quiet(isPending: Bool)
}

/// Writes down the trace of a life.
struct MuseumRecord {
    static let screen = "screen"
    static let store = "store"

    private(set) var events: [TraceEvent] = []
    private var frame: Int64 = 0
    private var task = 0
    private var tick: Int64 = 0

    init() {
        for (name, role) in [(Self.screen, "browser"), (Self.store, "store")] {
            add(.process, in: name) {
                $0.attributes = [
                    TraceEvent.Attribute(name: "role", value: "\"\(role)\""),
                    TraceEvent.Attribute(name: "clock", value: "\"museum\""),
                ]
            }
        }
    }

    mutating func add(_ kind: EventKind, in process: String = Self.screen, _ fill: (inout TraceEvent) -> Void = { _ in }) {
        var event = TraceEvent(kind)
        fill(&event)
        add(event, in: process)
    }

    mutating func add(_ event: TraceEvent, in process: String = Self.screen) {
        var event = event
        event.process = process
        event.session = process == Self.screen ? "person" : ""
        tick += 1
        // A millisecond an event, so that a timeline has room between them.
        event.time = (milliseconds + tick) * 1_000_000
        if process == Self.screen, task > 0 { event.task = "t\(task)" }
        events.append(event)
    }

    /// Virtual time.
    var milliseconds: Int64 = 0

    /// A turn of the client's event loop begins.
    mutating func beginTask() { task += 1 }

    /// - Parameter sum: a place whose value is computed: it is no cell of the store.
    mutating func paint(_ screen: [String: MuseumShown], slot: String, sum: String?) {
        frame += 1
        let number = frame
        var shows: [TraceEvent.Shown] = []
        for (place, shown) in screen.sorted(by: { $0.key < $1.key }) {
            // A place that shows different cells at different times is no cell of the store: only its values can be compared.
            guard place == shown.cell, place != sum,
                let version = shown.version.map({ TraceEvent.Version.number($0) }) ?? unknown(shown)
            else { continue }
            shows.append(TraceEvent.Shown(key: place, version: version, marked: shown.isMarked))
        }
        add(.render) { event in
            event.number = number
            event.slot = slot
            event.shows = shows
        }
    }

    /// A value shown as saved that no commit made has a version that no commit has.
    private func unknown(_ shown: MuseumShown) -> TraceEvent.Version? {
        shown.isMarked || shown.rank == 0 || shown.isRestored ? nil : .text("unsaved \(shown.rank)")
    }

    /// A text as JSON.
    static func json(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONText.append(quoting: text.utf8, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
