package import GridModel

/// A column of a file.
package struct ImportColumn: Hashable, Sendable {
    /// Unique in the file.
    package var name: String
    package var type: ColumnType

    package init(name: String, type: ColumnType) {
        self.name = name
        self.type = type
    }
}

/// How a file is read: everything that was guessed or given.
package struct ImportPlan: Hashable, Sendable {
    package var format: ImportFormat
    /// For JSON lines only the encoding counts.
    package var dialect: ImportDialect
    package var columns: [ImportColumn]

    package init(format: ImportFormat, dialect: ImportDialect, columns: [ImportColumn]) {
        self.format = format
        self.dialect = dialect
        self.columns = columns
    }
}

/// Gives the columns of a file names that are not empty, not longer than the limit, and all different.
struct ColumnNames: Hashable, Sendable {
    private var taken: Set<String> = []

    /// The name for the next column; `position` counts from 1.
    mutating func unique(_ name: String, position: Int) -> String {
        var base = String(name.prefix(Limits.nameCharacters))
        if base.allSatisfy(\.isWhitespace) { base = "Column \(position)" }
        var candidate = base
        var number = 2
        while !taken.insert(candidate).inserted {
            let suffix = " (\(number))"
            candidate = String(base.prefix(Limits.nameCharacters - suffix.count)) + suffix
            number += 1
        }
        return candidate
    }
}
