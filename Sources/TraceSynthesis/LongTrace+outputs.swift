package import Trace

extension LongTrace {
    /// Appends events straight to a log, as a fast reader does.
    package mutating func append(events count: Int, to log: inout TraceLog) {
        for event in declarations() { log.append(event) }
        let processes = Self.processNames.map { log.intern($0) }
        var line = UInt32(truncatingIfNeeded: log.count + 1)
        generate(count) { step in
            var row = TraceLog.Row(step.kind)
            line += 1
            row.line = line
            row.process = processes[step.process]
            row.time = step.time
            row.task = Self.symbol("t", step.task, &log)
            row.request = Self.symbol("r", step.request, &log)
            row.intent = Self.symbol("i", step.intent, &log)
            row.slot = Self.symbol("slot ", step.slot, &log)
            row.key = Self.symbol("k", step.key, &log)
            if step.version > 0 { row.version = TraceVersion(number: step.version) }
            if step.number > 0 {
                row.number = step.number
                row.flags.insert(.numbered)
            }
            if step.kind == .write { Self.withDigits("", step.value) { log.addValue($0) } }
            log.append(row)
        }
    }

    private static func symbol(_ prefix: StaticString, _ number: Int, _ log: inout TraceLog) -> Symbol {
        number == 0 ? .none : withDigits(prefix, number) { log.intern($0) }
    }

    /// The bytes of a prefix and a number, without an object of their own.
    private static func withDigits<Result>(_ prefix: StaticString, _ number: Int, _ body: (UnsafeRawBufferPointer) -> Result)
        -> Result
    {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 40) { buffer in
            var place = buffer.count
            var rest = number.magnitude
            repeat {
                place -= 1
                buffer[place] = 48 + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            place -= prefix.utf8CodeUnitCount
            prefix.withUTF8Buffer { text in
                for (offset, byte) in text.enumerated() { buffer[place + offset] = byte }
            }
            return body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: buffer[place...])))
        }
    }

    /// Writes the trace as JSON lines, about a megabyte at a time.
    package mutating func writeLines(events count: Int, flush: ([UInt8]) throws -> Void) rethrows {
        var text = TraceSynthesis.lines(declarations(), id: "long")
        var left = count
        while left > 0 {
            let some = min(left, 8_192)
            generate(some) { Self.write($0, to: &text) }
            left -= some
            try flush(text)
            text.removeAll(keepingCapacity: true)
        }
        if !text.isEmpty { try flush(text) }
    }

    private static func write(_ step: Step, to text: inout [UInt8]) {
        func add(_ name: StaticString, _ prefix: StaticString, _ number: Int, quoted: Bool = true) {
            text += ",\"".utf8
            name.withUTF8Buffer { text += $0 }
            text += (quoted ? "\":\"" : "\":").utf8
            withDigits(prefix, number) { text += $0 }
            if quoted { text.append(34) }
        }
        text += "{\"type\":\"".utf8
        step.kind.name.withUTF8Buffer { text += $0 }
        text += "\",\"process\":\"\(processNames[step.process])\"".utf8
        add("time", "", Int(step.time), quoted: false)
        if step.task > 0 { add("task", "t", step.task) }
        if step.request > 0 { add("request", "r", step.request) }
        if step.intent > 0 { add("intent", "i", step.intent) }
        if step.slot > 0 { add("slot", "slot ", step.slot) }
        if step.key > 0 { add("key", "k", step.key) }
        if step.version > 0 { add("version", "", Int(step.version), quoted: false) }
        if step.number > 0 { add(step.kind == .render ? "frame" : "status", "", Int(step.number), quoted: false) }
        if step.kind == .write { add("value", "", step.value, quoted: false) }
        text += "}\n".utf8
    }
}
