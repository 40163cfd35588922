package import GridModel
import Ordering

/// The bytes of a command's results beside its intent in the store, so that a repeat gets the first answer (S5).
///
/// Format 1: the byte 1, then runs. A run is a tag, a count of how often it repeats, and the tag's numbers; counts and numbers are
/// LEB128. Ten thousand cells set are four bytes.
package enum OutcomeCodec {
    /// What of the bytes was not understood.
    package struct Failure: Error, Hashable, Sendable {
        package var offset: Int
    }

    private static let version: UInt8 = 1

    private enum Tag: UInt8 {
        case done = 0
        case rows = 1
        case column = 2
        case sheet = 3
        case view = 4
        case keptAsSuggestion = 5
        case inputsChanged = 6
    }

    package static func encode(_ results: [ChangeResult]) -> [UInt8] {
        var bytes: [UInt8] = [version]
        var index = 0
        while index < results.count {
            let result = results[index]
            var end = index + 1
            while end < results.count, results[end] == result { end += 1 }
            append(result, count: end - index, to: &bytes)
            index = end
        }
        return bytes
    }

    private static func append(_ result: ChangeResult, count: Int, to bytes: inout [UInt8]) {
        func run(_ tag: Tag, _ numbers: UInt32...) {
            bytes.append(tag.rawValue)
            append(UInt64(count), to: &bytes)
            for number in numbers { append(UInt64(number), to: &bytes) }
        }
        switch result {
        case .done: run(.done)
        case .rows(let first, let count): run(.rows, first.rawValue, count)
        case .column(let id): run(.column, id.rawValue)
        case .sheet(let id): run(.sheet, id.rawValue)
        case .view(let id): run(.view, id.rawValue)
        case .keptAsSuggestion: run(.keptAsSuggestion)
        case .inputsChanged: run(.inputsChanged)
        }
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    package static func decode(_ bytes: [UInt8]) throws(Failure) -> [ChangeResult] {
        guard bytes.first == version else { throw Failure(offset: 0) }
        var reader = Reader(bytes: bytes, offset: 1)
        var results: [ChangeResult] = []
        while reader.offset < bytes.count {
            let start = reader.offset
            guard let tag = Tag(rawValue: bytes[start]) else { throw Failure(offset: start) }
            reader.offset += 1
            let count = try reader.number()
            guard count >= 1, Int(count) + results.count <= Limits.changesPerCommand else { throw Failure(offset: start) }
            let result: ChangeResult =
                switch tag {
                case .done: .done
                case .rows: .rows(first: RowID(try reader.number()), count: try reader.number())
                case .column: .column(ColumnID(try reader.number()))
                case .sheet: .sheet(SheetID(try reader.number()))
                case .view: .view(ViewID(try reader.number()))
                case .keptAsSuggestion: .keptAsSuggestion
                case .inputsChanged: .inputsChanged
                }
            results.append(contentsOf: repeatElement(result, count: Int(count)))
        }
        return results
    }

    private struct Reader {
        let bytes: [UInt8]
        var offset: Int

        mutating func number() throws(Failure) -> UInt32 {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while offset < bytes.count, shift <= 28 {
                let byte = bytes[offset]
                offset += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte & 0x80 == 0 {
                    guard let number = UInt32(exactly: value) else { break }
                    return number
                }
                shift += 7
            }
            throw Failure(offset: offset)
        }
    }
}
