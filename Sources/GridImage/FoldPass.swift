package import Ordering

/// One pass of writing what changed since the last pass: rows first, in ascending order of key, then documents. A value: when
/// writing a slice fails, go on from a copy made before it; when a pass is given up, only its copy can still fold those rows.
package struct FoldPass: Sendable {
    /// One part, to be written all or nothing.
    package struct Slice: Sendable {
        /// Key: row number << 8 | column group. `nil` bytes: the row is gone.
        package var rows: [(key: UInt64, bytes: [UInt8]?)]
        package var documents: [(name: String, bytes: [UInt8]?)]
        /// On the last slice: the revision that rows and documents now hold.
        package var completes: Revision?
    }

    /// The revision that the pass folds.
    package let revision: Revision

    /// The next part; `nil` after the last one.
    package mutating func next(maxRows: Int = 1_000, maxBytes: Int = 1 << 20) -> Slice? { nil }
}

/// Makes an image from a fold: give it every row in ascending order of key, then the documents.
package struct GridImageLoader {
    package init() {}

    /// Takes one folded row. A damaged one is reported by `finish`.
    package mutating func row(key: UInt64, bytes: UnsafeRawBufferPointer) {}

    /// The image at the folded revision; records after it are then replayed with `apply`.
    package consuming func finish(documents: [(name: String, bytes: [UInt8])]) throws(RecordError) -> GridImage {
        throw .damaged(offset: 0, "not written yet")
    }
}
