/// Which model the operator named: OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL, as the usual clients read them.
package enum ModelSettings: Sendable {
    /// None is set: the demo rules answer.
    case demoRules
    case model(OpenAIProvider.Configuration)

    /// A setting that cannot be right, in words for the operator. The server should not start with it, rather than show rules'
    /// answers to somebody who has set up a model.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package var description: String
    }

    /// Reads the settings; an empty one counts as not set.
    package init(environment: [String: String]) throws(Failure) {
        func setting(_ name: String) -> String? {
            let text = environment[name]?.trimmingSpace() ?? ""
            return text.isEmpty ? nil : text
        }
        let key = setting("OPENAI_API_KEY")
        let base = setting("OPENAI_BASE_URL")
        let model = setting("OPENAI_MODEL")
        guard base != nil || key != nil else {
            if let model {
                throw Failure(description: "OPENAI_MODEL is \(model), and neither OPENAI_BASE_URL nor OPENAI_API_KEY is set")
            }
            self = .demoRules
            return
        }
        let address: ModelAddress
        do {
            address = try ModelAddress(base ?? "https://api.openai.com/v1")
        } catch {
            throw Failure(description: error.description)
        }
        if key == nil, !address.isLocal {
            throw Failure(
                description:
                    "OPENAI_API_KEY is not set, and \(address.authority) is not a local address, which could do without")
        }
        if let key, !key.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F }) {
            throw Failure(description: "OPENAI_API_KEY holds characters that a key cannot have")
        }
        self = .model(OpenAIProvider.Configuration(address: address, key: key, model: model))
    }
}
