package import GridModel
package import Ordering

/// What a read of pages asks for: its query.
package struct PagesQuery: Hashable, Sendable {
    /// Which columns to read; tags belong to the window.
    package enum Columns: Hashable, Sendable {
        case all
        /// In the order named; each once.
        case named([ColumnID])
        /// By position, from 0.
        case positions(ClosedRange<Int>)
    }

    package enum View: Hashable, Sendable {
        case saved(ViewID)
        case inline(ViewDefinition)
    }

    /// Pages are numbered from 1.
    package var first: Int
    package var last: Int
    package var pageSize: Int
    package var columns: Columns
    package var view: View?
    /// The answer must not be older than this (S4).
    package var minRevision: Revision?
    package var asOf: Revision?
    /// The tags of pages the client holds.
    package var have: [Int: PageTag]

    package static let defaultPageSize = 100
    package static let pageSizeLimit = 1_000
    /// Rows of one reply: a hundred screens, a few megabytes.
    package static let rowsLimit = 10_000
    /// The highest page number: past every sheet's end at any page size, and far from overflow.
    package static let pageLimit = 1_000_000_000

    package init(
        first: Int = 1, last: Int? = nil, pageSize: Int = PagesQuery.defaultPageSize, columns: Columns = .all,
        view: View? = nil,
        minRevision: Revision? = nil, asOf: Revision? = nil, have: [Int: PageTag] = [:]
    ) {
        self.first = first
        self.last = last ?? first
        self.pageSize = pageSize
        self.columns = columns
        self.view = view
        self.minRevision = minRevision
        self.asOf = asOf
        self.have = have
    }

    package static let names: Set<String> = [
        "first", "last", "pageSize", "columns", "view", "minRevision", "asOf", "have",
    ]

    package init(_ query: QueryParameters) throws(WireError) {
        try query.allow(only: Self.names)
        let first = try query.integer("first", in: 1...Self.pageLimit) ?? 1
        self.init(
            first: first,
            last: try query.integer("last", in: 1...Self.pageLimit) ?? first,
            pageSize: try query.integer("pageSize", in: 1...Self.pageSizeLimit) ?? Self.defaultPageSize,
            columns: try query["columns"].map(Self.columns) ?? .all,
            view: try query["view"].map(Self.view),
            minRevision: try Self.revision("minRevision", query),
            asOf: try Self.revision("asOf", query),
            have: try query["have"].map(Self.have) ?? [:])
        guard last >= first else { throw WireError(path: "last", reason: "\(last) is before first, which is \(first)") }
        let rows = (last - first + 1).multipliedReportingOverflow(by: pageSize)
        guard !rows.overflow, rows.partialValue <= Self.rowsLimit else {
            throw WireError(
                path: "last", reason: "one reply holds at most \(Self.rowsLimit) rows; pages \(first) to \(last) are more")
        }
    }

    /// The query as a client writes it, without the question mark.
    package var text: String {
        var parts = ["first=\(first)", "last=\(last)", "pageSize=\(pageSize)"]
        switch columns {
        case .all: break
        case .named(let ids): parts.append("columns=" + ids.map(\.description).joined(separator: ","))
        case .positions(let range): parts.append("columns=\(range.lowerBound)-\(range.upperBound)")
        }
        switch view {
        case nil: break
        case .saved(let id): parts.append("view=\(id)")
        case .inline(let definition):
            parts.append("view=" + QueryParameters.escape(String(decoding: definition.wire, as: UTF8.self)))
        }
        if let minRevision { parts.append("minRevision=\(minRevision)") }
        if let asOf { parts.append("asOf=\(asOf)") }
        if !have.isEmpty {
            parts.append("have=" + have.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: ","))
        }
        return parts.joined(separator: "&")
    }

    /// Reads a revision parameter.
    package static func revision(_ name: String, _ query: QueryParameters) throws(WireError) -> Revision? {
        try query.integer(name, in: 0...Int.max).map { Revision(UInt64($0)) }
    }

    /// Reads a `columns` parameter: "c3,c7" or "0-63".
    package static func columns(_ text: String) throws(WireError) -> Columns {
        if text.isEmpty { return .all }
        if text.utf8.first.map({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) == true {
            let ends = text.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count == 2, let low = Int(ends[0]), let high = Int(ends[1]), low <= high, high < Limits.columnsPerSheet
            else {
                throw WireError(path: "columns", reason: "expected positions such as 0-63, found \"\(text.prefix(40))\"")
            }
            return .positions(low...high)
        }
        var ids: [ColumnID] = []
        var seen: Set<ColumnID> = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let id = ColumnID(text: name) else {
                throw WireError(path: "columns", reason: "expected columns such as c3,c7 or 0-63, found \"\(name.prefix(40))\"")
            }
            if seen.insert(id).inserted { ids.append(id) }
        }
        return .named(ids)
    }

    /// Reads a `view` parameter: a saved view's id, or an inline view as JSON.
    package static func view(_ text: String) throws(WireError) -> View {
        if let id = ViewID(text: text) { return .saved(id) }
        guard text.hasPrefix("{") else {
            throw WireError(
                path: "view", reason: "expected a saved view's id or a filter and sort as JSON, found \"\(text.prefix(40))\"")
        }
        do {
            return .inline(try ViewDefinition(wire: Array(text.utf8)))
        } catch {
            throw WireError(path: "view" + error.path, position: error.position, reason: error.reason)
        }
    }

    private static func have(_ text: String) throws(WireError) -> [Int: PageTag] {
        var tags: [Int: PageTag] = [:]
        for part in text.split(separator: ",") {
            let halves = part.split(separator: ":", maxSplits: 1)
            guard halves.count == 2, let page = Int(halves[0]), page > 0 else {
                throw WireError(path: "have", reason: "expected page:tag, found \"\(part.prefix(40))\"")
            }
            // A tag of another form is one we never gave: the client simply does not have that page.
            if let tag = PageTag(text: halves[1]) { tags[page] = tag }
            guard tags.count <= rowsLimit else { throw WireError(path: "have", reason: "at most \(rowsLimit) pages") }
        }
        return tags
    }
}

extension PagesQuery.View {
    /// Reads a body's `view` member: a saved view's id or an inline view; `nil` for null, which is the sheet itself.
    init?(_ reader: inout WireReader) throws(WireError) {
        if try reader.takeNull() { return nil }
        self = reader.comes("{") ? .inline(try ViewDefinition(&reader)) : .saved(try reader.identifier(ViewID.self))
    }
}

/// Names what a page shows: equal tags, equal pages. Sixteen hexadecimal digits on the wire.
package struct PageTag: Hashable, Sendable, CustomStringConvertible {
    package var rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package init?(text: some StringProtocol) {
        guard text.utf8.count == 16, let value = UInt64(text, radix: 16) else { return nil }
        rawValue = value
    }

    package var description: String {
        let digits = String(rawValue, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
