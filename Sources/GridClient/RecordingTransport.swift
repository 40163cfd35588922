import Synchronization
public import TraceRecording

/// A transport that records every request: when it begins, with a `traceparent` header, when its reply is there, and that it was given up.
struct RecordingTransport: Transport {
    let base: any Transport
    let recorder: TraceRecorder
    /// Why the caller's task sends requests, and who wants to know how their replies were handed over.
    @TaskLocal static var current: (intent: TracedIntent?, box: SheetRecording.TurnBox?) = (nil, nil)

    func send(_ request: TransportRequest) async throws -> TransportReply {
        let traced = recorder.start(method: request.method, url: request.target, intent: Self.current.intent)
        var request = request
        request.headers.append((name: "traceparent", value: traced.traceparent))
        do {
            let reply = try await base.send(request)
            recorder.arrive(
                traced, status: Int64(reply.status), version: reply.header("Trueline-Revision").flatMap { Int64($0) })
            let turn = recorder.deliver(traced)
            Self.current.box?.turn.withLock { $0 = turn }
            return reply
        } catch let error as CancellationError {
            recorder.cancel(traced)
            throw error
        } catch {
            recorder.arrive(traced, error: "\(type(of: error))")
            throw error
        }
    }

    func shutdown() async {
        await base.shutdown()
    }
}

extension GridClient {
    /// A client that does the same and records it: requests with their `traceparent`, replies, cancellations; edits and changes of view of its
    /// live sheets as intents, what they apply and drop, and the revisions that they show.
    public func recording(to recorder: TraceRecorder) -> GridClient {
        var copy = GridClient(transport: RecordingTransport(base: transport, recorder: recorder), environment: environment)
        copy.recorder = recorder
        return copy
    }
}
