package import GridModel

/// What a grid remembers of turns of plain words: the calls that they made, and what those cost. Nothing of what was said: a plan is nobody's
/// before it is accepted, and then it is changes like any others.
package struct WordsLedger: Sendable {
    /// A call that began, and what it may cost at most.
    package struct Call: Hashable, Sendable {
        package var number: UInt32
        package var reserved: RunUsage

        package init(number: UInt32, reserved: RunUsage) {
            self.number = number
            self.reserved = reserved
        }
    }

    /// Calls in doubt that are listed; all are counted.
    static let doubtsListed = 1_000

    /// Calls that were begun.
    package internal(set) var calls: UInt64 = 0
    /// What all settled calls cost.
    package internal(set) var spent = RunUsage()
    /// Calls that began and have not ended, and what each may cost; after a restart, in doubt with the next turn.
    package internal(set) var open: [UInt32: RunUsage] = [:]
    /// Calls of which nobody knows what they cost, the oldest first; the newest `doubtsListed`.
    package internal(set) var doubts: [Call] = []
    package internal(set) var doubtCount: UInt64 = 0
    /// The highest number that a call has had.
    package internal(set) var last: UInt32 = 0
    /// The fold in which something last changed.
    var epoch: UInt32 = 0

    package init() {}

    /// Why a fact cannot be; `nil` when it can.
    func objection(to fact: RunFact) -> String? {
        switch fact {
        case .asked(let number, _, _): open[number] == nil ? nil : "call \(number) of plain words is open"
        case .settled(let number, let call?, .again) where call.call == number && open[number] != nil: nil
        case .doubted(let numbers) where numbers.allSatisfy({ open[$0] != nil }) && Set(numbers).count == numbers.count: nil
        case .settled, .doubted: "no such call of plain words is open"
        case .planned, .phase, .budget, .undone: "plain words are no run"
        }
    }

    /// Takes a fact that fits.
    mutating func apply(_ fact: RunFact, epoch: UInt32) {
        self.epoch = epoch
        switch fact {
        case .asked(let number, _, let reserved):
            calls += 1
            last = max(last, number)
            open[number] = reserved
        case .settled(let number, let call, _):
            open[number] = nil
            spent = spent + (call?.usage ?? RunUsage())
        case .doubted(let numbers):
            for number in numbers {
                guard let reserved = open.removeValue(forKey: number) else { continue }
                doubtCount += 1
                doubts = doubts.suffix(Self.doubtsListed - 1) + [Call(number: number, reserved: reserved)]
            }
        case .planned, .phase, .budget, .undone: break
        }
    }

    // MARK: folding

    /// All of it, but for its last change's place.
    func write(to writer: inout RecordWriter) {
        writer.byte(FoldDocuments.version)
        writer.varint(calls)
        writer.usage(spent)
        writer.varint(UInt64(last))
        Self.write(open.map { Call(number: $0, reserved: $1) }.sorted { $0.number < $1.number }, to: &writer)
        writer.varint(doubtCount)
        Self.write(doubts, to: &writer)
    }

    init(_ cursor: inout RecordCursor) throws(RecordError) {
        let version = try cursor.byte()
        guard version == FoldDocuments.version else { throw .version(version) }
        calls = try cursor.varint()
        spent = try cursor.usage()
        last = try cursor.number32()
        for call in try Self.calls(&cursor, most: cursor.remaining) { open[call.number] = call.reserved }
        doubtCount = try cursor.varint()
        doubts = try Self.calls(&cursor, most: Self.doubtsListed)
    }

    private static func write(_ calls: [Call], to writer: inout RecordWriter) {
        writer.number(calls.count)
        for call in calls {
            writer.varint(UInt64(call.number))
            writer.usage(call.reserved)
        }
    }

    private static func calls(_ cursor: inout RecordCursor, most: Int) throws(RecordError) -> [Call] {
        var calls: [Call] = []
        for _ in 0..<(try cursor.number(most: most)) {
            calls.append(Call(number: try cursor.number32(), reserved: try cursor.usage()))
        }
        return calls
    }
}
