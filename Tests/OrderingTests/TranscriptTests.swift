import Foundation
import OrderingWasm
import Testing

/// The C interface, called natively: the very functions that the browser calls.
struct NativeSession: ~Copyable {
    private let handle = orderingNew()

    deinit { orderingFree(handle) }

    private func write(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let input = orderingInput(handle, Int32(bytes.count)) else { return false }
        bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: input, count: bytes.count).copyMemory(from: $0) }
        return true
    }

    private func answer(_ code: Int32) -> [UInt8] {
        guard code > 0, let output = orderingOutput(handle) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: output, count: Int(code)))
    }

    func configure(_ bytes: ArraySlice<UInt8>) -> Int32 {
        write(bytes) ? orderingConfigure(handle, Int32(bytes.count)) : -1
    }

    func send(_ bytes: ArraySlice<UInt8>) -> (code: Int32, answer: [UInt8]) {
        guard write(bytes) else { return (-1, []) }
        let code = orderingHandle(handle, Int32(bytes.count))
        return (code, answer(code))
    }

    func counters() -> (code: Int32, answer: [UInt8]) {
        let code = orderingCounters(handle)
        return (code, answer(code))
    }
}

@Suite struct TranscriptTests {
    static let path = ProcessInfo.processInfo.environment["TRUELINE_TRANSCRIPT"]

    @Test(
        "The native build answers a recorded transcript with the bytes WebAssembly answered",
        .enabled(if: path != nil, "Scripts/check-wasm.sh records the transcript and runs this test"))
    func replay() throws {
        let path = try #require(Self.path)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let session = NativeSession()
        var position = 0
        var events = 0
        func u32() -> UInt32 {
            defer { position += 4 }
            return (0..<4).reduce(0) { $0 | UInt32(bytes[position + $1]) << UInt32($1 * 8) }
        }
        while position < bytes.count {
            let kind = bytes[position]
            position += 1
            let length = Int(u32())
            let code = Int32(bitPattern: u32())
            let message = bytes[position..<position + length]
            position += length
            let expected = bytes[position..<position + (kind == 0 ? 0 : max(0, Int(code)))]
            position += expected.count
            let actual: (code: Int32, answer: [UInt8])
            switch kind {
            case 0: actual = (session.configure(message), [])
            case 1:
                actual = session.send(message)
                events += 1
            default: actual = session.counters()
            }
            guard actual.code == code, actual.answer.elementsEqual(expected) else {
                Issue.record("event \(events), \(Array(message)): \(actual), in WebAssembly \(code), \(Array(expected))")
                return
            }
        }
        let wanted = Int(ProcessInfo.processInfo.environment["TRUELINE_TRANSCRIPT_EVENTS"] ?? "") ?? 100_000
        #expect(events >= wanted)
    }
}

@Suite struct InterfaceTests {
    /// Version, instant zero, tag.
    private func message(_ tag: UInt8, _ rest: [UInt8] = []) -> ArraySlice<UInt8> {
        ([3] + Array(repeating: 0, count: 8) + [tag] + rest)[...]
    }

    @Test("Damaged bytes are a negative number that says what is wrong") func damage() {
        let session = NativeSession()
        #expect(session.send([]).code == -2)
        #expect(session.send([1]).code == -3)
        #expect(session.send(message(99)).code == -4)
        #expect(session.send(message(19, [0])).code == -5)
        #expect(session.send(message(4, Array(repeating: 0, count: 16) + [1, 0, 0, 2, 0])).code == -6)
        #expect(session.configure([3, 0]) == -2)
        #expect(session.send(message(19)).code > 0)
    }

    @Test("A count beyond what is left is refused before room is made for it") func counts() {
        let session = NativeSession()
        #expect(session.send(message(4, Array(repeating: 0, count: 16) + [1, 0, 255, 0, 0])).code == -2)
    }

    @Test("A null handle, a negative length and a message over the limit are refused") func misuse() {
        #expect(orderingHandle(nil, 0) == -7)
        #expect(orderingConfigure(nil, 0) == -7)
        #expect(orderingCounters(nil) == -7)
        #expect(orderingCondition(nil, 1) == -7)
        #expect(orderingInput(nil, 1) == nil)
        #expect(orderingOutput(nil) == nil)
        orderingFree(nil)
        let handle = orderingNew()
        #expect(orderingInput(handle, -1) == nil)
        #expect(orderingInput(handle, 1 << 20 + 1) == nil)
        #expect(orderingHandle(handle, -1) == -1)
        #expect(orderingHandle(handle, .max) == -1)
        #expect(orderingCondition(handle, 0) == 0)
        orderingFree(handle)
    }

    @Test("Random bytes never trap", arguments: UInt64(1)...4) func randomBytes(seed: UInt64) {
        let session = NativeSession()
        var generator = Generator(seed: seed)
        for _ in 0..<5_000 {
            var bytes = (0..<generator.below(80)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            if bytes.count > 9 {
                bytes[0] = 1
                bytes[9] = UInt8(generator.below(20))
            }
            let (code, answer) = session.send(bytes[...])
            #expect(code < 0 || Int(code) == answer.count)
        }
    }
}
