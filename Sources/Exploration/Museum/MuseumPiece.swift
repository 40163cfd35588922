/// A public bug of this class as something that can be run: what people saw, the rule that was missing, and the script of what the
/// person, the others, the server and the network did. The format is `Docs/specifications/museum.md`.
package struct MuseumPiece: Sendable, Hashable {
    /// Where the bug is told.
    package struct Source: Sendable, Hashable {
        /// "owner/name" of the public project, or the incident's name.
        package var project: String
        /// Of the issue or pull request; `nil` for an incident.
        package var number: Int64?
        package var link: String
        /// What of it was read before the piece was written.
        package var read: String
    }

    /// Places on the screen and the cells that they show under one set of arguments.
    package struct View: Sendable, Hashable {
        package struct Place: Sendable, Hashable {
            package var name: String
            package var cell: String
        }

        package var name: String
        package var places: [Place]
        /// A place that shows the sum of other places.
        package var sum: String?
        /// The places that are summed.
        package var terms: [String] = []
        /// The reported application asks for each place by a request of its own.
        package var inParts = false

        /// The cell that a place shows; `nil` when the view has no such place.
        package func cell(at place: String) -> String? { places.first { $0.name == place }?.cell }
    }

    /// A cell and what it holds; `nil` is a cell that is not there.
    package struct Cell: Sendable, Hashable {
        package var name: String
        package var value: String?
    }

    package var name = ""
    package var title = ""
    package var source = Source(project: "", number: nil, link: "", read: "")
    /// "A1" to "A19".
    package var anomaly = ""
    /// "S1" to "S8" or "C1" to "C11".
    package var invariant = ""
    /// The reference clients on which the anomaly is seen.
    package var breaks: [MuseumClientKind] = []
    /// What people saw.
    package var story = ""
    /// The rule that was missing.
    package var rule = ""
    /// The store at revision 1.
    package var cells: [Cell] = []
    /// The first one is opened before the script begins, unless the piece is cold.
    package var views: [View] = []
    /// The script opens the first view and the stream itself.
    package var isCold = false
    /// Rows of a page on Trueline's screen; all of a view when missing.
    package var pageSize: Int64?
    /// What the reported server does wrong.
    package var defects: Set<MuseumDefect> = []
    package var steps: [MuseumStep] = []

    package func view(_ name: String) -> View? { views.first { $0.name == name } }
}

/// Who lives through a piece.
package enum MuseumClientKind: String, Sendable, Hashable, CaseIterable {
    /// Reference: what arrived last is what is shown.
    case last
    /// Reference: keeps a cache and patches it from what responses and stream events carry.
    case patch
    /// The Ordering core in front of the pipeline core, a grid image and a store.
    case trueline
}

/// What a server of a report does that no honest one does. The reference clients face it; Trueline's screen faces Trueline's server.
package enum MuseumDefect: String, Sendable, Hashable, CaseIterable {
    /// A change is announced when its transaction begins, not when it is durable.
    case emitsBeforeCommit
    /// A transaction takes its place in the stream when it begins; the stream never goes back for one that ends late.
    case stampsAtBegin
    /// Changes are acknowledged and announced before they are on disk.
    case acksBeforeDisk
    /// Each cell of a commit is an event of its own.
    case emitsPerCell
    /// A reader that comes back gets what it missed in the opposite order.
    case replaysReversed
    /// A reader that comes back is told that it missed nothing.
    case resumesBlindly
    /// A reader that connects is told so before it is registered: what happens in between it does not get.
    case registersLate
    /// A change made from an older state is dropped without an answer.
    case dropsStale
    /// The application sends every cell of the row as its screen holds it.
    case sendsWholeRows
}
