/// Rows that are appended together, a column at a time: far quicker than a row at a time to two dozen columns.
package struct RowBlock: Sendable {
    fileprivate static let capacity = 256

    fileprivate var rows: [TraceLog.Row] = []
    fileprivate var processes: [UInt16] = []

    package init() {
        rows.reserveCapacity(Self.capacity)
        processes.reserveCapacity(Self.capacity)
    }
}

extension TraceLog {
    /// Puts an event with the variable parts added before it behind those of the block, and appends the block once it is full. Until the
    /// block is appended, nothing else may be. `false` when the log is full: the event is left out then.
    package mutating func append(_ row: Row, to block: inout RowBlock) -> Bool {
        let isLikeLast = block.rows.last?.process == row.process
        guard kinds.count + block.rows.count < Self.maximumEvents, valuePool.count <= Int(UInt32.max),
            attributePool.count <= Int(UInt32.max),
            let process = isLikeLast ? block.processes.last : processIndex(row.process)
        else {
            dropPending()
            return false
        }
        appendEnds()
        block.rows.append(row)
        block.processes.append(process)
        if block.rows.count == RowBlock.capacity { append(&block) }
        return true
    }

    /// Appends the rows of a block and leaves it empty.
    package mutating func append(_ block: inout RowBlock) {
        block.rows.withUnsafeBufferPointer { rows in
            kinds.append(contentsOf: rows.lazy.map { $0.kind })
            flags.append(contentsOf: rows.lazy.map { $0.flags })
            phases.append(contentsOf: rows.lazy.map { $0.phase })
            processIndices.append(contentsOf: block.processes)
            for (row, process) in zip(rows, block.processes) {
                sessions.append(row.session.isNone ? processes[Int(process)].name : row.session)
            }
            times.append(contentsOf: rows.lazy.map { $0.time })
            lines.append(contentsOf: rows.lazy.map { $0.line })
            ids.append(contentsOf: rows.lazy.map { $0.id })
            tasks.append(contentsOf: rows.lazy.map { $0.task })
            requests.append(contentsOf: rows.lazy.map { $0.request })
            intents.append(contentsOf: rows.lazy.map { $0.intent })
            slotNames.append(contentsOf: rows.lazy.map { $0.slot })
            keys.append(contentsOf: rows.lazy.map { $0.key })
            versions.append(contentsOf: rows.lazy.map { $0.version })
            for row in rows { bases.append(row.base) }
            for row in rows { arguments.append(row.arguments) }
            for row in rows { labels.append(row.label) }
            for row in rows { numbers.append(row.number) }
        }
        block.rows.removeAll(keepingCapacity: true)
        block.processes.removeAll(keepingCapacity: true)
    }

    /// Ends the variable parts of an event.
    mutating func appendEnds() {
        valueEnds.append(UInt32(valuePool.count))
        shownEnds.append(UInt32(shownPool.count))
        edgeEnds.append(UInt32(edgePool.count))
        fromEnds.append(UInt32(fromPool.count))
        attributeEnds.append(UInt32(attributePool.count))
    }
}
