import GridModel
import Ordering

/// What the last revisions touched, so that a cached view can be brought forward instead of being made anew. Bounded.
struct RecentChanges: Sendable {
    struct Entry: Sendable {
        var revision: Revision
        /// The image's lineage before the revision.
        var before: UInt64
        var touched: Touched
    }

    static let revisionLimit = 128

    /// Ascending, without gaps.
    private var entries: [Entry] = []

    mutating func append(_ entry: Entry) {
        if entries.count >= Self.revisionLimit { entries.removeFirst(Self.revisionLimit / 2) }
        entries.append(entry)
    }

    /// What happened after a revision of a given lineage; `nil` when that is not known, or it was another history.
    func after(_ revision: Revision, lineage: UInt64) -> ArraySlice<Entry>? {
        guard let index = entries.lastIndex(where: { $0.revision == revision.next }), entries[index].before == lineage else {
            return nil
        }
        return entries[index...]
    }
}
