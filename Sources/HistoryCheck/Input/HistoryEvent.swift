/// An event of a history that comes from elsewhere than a file of Jepsen's: an invocation or a completion of an operation on a
/// register.
package struct HistoryEvent: Sendable {
    package enum Phase: Sendable {
        case invoke, ok, fail, info
    }

    package enum Function: Sendable {
        case read, write, cas
    }

    package enum Value: Sendable, Hashable {
        /// The initial value, or none.
        case none
        case integer(Int64)
        case text(String)
    }

    package var process: Int
    package var phase: Phase
    package var function: Function
    /// The register.
    package var key: String
    /// Of a read's `ok`: what was read. Of a write: what was written. Of a cas: what was expected.
    package var value: Value
    /// Of a cas: the new value.
    package var second = Value.none
    /// In one clock for all events; `nil`: as they come.
    package var time: Int64?
    /// What reports call it by.
    package var line: Int

    package init(
        process: Int, phase: Phase, function: Function, key: String, value: Value = .none, second: Value = .none,
        time: Int64? = nil,
        line: Int
    ) {
        self.process = process
        self.phase = phase
        self.function = function
        self.key = key
        self.value = value
        self.second = second
        self.time = time
        self.line = line
    }
}

extension History {
    /// A history of events: in the order of their times if all have one, else as they come.
    ///
    /// Operations whose intervals only touch count as concurrent: of two events at one time the invocation comes first. Within one
    /// process events at one time keep their order.
    /// - Parameter hasRealTime: false if the order of events of different processes means nothing.
    package init(events: [HistoryEvent], hasRealTime: Bool = true) throws(HistoryInputError) {
        let ordered = events.allSatisfy { $0.time != nil } ? Self.byTime(events) : events
        var builder = HistoryBuilder()
        var texts = ValueTexts()
        for event in ordered {
            do throws(ScanStop) {
                try builder.add(event, &texts)
            } catch {
                guard case .rejected(let reason) = error else { continue }
                throw reason
            }
        }
        self = builder.finish(texts)
        self.hasRealTime = hasRealTime
    }

    private static func byTime(_ events: [HistoryEvent]) -> [HistoryEvent] {
        struct Tied {
            var time: Int64
            var rank: Int
            var place: Int
        }
        struct Moment: Hashable {
            var process: Int
            var time: Int64
        }
        var counts: [Moment: Int] = [:]
        for event in events { counts[Moment(process: event.process, time: event.time ?? 0), default: 0] += 1 }
        var seen: [Moment: Int] = [:]
        var tied: [Tied] = []
        for (place, event) in events.enumerated() {
            let moment = Moment(process: event.process, time: event.time ?? 0)
            let before = seen[moment, default: 0]
            seen[moment] = before + 1
            // The process's last completion of this time waits for all invocations; what it did before has its turn in order.
            let isLast = before + 1 == counts[moment] && event.phase != .invoke
            let rank = isLast ? Int.max : event.phase == .invoke && before == 0 ? 0 : before + 1
            tied.append(Tied(time: moment.time, rank: rank, place: place))
        }
        return tied.sorted { ($0.time, $0.rank, $0.place) < ($1.time, $1.rank, $1.place) }.map { events[$0.place] }
    }
}

extension HistoryBuilder {
    /// Adds an event that was not scanned, as if it had been.
    fileprivate mutating func add(_ event: HistoryEvent, _ texts: inout ValueTexts) throws(ScanStop) {
        var scanned = ScannedEvent(at: InputPlace(line: event.line, column: 1))
        scanned.process = EDNForm(kind: .scalar, code: Int64(truncatingIfNeeded: event.process) << 2)
        scanned.key = texts.intern(Array(event.key.utf8))
        scanned.type =
            switch event.phase {
            case .invoke: HistoryWord.invoke
            case .ok: HistoryWord.ok
            case .fail: HistoryWord.fail
            case .info: HistoryWord.info
            }
        let value = texts.value(event.value)
        scanned.value = 0
        switch event.function {
        case .read:
            scanned.function = HistoryWord.read
            try add(scanned, [EDNForm(kind: .scalar, code: value.code)], texts)
        case .write:
            scanned.function = HistoryWord.write
            try add(scanned, [EDNForm(kind: .scalar, code: value.code)], texts)
        case .cas:
            scanned.function = HistoryWord.cas
            let second = texts.value(event.second)
            let pair = [
                EDNForm(kind: .vector, code: 3), EDNForm(kind: .scalar, code: value.code),
                EDNForm(kind: .scalar, code: second.code),
            ]
            try add(scanned, pair, texts)
        }
    }
}

extension ValueTexts {
    fileprivate mutating func value(_ value: HistoryEvent.Value) -> HistoryValue {
        switch value {
        case .none: .nil
        case .integer(let integer): HistoryValue(integer: integer) ?? intern(Array(String(integer).utf8))
        // In quotes, so that no text is taken for nil or a number.
        case .text(let text): intern(Array("\"\(text)\"".utf8))
        }
    }
}
