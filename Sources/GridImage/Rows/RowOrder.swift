// Rows in an order that is cheap to address by rank and cheap to change anywhere: chunks of at most 1,024 row numbers, a Fenwick
// tree over the chunks' counts (Fenwick 1994), and a map from each row to its chunk. Ranks are found in microseconds among
// millions; an insertion touches one chunk and rebuilds, at worst, what is proportional to the number of chunks.

/// See the file's head.
struct RowOrder: Sendable {
    struct Chunk: Sendable {
        /// Names the chunk in the row map and in the fold; never 0.
        var id: UInt32
        var rows: [UInt32]
        /// The fold epoch the chunk last changed under.
        var epoch: UInt32
    }

    static let chunkLimit = 1_024
    /// As many chunks as there can be row numbers for.
    static let chunkIDLimit: UInt32 = 1 << 22
    /// How full chunks are made in the middle, to leave room.
    static let chunkFill = 768

    private(set) var chunks: [Chunk] = []
    private(set) var count = 0
    private var sums: [UInt32] = []
    private var chunkOf = RowMap()
    private var placeOfChunk: [UInt32] = [0]
    private var freeIDs: [UInt32] = []
    private(set) var epoch: UInt32 = 1
    /// Chunks that ceased since the last fold began.
    private(set) var ceased: [UInt32] = []
    private(set) var isDirty = false

    init() {}

    init(_ rows: [UInt32]) {
        insert(rows, at: 0)
    }

    /// Takes chunks from a fold. `nil` when a row or an id comes twice.
    init?(folded: [(id: UInt32, rows: [UInt32])]) {
        for (id, rows) in folded {
            guard id > 0, id <= Self.chunkIDLimit, !rows.isEmpty, rows.count <= Self.chunkLimit else { return nil }
            while placeOfChunk.count <= Int(id) { placeOfChunk.append(UInt32.max) }
            guard placeOfChunk[Int(id)] == UInt32.max else { return nil }
            placeOfChunk[Int(id)] = UInt32(chunks.count)
            for row in rows {
                guard chunkOf[row] == 0 else { return nil }
                chunkOf[row] = id
            }
            count += rows.count
            chunks.append(Chunk(id: id, rows: rows, epoch: 0))
        }
        for id in stride(from: placeOfChunk.count - 1, to: 0, by: -1) where placeOfChunk[id] == UInt32.max {
            freeIDs.append(UInt32(id))
        }
        index()
    }

    func contains(_ row: UInt32) -> Bool { chunkOf[row] != 0 }

    // MARK: ranks

    /// The row at a rank below `count`.
    func row(at rank: Int) -> UInt32 {
        let (chunk, offset) = locate(rank)
        return chunks[chunk].rows[offset]
    }

    /// The rank of a row; `nil` when it is not in the order.
    func rank(of row: UInt32) -> Int? {
        let id = chunkOf[row]
        guard id != 0 else { return nil }
        let place = Int(placeOfChunk[Int(id)])
        let offset = chunks[place].rows.withUnsafeBufferPointer { Self.find(row, in: $0) }
        return start(of: place) + offset
    }

    /// Where a row stands among a chunk's rows: a block at a time, without a branch inside, so that it becomes vector code.
    @inline(__always)
    private static func find(_ row: UInt32, in rows: UnsafeBufferPointer<UInt32>) -> Int {
        let block = 32
        var index = 0
        while index + block <= rows.count {
            var found: UInt32 = 0
            for offset in 0..<block { found |= rows[index &+ offset] == row ? 1 : 0 }
            if found != 0 { break }
            index += block
        }
        while index < rows.count, rows[index] != row { index += 1 }
        return index
    }

    /// The rows at consecutive ranks.
    func slice(_ ranks: Range<Int>) -> [UInt32] {
        guard !ranks.isEmpty else { return [] }
        var rows: [UInt32] = []
        rows.reserveCapacity(ranks.count)
        var (chunk, offset) = locate(ranks.lowerBound)
        var left = ranks.count
        while left > 0, chunk < chunks.count {
            let part = chunks[chunk].rows[offset..<min(offset + left, chunks[chunk].rows.count)]
            rows.append(contentsOf: part)
            left -= part.count
            chunk += 1
            offset = 0
        }
        return rows
    }

    /// Calls `body` with every row, in order.
    @inline(__always)
    func forEach(_ body: (UInt32) -> Void) {
        for chunk in chunks {
            for row in chunk.rows { body(row) }
        }
    }

    /// The chunk and the place in it of a rank below `count`; for `count` itself the end of the last chunk.
    private func locate(_ rank: Int) -> (chunk: Int, offset: Int) {
        guard rank < count else { return (max(chunks.count - 1, 0), chunks.last?.rows.count ?? 0) }
        var place = 0
        var left = UInt32(rank)
        var step = 1
        while step << 1 <= chunks.count { step <<= 1 }
        while step > 0 {
            if place + step <= chunks.count, sums[place + step] <= left {
                place += step
                left -= sums[place]
            }
            step >>= 1
        }
        return (place, Int(left))
    }

    private func start(of place: Int) -> Int {
        var sum = 0
        var at = place
        while at > 0 {
            sum += Int(sums[at])
            at &= at - 1
        }
        return sum
    }

    // MARK: changes

    /// Inserts rows that are not in the order, before the row now at `rank`; `rank` is at most `count`.
    mutating func insert(_ rows: [UInt32], at rank: Int) {
        guard !rows.isEmpty else { return }
        isDirty = true
        let (place, offset) = locate(rank)
        if place < chunks.count, chunks[place].rows.count + rows.count <= Self.chunkLimit {
            chunks[place].rows.insert(contentsOf: rows, at: offset)
            chunks[place].epoch = epoch
            for row in rows { chunkOf[row] = chunks[place].id }
            count += rows.count
            add(UInt32(rows.count), to: place)
            return
        }
        let appends = rank == count
        var all: [UInt32] = []
        var range = place..<place
        if place < chunks.count, !(appends && chunks[place].rows.count >= Self.chunkFill) {
            all = Array(chunks[place].rows[..<offset]) + rows + chunks[place].rows[offset...]
            range = place..<place + 1
        } else {
            all = rows
            if appends { range = chunks.count..<chunks.count }
        }
        count += rows.count
        put(all, over: range, fill: appends ? Self.chunkLimit : Self.chunkFill)
    }

    /// Makes chunks of `rows` and puts them where `range` was.
    private mutating func put(_ rows: [UInt32], over range: Range<Int>, fill: Int) {
        for old in chunks[range] { release(old.id) }
        let pieces = (rows.count + fill - 1) / fill
        var made: [Chunk] = []
        made.reserveCapacity(pieces)
        for piece in 0..<pieces {
            let from = fill == Self.chunkLimit ? piece * fill : rows.count * piece / pieces
            let to = fill == Self.chunkLimit ? min(from + fill, rows.count) : rows.count * (piece + 1) / pieces
            let id = newID()
            for row in rows[from..<to] { chunkOf[row] = id }
            made.append(Chunk(id: id, rows: Array(rows[from..<to]), epoch: epoch))
        }
        chunks.replaceSubrange(range, with: made)
        index()
    }

    private mutating func newID() -> UInt32 {
        if let id = freeIDs.popLast() {
            return id
        }
        placeOfChunk.append(0)
        return UInt32(placeOfChunk.count - 1)
    }

    private mutating func release(_ id: UInt32) {
        freeIDs.append(id)
        ceased.append(id)
    }

    /// Removes rows; those that are not in the order are passed over.
    mutating func remove(_ rows: [UInt32]) {
        var touched: [UInt32] = []
        var removed = 0
        for row in rows {
            let id = chunkOf[row]
            guard id != 0 else { continue }
            chunkOf[row] = 0
            removed += 1
            if touched.last != id { touched.append(id) }
        }
        guard removed > 0 else { return }
        isDirty = true
        count -= removed
        if touched.count == 1, removed == 1, let row = rows.first, rows.count == 1 {
            removeOne(row, from: Int(placeOfChunk[Int(touched[0])]))
            return
        }
        var anyEmpty = false
        for id in Set(touched) {
            let place = Int(placeOfChunk[Int(id)])
            let map = chunkOf
            chunks[place].rows.removeAll { map[$0] == 0 }
            chunks[place].epoch = epoch
            if chunks[place].rows.isEmpty {
                anyEmpty = true
            }
        }
        if anyEmpty { dropEmpty() }
        index()
    }

    private mutating func removeOne(_ row: UInt32, from place: Int) {
        if let offset = chunks[place].rows.firstIndex(of: row) { chunks[place].rows.remove(at: offset) }
        chunks[place].epoch = epoch
        if chunks[place].rows.isEmpty {
            dropEmpty()
            index()
        } else {
            add(UInt32.max, to: place)
        }
    }

    private mutating func dropEmpty() {
        for chunk in chunks where chunk.rows.isEmpty { release(chunk.id) }
        chunks.removeAll { $0.rows.isEmpty }
    }

    /// Adds to a chunk's count in the tree; wraps, so that `UInt32.max` takes one away.
    private mutating func add(_ amount: UInt32, to place: Int) {
        var at = place + 1
        while at <= chunks.count {
            sums[at] &+= amount
            at += at & -at
        }
    }

    private mutating func index() {
        sums = [UInt32](repeating: 0, count: chunks.count + 1)
        for place in chunks.indices {
            placeOfChunk[Int(chunks[place].id)] = UInt32(place)
            let at = place + 1
            sums[at] &+= UInt32(chunks[place].rows.count)
            let parent = at + (at & -at)
            if parent <= chunks.count { sums[parent] &+= sums[at] }
        }
    }

    mutating func beginEpoch() {
        epoch &+= 1
        ceased = []
        isDirty = false
    }
}

/// A number for each row number, 0 unless set, in blocks of 1,024 that snapshots share.
struct RowMap: Sendable {
    private var blocks: [[UInt32]] = []

    @inline(__always)
    subscript(row: UInt32) -> UInt32 {
        get {
            let block = Int(row >> 10)
            guard block < blocks.count, !blocks[block].isEmpty else { return 0 }
            return blocks[block][Int(row & 1_023)]
        }
        set {
            let block = Int(row >> 10)
            while blocks.count <= block { blocks.append([]) }
            if blocks[block].isEmpty { blocks[block] = [UInt32](repeating: 0, count: 1_024) }
            blocks[block][Int(row & 1_023)] = newValue
        }
    }
}
