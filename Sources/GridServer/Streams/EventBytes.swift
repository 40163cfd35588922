import ChangePipeline
import Enrichment
import GridImage
import GridModel
import NIOCore
import Ordering
import Wire

/// Bytes of an event stream, made once for however many streams they go to.
struct EventBytes: Sendable {
    /// As one chunk of a chunked body (RFC 9112, section 7.1). Its payload lies in the same memory.
    let chunk: ByteBuffer
    let payload: ByteBuffer

    init(_ bytes: [UInt8]) {
        var chunk = ByteBuffer()
        chunk.reserveCapacity(bytes.count + 20)
        chunk.writeString(String(bytes.count, radix: 16))
        chunk.writeStaticString("\r\n")
        let start = chunk.writerIndex
        chunk.writeBytes(bytes)
        payload = chunk.getSlice(at: start, length: bytes.count) ?? ByteBuffer()
        chunk.writeStaticString("\r\n")
        self.chunk = chunk
    }

    init(_ events: some Collection<SignalEvent>) {
        self.init(
            events.flatMap { event in
                switch event {
                case .commit(let signal): StreamEvent.commit(CommitEvent(signal)).frame
                case .gap(let revision): StreamEvent.gap(revision).frame
                }
            })
    }

    /// One event a run, which also names the cells whose shown state changed: not committed, so no commit event tells of them.
    init(_ activity: RunActivity) {
        self.init(
            activity.statuses.flatMap { status in
                StreamEvent.frame(id: nil, "run") { writer in
                    status.write(to: &writer)
                    guard let touched = activity.cells.first(where: { $0.column == status.column && $0.grid == status.grid })
                    else { return }
                    writer.member("rows", touched.rows.map(Self.text) ?? "many")
                }
            })
    }

    private static func text(_ rows: [RowID]) -> String {
        var ranges: [ClosedRange<RowID>] = []
        for row in rows {
            if let last = ranges.last, last.upperBound.rawValue &+ 1 == row.rawValue {
                ranges[ranges.count - 1] = last.lowerBound...row
            } else {
                ranges.append(row...row)
            }
        }
        return CommitEvent.Touched.text(ranges)
    }
}

extension CommitEvent {
    init(_ signal: Signal) {
        self.init(
            revision: signal.revision, from: signal.from,
            sheets: signal.sheets.map { sheet in
                let rows: [ClosedRange<RowID>]? = if case .ranges(let ranges) = sheet.rows { ranges } else { nil }
                return (
                    id: sheet.id,
                    touched: Touched(rows: rows, columns: sheet.columns, structure: sheet.structure, order: sheet.order)
                )
            }, structure: signal.structure, changes: signal.changes)
    }
}

extension SignalEvent {
    /// What a reader has seen after it.
    var revision: Revision {
        switch self {
        case .commit(let signal): signal.revision
        case .gap(let revision): revision
        }
    }
}
