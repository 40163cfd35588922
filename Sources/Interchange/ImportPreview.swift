package import GridModel

/// What an import would do, from the beginning of a file: every guess, and the first rows as they would be stored.
package struct ImportPreview: Hashable, Sendable {
    /// `nil` when the file cannot be imported; then `failure` says why.
    package var plan: ImportPlan?
    /// The first rows. A cell's column is `columns[i]` of the plan.
    package var rows: [[CellValue?]]
    /// The rows among the first ones that would be rejected.
    package var rejects: [ImportReject]
    package var failure: ImportFailure?
    /// True when the sample ends before the file does.
    package var isPartial: Bool

    /// Makes a preview of at most `rowLimit` rows.
    /// - Parameters:
    ///   - sample: the beginning of the file; 64 KB are enough.
    ///   - isWhole: true when the sample is the whole file.
    package init(sample: [UInt8], isWhole: Bool, options: ImportOptions, rowLimit: Int = 20) {
        rows = []
        rejects = []
        isPartial = !isWhole
        var importer = Importer(options: options)
        importer.handle(.bytes(sample))
        importer.handle(isWhole ? .end : .sampleEnded)
        var bound: UInt32 = 0
        drain(&importer, &bound)
        if !isWhole, importer.plan == nil, failure == nil {
            // The first row is longer than the sample: say so as the end of the file would.
            importer.handle(.end)
            drain(&importer, &bound)
        }
        if !isWhole, let partial = importer.takePartialBlock() { take(partial) }
        plan = importer.plan
        rows = rows.prefix(rowLimit).map { row in
            row + Array(repeating: nil, count: max(0, (importer.plan?.columns.count ?? 0) - row.count))
        }
    }

    private mutating func drain(_ importer: inout Importer, _ bound: inout UInt32) {
        while let effect = importer.nextEffect() {
            switch effect {
            case .columns(let columns):
                let ids = columns.indices.map { ColumnID(bound + UInt32($0) + 1) }
                bound += UInt32(columns.count)
                importer.handle(.columnsBound(ids))
            case .rows(let block): take(block)
            case .reject(let reject): rejects.append(reject)
            case .failed(let reason): failure = reason
            case .finished: break
            }
        }
    }

    private mutating func take(_ block: RowsBlock) {
        for row in 0..<block.rowCount {
            rows.append(
                block.columns.indices.map { column in
                    let json = block.cell(row: row, column: column)
                    return json.isEmpty ? nil : CellValue(checkedJSON: String(decoding: json, as: UTF8.self))
                })
        }
    }
}
