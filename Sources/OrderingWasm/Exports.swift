#if canImport(Ordering)
    import Ordering
#endif  // For WebAssembly everything is compiled as one module.

// The whole C interface, for WebAssembly and, so that tests can call the very same functions, natively. There are no
// globals: a handle is the address of a retained session. A wrong handle other than null is the caller's crash, as in any
// C interface; wrong bytes are a negative number.

/// One core with its two byte buffers.
private final class Session {
    /// A reply of 64 pages of 1,000 rows is 256 KiB; nothing sensible is larger than this.
    static let inputLimit: Int32 = 1 << 20

    var core = Reconciler()
    private(set) var input = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 8)
    private(set) var output = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 8)

    deinit {
        input.deallocate()
        output.deallocate()
    }

    private static func room(_ count: Int, in buffer: inout UnsafeMutableRawBufferPointer) {
        guard count > buffer.count else { return }
        let size = max(count, buffer.count * 2)
        buffer.deallocate()
        buffer = .allocate(byteCount: size, alignment: 8)
    }

    func makeRoom(_ count: Int32) -> UnsafeMutableRawPointer? {
        guard count >= 0, count <= Self.inputLimit else { return nil }
        Self.room(Int(count), in: &input)
        return input.baseAddress
    }

    func message(_ count: Int32) -> UnsafeRawBufferPointer? {
        guard count >= 0, Int(count) <= input.count else { return nil }
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(input)[0..<Int(count)])
    }

    func answer(_ bytes: [UInt8]) -> Int32 {
        guard let count = Int32(exactly: bytes.count) else { return badLength }
        Self.room(bytes.count, in: &output)
        output.copyBytes(from: bytes)
        return count
    }
}

private let badLength: Int32 = -1
private let noSession: Int32 = -7

private func session(_ handle: UnsafeMutableRawPointer?) -> Session? {
    handle.map { Unmanaged<Session>.fromOpaque($0).takeUnretainedValue() }
}

/// A new session with the default configuration. Free it with `ordering_free`.
@c(ordering_new)
public func orderingNew() -> UnsafeMutableRawPointer? {
    Unmanaged.passRetained(Session()).toOpaque()
}

/// Ends a session. Null does nothing.
@c(ordering_free)
public func orderingFree(_ handle: UnsafeMutableRawPointer?) {
    if let handle { Unmanaged<Session>.fromOpaque(handle).release() }
}

/// Where to write the next message of that many bytes; null when it is negative or over 1 MiB. Valid until the next call.
@c(ordering_input)
public func orderingInput(_ handle: UnsafeMutableRawPointer?, _ count: Int32) -> UnsafeMutableRawPointer? {
    session(handle)?.makeRoom(count)
}

/// Begins anew with the configuration at `ordering_input`. Zero, or a negative error.
@c(ordering_configure)
public func orderingConfigure(_ handle: UnsafeMutableRawPointer?, _ count: Int32) -> Int32 {
    guard let session = session(handle) else { return noSession }
    guard let message = session.message(count) else { return badLength }
    do throws(WireError) {
        session.core = Reconciler(configuration: try ByteReader.configuration(message))
        return 0
    } catch {
        return error.code
    }
}

/// Handles the event at `ordering_input` and drains the effects to `ordering_output`: their length, or a negative error, after
/// which the core is as it was.
@c(ordering_handle)
public func orderingHandle(_ handle: UnsafeMutableRawPointer?, _ count: Int32) -> Int32 {
    guard let session = session(handle) else { return noSession }
    guard let message = session.message(count) else { return badLength }
    do throws(WireError) {
        let (event, now) = try ByteReader.message(message)
        session.core.handle(event, at: now)
        return session.answer(ByteWriter.drain(&session.core))
    } catch {
        return error.code
    }
}

/// Writes the counters to `ordering_output`: their length.
@c(ordering_counters)
public func orderingCounters(_ handle: UnsafeMutableRawPointer?) -> Int32 {
    guard let session = session(handle) else { return noSession }
    return session.answer(ByteWriter.counters(session.core.counters))
}

/// A page's condition, as ``PageCondition`` numbers it.
@c(ordering_condition)
public func orderingCondition(_ handle: UnsafeMutableRawPointer?, _ page: UInt32) -> Int32 {
    guard let session = session(handle) else { return noSession }
    return Int32(session.core.condition(of: PageNumber(page)).rawValue)
}

/// Where the last answer lies, until the next call.
@c(ordering_output)
public func orderingOutput(_ handle: UnsafeMutableRawPointer?) -> UnsafeRawPointer? {
    session(handle).flatMap { UnsafeRawPointer($0.output.baseAddress) }
}
