import GridModel

/// Collects rows until there are enough for a block.
struct BlockBuilder: Hashable, Sendable {
    private let limits: ImportLimits
    /// The grid's column for each column of the file; `nil` for one that is left out.
    private(set) var bindings: [ColumnID?] = []
    private var columns: [ColumnID] = []
    private var bytes: [UInt8] = []
    private var ends: [UInt32] = []
    private var rowCount = 0

    init(limits: ImportLimits) {
        self.limits = limits
    }

    /// Adds columns at the end. Only between blocks.
    mutating func bind(_ more: [ColumnID?]) {
        precondition(rowCount == 0, "columns bound inside a block of \(rowCount) rows")
        bindings += more
        columns += more.compactMap { $0 }
    }

    var isFull: Bool { rowCount >= limits.blockRows || bytes.count >= limits.blockBytes }

    /// Adds a row of delimited text. A row that is refused leaves nothing.
    /// - Returns: why the row is refused.
    mutating func append(_ reader: DelimitedReader, as types: [ColumnType]) -> ImportReject.Reason? {
        let start = (bytes.count, ends.count)
        let problem: ImportReject.Reason? = reader.text.withUnsafeBufferPointer { text in
            for field in bindings.indices {
                let isPresent = field < reader.fieldCount && bindings[field] != nil
                let raw =
                    isPresent
                    ? UnsafeBufferPointer(rebasing: text[reader.range(ofField: field)])
                    : UnsafeBufferPointer(rebasing: text[0..<0])
                guard UTF8Text.isValid(raw) else { return .invalidText(field: field + 1) }
                guard bindings[field] != nil else { continue }
                let cellStart = bytes.count
                RawText.append(raw, as: types[field], to: &bytes)
                if bytes.count - cellStart > limits.cellBytes {
                    return .cellTooLong(field: field + 1, most: limits.cellBytes)
                }
                ends.append(UInt32(bytes.count))
            }
            return nil
        }
        if problem == nil {
            rowCount += 1
        } else {
            bytes.removeSubrange(start.0...)
            ends.removeSubrange(start.1...)
        }
        return problem
    }

    /// Adds a row of JSON values, which lie at `values` in the line.
    mutating func append(_ line: [UInt8], values: [Range<Int>]) {
        for (field, binding) in bindings.enumerated() where binding != nil {
            bytes.append(contentsOf: line[values[field]])
            ends.append(UInt32(bytes.count))
        }
        rowCount += 1
    }

    /// Hands over the rows collected; `nil` when there are none.
    mutating func takeBlock() -> RowsBlock? {
        guard rowCount > 0 else { return nil }
        let block = RowsBlock(columns: columns, rowCount: rowCount, checkedBytes: bytes, ends: ends)
        bytes.removeAll(keepingCapacity: false)
        ends.removeAll(keepingCapacity: false)
        bytes.reserveCapacity(block.bytes.count + 4_096)
        ends.reserveCapacity(block.ends.count)
        rowCount = 0
        return block
    }
}
