/// Splits text into lines over chunks cut anywhere. A line ends with LF; a CR before it belongs to the end.
struct LineReader: Hashable, Sendable {
    private let limits: ImportLimits
    /// The line that was read last, without its end; cut at the limit when it is longer.
    private(set) var text: [UInt8] = []
    /// The line's number, counted from 1.
    private(set) var line = 0
    /// True when the line is longer than a record may be.
    private(set) var isTooLong = false
    private var complete = true
    private var isHeld = false

    init(limits: ImportLimits) {
        self.limits = limits
    }

    /// Reads on to the end of a line.
    /// - Returns: true when a line is complete, false when the chunk is used up.
    mutating func next(in chunk: UnsafeBufferPointer<UInt8>, from position: inout Int) -> Bool {
        if isHeld {
            isHeld = false
            return true
        }
        guard position < chunk.count else { return false }
        begin()
        let end = chunk[position...].firstIndex(of: 0x0A) ?? chunk.endIndex
        let room = limits.recordBytes - text.count
        if end - position > room { isTooLong = true }
        text.append(contentsOf: chunk[position..<end].prefix(max(0, room)))
        position = end
        guard end < chunk.endIndex else { return false }
        position += 1
        finishLine()
        return true
    }

    /// Ends the line that the file's end cut off.
    /// - Returns: true when there was one.
    mutating func finish() -> Bool {
        guard !complete else { return false }
        finishLine()
        return true
    }

    /// Makes `next` answer with the complete line once more.
    mutating func hold() {
        isHeld = true
    }

    private mutating func begin() {
        guard complete else { return }
        complete = false
        isTooLong = false
        text.removeAll(keepingCapacity: true)
        line += 1
    }

    private mutating func finishLine() {
        complete = true
        if text.last == 0x0D { text.removeLast() }
    }
}
