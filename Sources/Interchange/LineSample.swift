/// The columns that the beginning of a file of JSON lines names, with the types their values agree with.
struct LineSample: Hashable, Sendable {
    private(set) var reader: JSONLinesReader
    var columns: [ImportColumn] = []
    private(set) var types: [TypeProposal] = []
    private let limits: ImportLimits

    init(limits: ImportLimits) {
        self.limits = limits
        reader = JSONLinesReader(limits: limits)
    }

    /// Reads a sample in UTF-8.
    /// - Parameter isWhole: true when the sample is the whole file; else its last line is not counted.
    mutating func read(_ sample: [UInt8], isWhole: Bool) {
        var lines = LineReader(limits: limits)
        sample.withUnsafeBufferPointer { bytes in
            var position = 0
            while lines.next(in: bytes, from: &position) { take(&lines) }
        }
        if isWhole, lines.finish() { take(&lines) }
    }

    private mutating func take(_ lines: inout LineReader) {
        guard !lines.isTooLong, !lines.text.isEmpty else { return }
        if case .newColumns(let added) = reader.read(lines.text) {
            columns += added
            types += Array(repeating: TypeProposal(), count: added.count)
        }
        guard case .row = reader.read(lines.text) else { return }
        for (column, range) in reader.values.enumerated() { types[column].take(json: lines.text[range]) }
    }
}
