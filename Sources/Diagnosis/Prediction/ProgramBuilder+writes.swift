import Trace

/// Reads and writes, each put into the step that did it.
extension ProgramBuilder {
    mutating func addRead(_ event: Int) {
        guard let place = engine.placeByPair[PairTable.key(UInt32(process(event)), log.keys[event].raw)] else { return }
        let read = PredictionProgram.Read(place: Int32(place), event: UInt32(event))
        var step = delivery(around: event)
        if step < 0 {
            let request = engine.knownRequest(log.requests[event])
            if request >= 0, log.tasks[event].isNone { step = delivered[Int(request)] }
        }
        if step < 0 { step = add(.read, event) }
        program.steps[Int(step)].reads.append(read)
    }

    mutating func addWrite(_ event: Int) {
        guard let number = index.write(of: event) else { return }
        let write = Int32(number)
        let resolved = engine.writes[number]
        let step = self.step(of: resolved, event)
        program.steps[Int(step)].writes.append(write)
        name(event, step)
        noteGuard(write, event, step)
        let flags = log.flags[event]
        if flags.contains(.user) || flags.contains(.optimistic) { processes[process(event)].hasInput = true }
        guard !program.commutes(write) else { return }
        wait(write, resolved.place, for: step)
    }

    private mutating func step(of write: ResolvedWrite, _ event: Int) -> Int32 {
        let flags = log.flags[event]
        let inside = delivery(around: event)
        if write.request >= 0, !flags.contains(.user), !flags.contains(.optimistic) { return response(write, event, inside) }
        // A derived value follows from what its task did, a rollback from the answer that its task handles.
        if inside >= 0 { return inside }
        if let last = program.steps.indices.last, program.steps[last].process == log.processIndices[event],
            program.steps[last].action == .wrote || program.steps[last].action == .hydrated, flags.contains(.derived),
            log.tasks[Int(program.steps[last].event)] == log.tasks[event]
        {
            return Int32(last)
        }
        let isUnknown = !flags.contains(.user) && !flags.contains(.optimistic) && !flags.contains(.rollback)
        let intent = engine.knownIntent(log.intents[event])
        let place = process(event)
        guard isUnknown, intent < 0, !processes[place].hasInput, typed.contains(write.place) else {
            let step = add(.wrote, event)
            program.steps[Int(step)].slot = write.slot
            return step
        }
        // Before the person did anything, and where the person types: what the page wrote of itself, and need not have been waited for. Elsewhere
        // it is the state that the page begins with.
        let step = add(.hydrated, event, needs: [processes[place].lastHydration])
        processes[place].lastHydration = step
        return step
    }

    /// The delivery that a response's write is part of: one task, or writes of one request that stand together.
    private mutating func response(_ write: ResolvedWrite, _ event: Int, _ inside: Int32) -> Int32 {
        if inside >= 0, program.steps[Int(inside)].request == write.request { return inside }
        let last = delivered[Int(write.request)]
        let task = log.tasks[event]
        if last >= 0, task.isNone, processes[process(event)].lastDelivery == last,
            log.tasks[Int(program.steps[Int(last)].event)].isNone
        {
            return last
        }
        if last >= 0, !task.isNone, log.tasks[Int(program.steps[Int(last)].event)] == task { return last }
        return newDelivery(event, write.request)
    }

    private mutating func noteGuard(_ write: Int32, _ event: Int, _ step: Int32) {
        guard let option = namedGuard(event) ?? (program.steps[Int(step)].action == .delivered ? assumed : nil) else { return }
        program.guards[write] = option
        if option == .versionCheck { program.looksAtWriters = true }
        guard option == .queue || option == .ignoreWhilePending || option == .waitForDependency else { return }
        // These let a slot's responses through in turn.
        let slot = program.steps[Int(step)].slot
        guard slot >= 0 else { return }
        if let before = turn[slot], before != step, !program.steps[Int(step)].needs.contains(before) {
            program.steps[Int(step)].needs.append(before)
        }
        turn[slot] = step
    }

    /// The guard that the event says let it through.
    private func namedGuard(_ event: Int) -> Guard? {
        guard log.flags[event].contains(.guarded), !guardName.isNone,
            let text = log.attributes(of: event).first(where: { $0.name == guardName })
        else { return nil }
        let name = log.text(text.value)
        return Guard.allCases.first { "\"\($0.code)\"" == name }
    }

    /// G9 waits for what was pending at its places: there the recorded order holds.
    private mutating func wait(_ write: Int32, _ place: Int32, for step: Int32) {
        let waits = program.guards[write] == .waitForDependency
        if let last = lastWriter[place], last.step != step, waits || last.waits,
            !program.steps[Int(step)].needs.contains(last.step), last.step < step
        {
            program.steps[Int(step)].needs.append(last.step)
        }
        lastWriter[place] = (step, waits)
    }
}
