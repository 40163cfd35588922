import GridModel
import Ordering

// Facts as bytes: Docs/specifications/record-format.md, tag 7 and the documents of runs.

extension RecordWriter {
    mutating func usage(_ usage: RunUsage) {
        varint(usage.input)
        varint(usage.output)
        varint(usage.cost)
    }

    mutating func optional(_ number: UInt64?) {
        byte(number == nil ? 0 : 1)
        if let number { varint(number) }
    }

    mutating func optional(_ text: String?) {
        byte(text == nil ? 0 : 1)
        if let text { self.text(text) }
    }

    mutating func budget(_ budget: RunBudget) {
        optional(budget.calls)
        optional(budget.tokens)
        optional(budget.cost)
    }

    mutating func phase(_ phase: RunPhase) {
        switch phase {
        case .running: byte(0)
        case .paused(let reason):
            byte(1)
            optional(reason)
        case .finished: byte(2)
        case .cancelled: byte(3)
        case .refused(let reason):
            byte(4)
            text(reason)
        }
    }

    /// Without the rows.
    mutating func order(_ order: RunOrder) {
        varint(UInt64(order.sheet.rawValue))
        varint(UInt64(order.column.rawValue))
        text(order.scope)
        agent(order.agent)
        number(order.inputs.count)
        for input in order.inputs {
            varint(UInt64(input.column.rawValue))
            text(input.name)
        }
        text(order.provider)
        optional(order.host)
        optional(order.model)
        number(Int(order.concurrency))
        let hasMore = order.agent.hasOptions || !order.examples.isEmpty
        byte((order.sharesAnswers ? 1 : 0) | (hasMore ? 2 : 0) | (order.keepsEdits ? 4 : 0))
        guard hasMore else { return }
        options(order.agent)
        number(order.examples.count)
        for example in order.examples {
            varint(UInt64(example.row.rawValue))
            number(example.values.count)
            for value in example.values { text(value) }
            text(example.answer.json)
        }
    }

    /// Runs of consecutive row numbers, then runs of equal fingerprints.
    mutating func rows(_ rows: [RowID], found: [UInt64]) {
        number(rows.count)
        var index = 0
        while index < rows.count {
            var end = index + 1
            while end < rows.count, rows[end].rawValue == rows[index].rawValue &+ UInt32(end - index) { end += 1 }
            varint(UInt64(rows[index].rawValue))
            number(end - index - 1)
            index = end
        }
        number(found.count)
        index = 0
        while index < found.count {
            var end = index + 1
            while end < found.count, found[end] == found[index] { end += 1 }
            number(end - index)
            word(found[index])
            index = end
        }
    }

    mutating func wrong(_ wrong: KeptWrongAnswer) {
        word(wrong.question)
        text(wrong.text)
        text(wrong.reason)
    }

    /// - Parameters:
    ///   - end: how the task stands after a settlement.
    ///   - time: milliseconds since 1970.
    mutating func runFact(_ run: RunID, _ fact: RunFact, end: TaskMark?, time: UInt64) {
        varint(UInt64(run.rawValue))
        varint(time)
        switch fact {
        case .planned(let order, let budget):
            byte(0)
            self.order(order)
            self.budget(budget)
            rows(order.rows, found: order.found)
        case .phase(let phase):
            byte(1)
            self.phase(phase)
        case .budget(let budget):
            byte(2)
            self.budget(budget)
        case .asked(let task, let call, let reserved):
            byte(3)
            varint(UInt64(task))
            varint(UInt64(call))
            usage(reserved)
        case .settled(let task, let call, _):
            byte(4)
            varint(UInt64(task))
            byte(end?.rawValue ?? 0)
            guard let call else { return byte(0) }
            byte(call.wrong != nil ? 3 : call.kept != nil ? 2 : 1)
            varint(UInt64(call.call))
            usage(call.usage)
            if let wrong = call.wrong {
                self.wrong(wrong)
            } else if let kept = call.kept {
                text(kept.question)
                text(kept.text)
            }
        case .doubted(let tasks):
            byte(5)
            number(tasks.count)
            for task in tasks { varint(UInt64(task)) }
        case .undone(let cells):
            byte(6)
            varint(UInt64(cells))
        }
    }
}

/// A fact as a record holds it.
struct RecordedFact {
    var run: RunID
    var fact: RunFact
    /// How the task stands after a settlement.
    var end: TaskMark?
    /// Milliseconds since 1970.
    var time: UInt64
}

extension RecordCursor {
    mutating func usage() throws(RecordError) -> RunUsage {
        RunUsage(input: try varint(), output: try varint(), cost: try varint())
    }

    mutating func optionalNumber() throws(RecordError) -> UInt64? { try byte() == 0 ? nil : try varint() }
    mutating func optionalText() throws(RecordError) -> String? { try byte() == 0 ? nil : try text() }

    mutating func budget() throws(RecordError) -> RunBudget {
        RunBudget(calls: try optionalNumber(), tokens: try optionalNumber(), cost: try optionalNumber())
    }

    mutating func phase() throws(RecordError) -> RunPhase {
        let kind = try byte()
        switch kind {
        case 0: return .running
        case 1: return .paused(reason: try optionalText())
        case 2: return .finished
        case 3: return .cancelled
        case 4: return .refused(reason: try text())
        default: throw damaged("a run's phase \(kind)")
        }
    }

    /// Without the rows.
    mutating func order() throws(RecordError) -> RunOrder {
        let (sheet, column, scope) = (SheetID(try number32()), ColumnID(try number32()), try text())
        let agent = try agent()
        var inputs: [RunOrder.Input] = []
        for _ in 0..<(try number(most: Limits.columnsPerSheet)) {
            inputs.append(.init(column: ColumnID(try number32()), name: try text()))
        }
        var order = RunOrder(
            sheet: sheet, column: column, scope: scope, agent: agent, inputs: inputs, provider: try text(),
            host: try optionalText(), model: try optionalText(), concurrency: UInt16(try number(most: Int(UInt16.max))),
            sharesAnswers: true, rows: [], found: [])
        let flags = try byte()
        guard flags <= 7 else { throw damaged("a run's order with flags \(flags)") }
        order.sharesAnswers = flags & 1 != 0
        order.keepsEdits = flags & 4 != 0
        guard flags & 2 != 0 else { return order }
        try options(&order.agent)
        for _ in 0..<(try number(most: RunOrder.examplesMost)) { order.examples.append(try example()) }
        return order
    }

    private mutating func example() throws(RecordError) -> RunOrder.Example {
        let row = RowID(try number32())
        var values: [String] = []
        for _ in 0..<(try number(most: Limits.columnsPerSheet)) { values.append(try text()) }
        return RunOrder.Example(row: row, values: values, answer: CellValue(checkedJSON: try text()))
    }

    mutating func rows() throws(RecordError) -> (rows: [RowID], found: [UInt64]) {
        let count = try number(most: Limits.rowsPerRun)
        var rows: [RowID] = []
        while rows.count < count {
            let first = try number32()
            let more = try number(most: count - rows.count - 1)
            guard UInt64(first) + UInt64(more) <= UInt64(UInt32.max) else { throw damaged("rows beyond the last number") }
            for offset in 0...UInt32(more) { rows.append(RowID(first + offset)) }
        }
        var found: [UInt64] = []
        // A run that has ended does not need them any more.
        let foundCount = try number(most: count)
        guard foundCount == count || foundCount == 0 else { throw damaged("\(foundCount) fingerprints of \(count) rows") }
        while found.count < foundCount {
            let equal = try number(most: foundCount - found.count)
            guard equal > 0 else { throw damaged("no fingerprints") }
            found.append(contentsOf: repeatElement(try word(), count: equal))
        }
        return (rows, found)
    }

    mutating func wrong() throws(RecordError) -> KeptWrongAnswer {
        KeptWrongAnswer(question: try word(), text: try text(), reason: try text())
    }

    mutating func runFact() throws(RecordError) -> RecordedFact {
        let run = RunID(try number32())
        let time = try varint()
        let (fact, end) = try fact()
        return RecordedFact(run: run, fact: fact, end: end, time: time)
    }

    private mutating func fact() throws(RecordError) -> (RunFact, end: TaskMark?) {
        let kind = try byte()
        switch kind {
        case 0:
            var order = try order()
            let budget = try budget()
            let (rows, found) = try rows()
            guard found.count == rows.count else { throw damaged("a run without fingerprints") }
            order.rows = rows
            order.found = found
            return (.planned(order, budget), nil)
        case 1: return (.phase(try phase()), nil)
        case 2: return (.budget(try budget()), nil)
        case 3: return (.asked(task: try number32(), call: try number32(), reserved: try usage()), nil)
        case 4:
            let task = try number32()
            let number = try byte()
            guard let end = TaskMark(rawValue: number) else { throw damaged("a task's end \(number)") }
            var call: CallEnd?
            let shape = try byte()
            guard shape <= 3 else { throw damaged("a call's end \(shape)") }
            if shape > 0 {
                call = CallEnd(call: try number32(), usage: try usage())
                if shape == 2 { call?.kept = KeptAnswer(question: try text(), text: try text()) }
                if shape == 3 { call?.wrong = try wrong() }
            }
            return (.settled(task: task, call: call, end == .open ? .again : .asAnswered), end)
        case 5:
            var tasks: [UInt32] = []
            for _ in 0..<(try self.number(most: remaining)) { tasks.append(try number32()) }
            return (.doubted(tasks: tasks), nil)
        case 6: return (.undone(cells: try number32()), nil)
        default: throw damaged("a fact of a run of kind \(kind)")
        }
    }
}
