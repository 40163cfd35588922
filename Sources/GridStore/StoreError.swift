/// What went wrong in a store.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Hashable, Sendable {
        /// There is no room; reads go on, writes may be tried again when there is room.
        case full
        /// A sync failed: what is on disk is unknown. Never retried; stop acknowledging, exit, recover from the log.
        case syncFailed
        /// The file is not a sound store.
        case corrupt
        /// Another process holds the directory.
        case locked
        case notFound
        case exists
        /// The revision was not the next one.
        case outOfOrder
        case other
    }

    package var code: Code
    /// What happened, with the values, and what to do next.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
