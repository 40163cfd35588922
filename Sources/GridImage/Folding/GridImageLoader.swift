import GridModel

/// Makes an image from a fold: give it every row in ascending order of key, then the documents.
package struct GridImageLoader {
    /// Rows of one group that are gathered until a batch of slabs is complete.
    private struct Pending {
        var first: UInt32 = 0
        var bytes: [UInt8] = []
        var ends: [Int] = []
    }

    private static let batch: UInt32 = 256

    private var store = RowStore()
    private var pending: [Pending] = []
    private var lastKey: UInt64?
    private var failure: RecordError?

    package init() {}

    /// Takes one folded row. A damaged one, or one out of order, is reported by `finish`.
    package mutating func row(key: UInt64, bytes: UnsafeRawBufferPointer) {
        guard failure == nil else { return }
        do throws(RecordError) {
            guard key >> 8 < UInt64(UInt32.max), lastKey.map({ $0 < key }) ?? true else {
                throw .damaged(offset: 0, "the folded row \(key) is out of order")
            }
            try RowRecord.validate(bytes)
        } catch {
            failure = error
            return
        }
        lastKey = key
        add(UInt32(key >> 8), Int(key & 0xFF), bytes)
    }

    private mutating func add(_ row: UInt32, _ group: Int, _ bytes: UnsafeRawBufferPointer) {
        while pending.count <= group { pending.append(Pending()) }
        let first = row / Self.batch * Self.batch
        if pending[group].first != first {
            flush(group)
            pending[group].first = first
        }
        while pending[group].ends.count < Int(row - first) { pending[group].ends.append(pending[group].bytes.count) }
        pending[group].bytes.append(contentsOf: bytes)
        pending[group].ends.append(pending[group].bytes.count)
    }

    private mutating func flush(_ group: Int) {
        let ends = pending[group].ends
        guard !ends.isEmpty else { return }
        pending[group].bytes.withUnsafeBytes { store.store(first: pending[group].first, group, records: $0, ends: ends) }
        pending[group].bytes.removeAll(keepingCapacity: true)
        pending[group].ends.removeAll(keepingCapacity: true)
    }

    /// The image at the folded revision; records after it are then replayed with `apply`. Without documents nothing was ever
    /// folded to the end: the image is that of revision 0, without a name.
    package consuming func finish(documents: [(name: String, bytes: [UInt8])]) throws(RecordError) -> GridImage {
        if let failure { throw failure }
        for group in pending.indices { flush(group) }
        store.beginEpoch()
        var image = GridImage(name: "")
        image.store = store
        try FoldDocuments.read(documents, into: &image)
        image.foldBegun = image.revision
        return image
    }
}
