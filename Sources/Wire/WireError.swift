/// What is wrong with a message, and where.
package struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A JSON Pointer (RFC 6901) to the place, "" for the whole document; for a query, the parameter's name.
    package var path: String
    /// The byte of the document, counted from 0; `nil` outside documents.
    package var position: Int?
    /// What was expected, with the value found.
    package var reason: String

    package init(path: String, position: Int? = nil, reason: String) {
        self.path = path
        self.position = position
        self.reason = reason
    }

    package var description: String {
        let place = path.isEmpty ? "the document" : path
        return position.map { "\(place), byte \($0): \(reason)" } ?? "\(place): \(reason)"
    }
}
