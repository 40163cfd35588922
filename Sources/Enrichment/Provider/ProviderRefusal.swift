import GridModel

/// What a refusal of the chat API means for a run.
enum ProviderRefusal {
    /// From a status and a body.
    static func failure(status: Int, retryAfter: Duration?, body: [UInt8], address: ModelAddress) -> ModelFailure {
        let error = (try? ChatReply(body))?.error
        let said = error?.message ?? String(decoding: body.prefix(200), as: UTF8.self)
        let what = "\(address.authority) answered \(status)" + (said.isEmpty ? "" : ": \(said)")
        if let error, isOutOfQuota(error) {
            return ModelFailure(.refused, "no quota left: \(what)")
        }
        switch status {
        case 401, 403: return ModelFailure(.refused, "the key was refused (check OPENAI_API_KEY): \(what)")
        case 402: return ModelFailure(.refused, "no quota left: \(what)")
        case 404: return ModelFailure(.refused, "no such model or address (check OPENAI_MODEL and OPENAI_BASE_URL): \(what)")
        case 408, 409, 425: return ModelFailure(.serverFailed, what, retryAfter: retryAfter)
        case 429: return ModelFailure(.rateLimited, what, retryAfter: retryAfter)
        case 400..<500: return ModelFailure(.rejected, what)
        default: return ModelFailure(.serverFailed, what, retryAfter: retryAfter)
        }
    }

    /// From an error object within a stream that began well.
    static func failure(inStream error: ChatReply.ProviderError, address: ModelAddress) -> ModelFailure {
        let what = "\(address.authority) broke off: \(error.message)"
        if isOutOfQuota(error) { return ModelFailure(.refused, "no quota left: \(what)") }
        if let status = Int(error.code), (400..<600).contains(status) {
            return failure(status: status, retryAfter: nil, body: Array(error.message.utf8), address: address)
        }
        let words = "\(error.type) \(error.code)".lowercased()
        if words.contains("rate_limit") { return ModelFailure(.rateLimited, what) }
        if words.contains("invalid_api_key") || words.contains("authentication") || words.contains("permission") {
            return ModelFailure(.refused, "the key was refused (check OPENAI_API_KEY): \(what)")
        }
        if words.contains("invalid_request") || words.contains("context_length") { return ModelFailure(.rejected, what) }
        return ModelFailure(.serverFailed, what)
    }

    /// The wait asked for, in milliseconds or in whole seconds. A date is not read: it would need the wall clock, and the
    /// backoff covers it.
    static func retryAfter(_ header: (String) -> String?) -> Duration? {
        if let text = header("retry-after-ms"), let milliseconds = UInt32(text) { return .milliseconds(Int64(milliseconds)) }
        if let text = header("retry-after"), let seconds = UInt32(text) { return .seconds(Int64(seconds)) }
        return nil
    }

    private static func isOutOfQuota(_ error: ChatReply.ProviderError) -> Bool {
        [error.type, error.code].contains { $0 == "insufficient_quota" || $0 == "billing_hard_limit_reached" }
    }
}
