import MessageFraming
import NIOCore
import Reordering
import Trace

/// A request to the proxy itself, under its reserved prefix.
final class OwnExchange {
    /// No upstream has a path like this.
    static let prefix = "/__trueline/"

    private let head: RequestHead
    private let hub: ProxyHub
    private weak var front: (any ExchangeFront)?
    private var body = ByteBuffer()
    private var isTooLarge = false
    private var watch: Int?
    private(set) var isRequestComplete = false

    init(_ head: RequestHead, hub: ProxyHub, front: any ExchangeFront) {
        self.head = head
        self.hub = hub
        self.front = front
    }

    func received(_ bytes: ByteBuffer) {
        guard body.readableBytes + bytes.readableBytes <= ProxyLimits.ownBodyBytes else {
            isTooLarge = true
            return
        }
        body.writeImmutableBuffer(bytes)
    }

    func requestEnded() {
        isRequestComplete = true
        if isTooLarge { return answer(OwnAnswer(status: 413, text: "more than \(ProxyLimits.ownBodyBytes) bytes\n")) }
        let identity = RequestIdentity(method: head.method, target: head.target)
        let name = String(identity.path.dropFirst(Self.prefix.count))
        let arguments = Dictionary(identity.arguments.map { ($0.name, $0.value) }) { first, _ in first }
        switch head.method {
        case "GET", "HEAD": get(name, arguments)
        case "POST": post(name, arguments)
        default: answer(OwnAnswer(status: 405, text: "GET or POST, please\n"))
        }
    }

    func abandon() {
        if let watch { hub.unwatch(watch) }
        watch = nil
    }

    private func get(_ name: String, _ arguments: [String: String]) {
        if name == "state" { return state(after: arguments["after"].flatMap(UInt64.init)) }
        let file = name.isEmpty ? "index.html" : name
        guard let bytes = hub.configuration.files[file] else {
            return answer(OwnAnswer(status: 404, text: "no such file of the proxy\n"))
        }
        var whole = OwnAnswer(type: Self.type(file), body: bytes)
        whole.isKept = file == HTMLInjection.recorder && arguments["v"] == hub.recorderVersion
        answer(whole)
    }

    private static func type(_ file: String) -> String {
        if file.hasSuffix(".js") { return "text/javascript; charset=utf-8" }
        return file.hasSuffix(".css") ? "text/css; charset=utf-8" : "text/html; charset=utf-8"
    }

    private func post(_ name: String, _ arguments: [String: String]) {
        switch name {
        case "release":
            if let exchange = arguments["exchange"].flatMap(UInt64.init) {
                hub.handle(.releaseAsked(HoldID(ExchangeID(exchange), message: arguments["message"].flatMap(Int.init) ?? 0)))
            } else {
                hub.handle(.releaseAllAsked)
            }
        case "barrier":
            guard let name = arguments["name"], !name.isEmpty, name.utf8.count <= 200 else {
                return answer(OwnAnswer(status: 400, text: "which barrier? ?name=\n"))
            }
            hub.handle(.barrier(name))
        case "quiet": hub.handle(.quietDeclared)
        case "taken":
            guard let word = PageWord(arguments) else {
                return answer(OwnAnswer(status: 400, text: "what was taken? ?span=, or ?stream=&type=&count=\n"))
            }
            hub.pageSays(word)
        case "final": hub.keepFinal(arguments["name"] ?? "dom", FinalDigest.of(body.readableBytesView))
        case "traces":
            do {
                hub.keepPart(try TracePartQueue.Part(Array(body.readableBytesView)))
            } catch {
                return answer(OwnAnswer(status: 400, text: "byte \(error.offset): \(error.reason)\n"))
            }
        default: return answer(OwnAnswer(status: 404, text: "no such deed of the proxy\n"))
        }
        answer(OwnAnswer(status: 200, type: "application/json", body: Array("{}".utf8)))
    }

    /// What is held now; with `after`, once that is another than it was then.
    private func state(after version: UInt64?) {
        guard let version, version == hub.version else { return answer(StateDocument(hub).answer) }
        watch = hub.watch { [weak self] in
            guard let self else { return }
            abandon()
            answer(StateDocument(hub).answer)
        }
    }

    private func answer(_ answer: OwnAnswer) {
        front?.answer(answer, isHead: head.method == "HEAD")
    }
}

/// What a posted final state comes to: equal texts, equal digests.
enum FinalDigest {
    /// FNV-1a (Fowler, Noll and Vo), 64 bits: for comparing runs, not for secrets.
    static func of(_ bytes: some Sequence<UInt8>) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
