import Synchronization
import Trace

/// Records what a process asks for, receives, writes and commits, in the trace format (`Docs/specifications/trace-format.md`).
///
/// ```swift
/// let recorder = TraceRecorder(process: "cart-service", role: .service, trace: "t-1", now: nanoseconds, random: chance) { file.append($0) }
/// let intent = recorder.intent("total", label: "Apply code", arguments: .text(code))
/// let request = recorder.start(method: "GET", url: "/price", intent: intent)     // send request.traceparent along
/// recorder.arrive(request, status: 200)
/// let turn = recorder.deliver(request)
/// recorder.write("total", key: "total", value: .integer(cents), in: turn)
/// ```
///
/// Events are encoded as they come, into a buffer of 64 KiB that goes to the sink when it is full and on ``flush()``. Recording an event costs
/// about a microsecond. The order of calls is the process's program order; calls from several threads are put in one.
public final class TraceRecorder: Sendable {
    /// What the process is.
    public enum Role: String, Sendable {
        case browser, server, agent, service, store
    }

    /// The process's name in the trace.
    public let process: String
    private let keepsValues: Bool
    private let now: @Sendable () -> UInt64
    private let random: @Sendable () -> UInt64
    private let sink: @Sendable ([UInt8]) -> Void
    private let state: Mutex<State>

    private struct State {
        var buffer: [UInt8] = []
        var serial: UInt64 = 0
        var latest: UInt64 = 0
    }

    /// Bytes that are gathered before the sink is called.
    static let bufferBytes = 64 << 10
    /// The format's limit for a kept value.
    static let valueBytes = 4_096

    /// - Parameters:
    ///   - process: a name that no other process of the trace has.
    ///   - keepsValues: `false` keeps values as digests that are equal for equal values, within this process only.
    ///   - now: nanoseconds of a clock that does not go back.
    ///   - random: numbers that nobody can guess.
    ///   - sink: takes whole lines. Called with the recorder's lock held: it must not record, and should not wait.
    public init(
        process: String, role: Role, trace: String, session: String? = nil, keepsValues: Bool = false,
        now: @escaping @Sendable () -> UInt64, random: @escaping @Sendable () -> UInt64,
        sink: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.process = process
        self.keepsValues = keepsValues
        self.now = now
        self.random = random
        self.sink = sink
        var head = TraceLine("trace")
        head.add("version", 1)
        head.add("recorder", "trueline TraceRecorder 1.0")
        head.add("id", trace)
        state = Mutex(State(buffer: head.ended + Self.declaration(process, role, session: session)))
    }

    private init(process: String, role: Role, of recorder: TraceRecorder) {
        self.process = process
        keepsValues = recorder.keepsValues
        now = recorder.now
        random = recorder.random
        sink = recorder.sink
        state = Mutex(State(buffer: Self.declaration(process, role, session: nil)))
    }

    /// A recorder of another process of the same trace, such as an agent that runs in the same program. It goes to the same sink, which both
    /// may call at one time.
    /// - Parameters:
    ///   - name: a name that no other process of the trace has.
    ///   - role: what it is.
    public func process(named name: String, role: Role) -> TraceRecorder {
        // The file begins with the trace's head, which this recorder has.
        flush()
        return TraceRecorder(process: name, role: role, of: self)
    }

    private static func declaration(_ process: String, _ role: Role, session: String?) -> [UInt8] {
        var line = TraceLine("process")
        line.add("process", process)
        line.add("role", role.rawValue)
        line.add("clock", process)
        line.add("session", session)
        return line.ended
    }

    /// Adds an event of any kind.
    /// - Parameters:
    ///   - type: one of the format's kinds.
    ///   - members: adds the event's members besides `type`, `process` and `time`.
    public func record(_ type: String, _ members: (inout TraceLine) -> Void) {
        var rest = TraceLine(type)
        rest.add("process", process)
        members(&rest)
        let bytes = rest
        state.withLock { state in
            // Taken under the lock, so that times stand in the order of the lines.
            state.latest = max(state.latest, now())
            var line = bytes
            line.add("time", Int64(clamping: state.latest))
            state.buffer.append(contentsOf: line.ended)
            if state.buffer.count >= Self.bufferBytes { hand(&state) }
        }
    }

    /// Hands what is buffered to the sink.
    public func flush() {
        state.withLock { hand(&$0) }
    }

    private func hand(_ state: inout State) {
        guard !state.buffer.isEmpty else { return }
        sink(state.buffer)
        state.buffer.removeAll(keepingCapacity: true)
    }

    /// A name for an event that no other event of the trace has.
    func newID() -> String {
        let serial = state.withLock { state in
            state.serial += 1
            return state.serial
        }
        return "\(process).\(serial)"
    }

    func newNumber() -> UInt64 {
        random()
    }

    /// What goes into the trace of a value.
    func kept(_ value: TraceValue) -> TraceValue {
        if case .digest = value { return value }
        let json = value.json
        if keepsValues, json.count <= Self.valueBytes { return value.withoutSecrets }
        // Swift's hasher is keyed anew in every process: equal values are seen to be equal here, and nowhere else.
        var hasher = Hasher()
        json.withUnsafeBytes { hasher.combine(bytes: $0) }
        return .digest(String(UInt64(bitPattern: Int64(hasher.finalize())), radix: 16))
    }
}
