import GridModel

/// What a refusal of a chat API means for a run.
enum ProviderRefusal {
    /// From a status and a body.
    static func failure(
        status: Int, retryAfter: Duration?, body: [UInt8], api: ModelAPI, address: ModelAddress
    ) -> ModelFailure {
        let error = (try? api.format.reply(body))?.error
        let said = error?.message ?? String(decoding: body.prefix(200), as: UTF8.self)
        let what = "\(address.authority) answered \(status)" + (said.isEmpty ? "" : ": \(said)")
        if let error, isOutOfQuota(error) {
            return ModelFailure(.refused, "no quota left: \(what)")
        }
        switch status {
        case 401, 403: return ModelFailure(.refused, "\(refusedKey(api)): \(what)")
        case 402: return ModelFailure(.refused, "no quota left: \(what)")
        case 404:
            return ModelFailure(
                .refused, "no such model or address (check \(api.names.model) and \(api.names.address)): \(what)")
        case 408, 409, 425: return ModelFailure(.serverFailed, what, retryAfter: retryAfter)
        case 429: return ModelFailure(.rateLimited, what, retryAfter: retryAfter)
        case 400..<500: return ModelFailure(.rejected, what)
        default: return ModelFailure(.serverFailed, what, retryAfter: retryAfter)
        }
    }

    /// From an error object within a stream that began well.
    static func failure(inStream error: ChatReply.ProviderError, api: ModelAPI, address: ModelAddress) -> ModelFailure {
        let what = "\(address.authority) broke off: \(error.message)"
        if isOutOfQuota(error) { return ModelFailure(.refused, "no quota left: \(what)") }
        if let status = Int(error.code), (400..<600).contains(status) {
            return failure(
                status: status, retryAfter: nil, body: Array(error.message.utf8), api: api, address: address)
        }
        let words = "\(error.type) \(error.code)".lowercased()
        if words.contains("rate_limit") { return ModelFailure(.rateLimited, what) }
        if words.contains("invalid_api_key") || words.contains("authentication") || words.contains("permission") {
            return ModelFailure(.refused, "\(refusedKey(api)): \(what)")
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

    private static func refusedKey(_ api: ModelAPI) -> String {
        api.names.key.map { "the key was refused (check \($0))" } ?? "the call was refused (check \(api.names.address))"
    }

    /// Anthropic has a kind for bills, and says some of it in words only.
    private static func isOutOfQuota(_ error: ChatReply.ProviderError) -> Bool {
        let kinds = ["insufficient_quota", "billing_hard_limit_reached", "billing_error"]
        if kinds.contains(error.type) || kinds.contains(error.code) { return true }
        guard error.type == "invalid_request_error" else { return false }
        let words = error.message.lowercased()
        return words.contains("credit balance is too low") || words.contains("reached your specified api usage limits")
    }
}
