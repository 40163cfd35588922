import Synchronization

/// Schemas that a server refused and did without: it is not asked with them again.
final class RefusedSchemas: Sendable {
    /// Beyond it the first are forgotten, and cost one more refusal.
    static let most = 256

    private let refused = Mutex<[String]>([])

    /// A server may know schemas for one model and not for another, and take one schema and not another.
    private static func key(_ model: String?, _ schema: AnswerSchema) -> String { "\(model ?? "")\u{1F}\(schema.json)" }

    func contains(_ model: String?, _ schema: AnswerSchema) -> Bool {
        refused.withLock { $0.contains(Self.key(model, schema)) }
    }

    func insert(_ model: String?, _ schema: AnswerSchema) {
        let key = Self.key(model, schema)
        refused.withLock { refused in
            guard !refused.contains(key) else { return }
            if refused.count == Self.most { refused.removeFirst() }
            refused.append(key)
        }
    }
}
