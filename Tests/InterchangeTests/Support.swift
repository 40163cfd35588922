import GridModel

@testable import Interchange

/// A generator of pseudo-random numbers (SplitMix64), so that a failure can be repeated from its seed.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}

/// Everything an import came to.
struct Imported: Equatable {
    var columns: [ImportColumn] = []
    /// The cells' JSON; empty for an empty cell. A row may lack columns that later lines named.
    var rows: [[String]] = []
    var rejects: [ImportReject] = []
    var failure: ImportFailure?
    var counts: ImportCounts?
    var plan: ImportPlan?
    var blockSizes: [Int] = []

    var names: [String] { columns.map(\.name) }
    var types: [ColumnType] { columns.map(\.type) }

    init(_ bytes: [UInt8], _ options: ImportOptions = ImportOptions(), cuts: [Int] = []) {
        var importer = Importer(options: options)
        var start = 0
        for cut in cuts + [bytes.count] {
            importer.handle(.bytes(Array(bytes[start..<cut])))
            drain(&importer)
            start = cut
        }
        importer.handle(.end)
        drain(&importer)
        plan = importer.plan
    }

    init(_ text: String, _ options: ImportOptions = ImportOptions(), cuts: [Int] = []) {
        self.init(Array(text.utf8), options, cuts: cuts)
    }

    private mutating func drain(_ importer: inout Importer) {
        while let effect = importer.nextEffect() {
            switch effect {
            case .columns(let added):
                let first = UInt32(columns.count) + 1
                columns += added
                importer.handle(.columnsBound(added.indices.map { ColumnID(first + UInt32($0)) }))
            case .rows(let block):
                blockSizes.append(block.rowCount)
                for row in 0..<block.rowCount {
                    rows.append(block.columns.indices.map { String(decoding: block.cell(row: row, column: $0), as: UTF8.self) })
                }
            case .reject(let reject): rejects.append(reject)
            case .failed(let reason): failure = reason
            case .finished(let counts): self.counts = counts
            }
        }
    }

    /// The file that an export of what was imported writes.
    func exported(_ format: ExportFormat, _ mode: ExportMode = .exact) -> [UInt8] {
        encode(names: names, rows: rows, format, mode)
    }
}

/// The file that an export of the cells' JSON writes.
func encode(names: [String], rows: [[String]], _ format: ExportFormat, _ mode: ExportMode = .exact) -> [UInt8] {
    var encoder = ExportEncoder(format: format, mode: mode, columns: names)
    var output: [UInt8] = []
    for row in rows {
        for (column, json) in row.enumerated() where !json.isEmpty { encoder.cell(column: column, json: Array(json.utf8)) }
        encoder.endRow()
        if encoder.pendingBytes > 1_000 { output += encoder.takeOutput() }
    }
    return output + encoder.takeOutput()
}

/// Places at which to cut `count` bytes into chunks.
func randomCuts(_ count: Int, _ generator: inout Seeded) -> [Int] {
    guard count > 0 else { return [] }
    return (0..<Int.random(in: 0...min(count, 20), using: &generator)).map { _ in Int.random(in: 0...count, using: &generator) }
        .sorted()
}

func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self)
}
