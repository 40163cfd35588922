import Trace

/// Why a plan or a witness cannot be used.
package struct PlanFailure: Error, Hashable, Sendable {
    package var message: String

    init(_ message: String) { self.message = message }
}

/// Reads plans, and the orders of `trueline predict --witness`, which are plans too.
package enum PlanReader {
    /// - Parameter document: a plan (`"type":"plan"`) or a witness (`"type":"order"`).
    package static func read(_ document: [UInt8]) throws(PlanFailure) -> ReorderingPlan {
        var padded = document
        padded.append(contentsOf: repeatElement(0, count: JSONCursor.padding))
        // Typed throws do not pass through the standard library's closure.
        let result: Result<ReorderingPlan, PlanFailure> = padded.withUnsafeBytes { bytes in
            var cursor = JSONCursor(UnsafeRawBufferPointer(rebasing: bytes[..<document.count]))
            cursor.skipByteOrderMark()
            do throws(JSONFailure) {
                let file = try PlanFile(&cursor)
                try cursor.finish()
                return .success(try file.plan(cursor))
            } catch {
                return .failure(PlanFailure("byte \(error.offset): \(error.reason)"))
            }
        }
        return try result.get()
    }
}

/// The document as it stands.
private struct PlanFile {
    private var type: String?
    private var version: Int64?
    private var release: [PlanStep] = []
    private var steps: [WitnessStep] = []
    private var reversals: [(first: String, second: String)] = []

    init(_ cursor: inout JSONCursor) throws(JSONFailure) {
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            switch name.string {
            case "type": type = try cursor.string().string
            case "version": version = try cursor.integer()
            case "release": try cursor.each { (cursor) throws(JSONFailure) in release.append(try PlanStep(&cursor)) }
            case "steps": try cursor.each { (cursor) throws(JSONFailure) in steps.append(try WitnessStep(&cursor)) }
            case "reversals":
                try cursor.each { (cursor) throws(JSONFailure) in
                    let pair = try cursor.texts(of: ["first", "second"])
                    if let first = pair["first"], let second = pair["second"] { reversals.append((first, second)) }
                }
            default: _ = try cursor.skipValue()
            }
            guard max(release.count, steps.count) <= ReorderingLimits.steps else { throw cursor.failure("too many steps") }
        }
    }

    func plan(_ cursor: JSONCursor) throws(JSONFailure) -> ReorderingPlan {
        guard version == 1 else { throw cursor.failure("expected \"version\":1") }
        switch type {
        case "plan": return .steps(release)
        case "order":
            let list = WitnessStep.plan(steps, reversals: reversals)
            guard !list.isEmpty else {
                throw cursor.failure("an order without a response that was requested by a method and an address")
            }
            return .steps(list)
        default: throw cursor.failure("expected \"type\":\"plan\" or \"order\"")
        }
    }
}

/// One step of a witness.
private struct WitnessStep {
    var event = ""
    var kind = ""
    var method: String?
    var url: String?

    init(_ cursor: inout JSONCursor) throws(JSONFailure) {
        let texts = try cursor.texts(of: ["event", "kind", "method", "url"])
        event = texts["event"] ?? ""
        kind = texts["kind"] ?? ""
        method = texts["method"]
        url = texts["url"]
    }

    /// The deliveries, in the order of the witness. Where several ask for the same as far as the recording tells, they are told apart by
    /// their number in the recorded order, which the reversals give back.
    static func plan(_ steps: [WitnessStep], reversals: [(first: String, second: String)]) -> [PlanStep] {
        var earlier: [String: Int] = [:]
        for pair in reversals {
            earlier[pair.first, default: 0] += 1
            earlier[pair.second, default: 0] -= 1
        }
        let deliveries = steps.enumerated().compactMap { place, step -> (rank: Int, matcher: RequestMatcher)? in
            guard step.kind == "delivered", let method = step.method, let url = step.url else { return nil }
            return (place + earlier[step.event, default: 0], matcher(method, url))
        }
        return deliveries.map { delivery in
            let before = deliveries.filter { $0.matcher == delivery.matcher && $0.rank < delivery.rank }.count
            return PlanStep(delivery.matcher, nth: before + 1)
        }
    }

    /// An address as it was recorded: with the origin when it was another, with `~digest` where values were not kept.
    private static func matcher(_ method: String, _ url: String) -> RequestMatcher {
        var target = url[...]
        if let scheme = target.firstRange(of: "://") {
            let host = target[scheme.upperBound...]
            target = host.firstIndex(of: "/").map { host[$0...] } ?? "/"
        }
        let identity = RequestIdentity(method: method, target: target)
        var matcher = RequestMatcher(identity)
        for (index, argument) in matcher.arguments.enumerated() {
            let isDigest = argument.value.map { $0.hasPrefix("~") || $0 == "redacted" } ?? true
            if isDigest { matcher.arguments[index].value = nil }
        }
        return matcher
    }
}

extension PlanStep {
    fileprivate init(_ cursor: inout JSONCursor) throws(JSONFailure) {
        self.init(RequestMatcher())
        var isFirst = true
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            switch name.string {
            case "nth": nth = try cursor.number(from: 1)
            case "message": message = try cursor.number(from: 0)
            case "after":
                try cursor.each { (cursor) throws(JSONFailure) in after.append(try Condition(&cursor)) }
            case let name where try matcher.read(name, &cursor): continue
            default: throw cursor.failure("expected method, path, arguments, body, bodyContains, nth, message or after")
            }
        }
    }
}

extension PlanStep.Condition {
    fileprivate init(_ cursor: inout JSONCursor) throws(JSONFailure) {
        var isFirst = true
        var found: PlanStep.Condition?
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            switch name.string {
            case "barrier": found = .barrier(try cursor.string().string)
            case "requested":
                var matcher = RequestMatcher()
                var isFirstMember = true
                try cursor.beginObject()
                while let name = try cursor.nextMember(&isFirstMember) {
                    guard try matcher.read(name.string, &cursor) else {
                        throw cursor.failure("expected method, path, arguments, body or bodyContains")
                    }
                }
                found = .requested(matcher)
            default: throw cursor.failure("expected barrier or requested")
            }
        }
        guard let found else { throw cursor.failure("expected barrier or requested") }
        self = found
    }
}

extension RequestMatcher {
    /// Reads a member that is the matcher's.
    fileprivate mutating func read(_ name: String, _ cursor: inout JSONCursor) throws(JSONFailure) -> Bool {
        switch name {
        case "method": method = try cursor.string().string.uppercased()
        case "path": path = try cursor.string().string
        case "body":
            let value = try cursor.skipValue()
            guard value.bytes.first == UInt8(ascii: "{") else { throw cursor.failure("expected an object of members") }
            body = body ?? BodyMatcher()
            body?.pattern = try BodyMatcher.Pattern(value)
        case "bodyContains":
            body = body ?? BodyMatcher()
            body?.contained = try cursor.string().string
        case "arguments":
            var isFirst = true
            try cursor.beginObject()
            while let name = try cursor.nextMember(&isFirst) {
                let name = name.string
                arguments.append(Argument(name: name, value: try cursor.takeNull() ? nil : try cursor.string().string))
            }
        default: return false
        }
        return true
    }
}

extension JSONCursor {
    fileprivate mutating func each(_ body: (inout JSONCursor) throws(JSONFailure) -> Void) throws(JSONFailure) {
        var isFirst = true
        try beginArray()
        while try nextElement(&isFirst) { try body(&self) }
    }

    /// The members of an object that are texts, of those asked for.
    fileprivate mutating func texts(of names: Set<String>) throws(JSONFailure) -> [String: String] {
        var isFirst = true
        var texts: [String: String] = [:]
        try beginObject()
        while let name = try nextMember(&isFirst) {
            let name = name.string
            guard names.contains(name), peek() == UInt8(ascii: "\"") else {
                _ = try skipValue()
                continue
            }
            texts[name] = try string().string
        }
        return texts
    }

    fileprivate mutating func number(from least: Int64) throws(JSONFailure) -> Int {
        let number = try integer()
        guard number >= least, let value = Int(exactly: number) else { throw failure("the number is too small") }
        return value
    }
}
