/// The chat APIs that a model may be asked in.
package enum ModelAPI: Hashable, Sendable, CaseIterable {
    /// `/chat/completions`: a hosted one, or llama.cpp, LM Studio, vLLM on this machine.
    case openAI
    /// Anthropic's Messages API.
    case anthropic
    /// Ollama's own API.
    case ollama

    /// What the operator sets for one API, as its usual clients read it.
    package struct SettingNames: Hashable, Sendable {
        package var address: String
        /// `nil` for an API that knows no key.
        package var key: String?
        package var model: String
    }

    /// Its name, for the page and for "why this value?".
    package var label: String {
        switch self {
        case .openAI: "OpenAI-compatible"
        case .anthropic: "Anthropic"
        case .ollama: "Ollama"
        }
    }

    /// The names of its settings.
    package var names: SettingNames {
        switch self {
        case .openAI: SettingNames(address: "OPENAI_BASE_URL", key: "OPENAI_API_KEY", model: "OPENAI_MODEL")
        case .anthropic: SettingNames(address: "ANTHROPIC_BASE_URL", key: "ANTHROPIC_API_KEY", model: "ANTHROPIC_MODEL")
        case .ollama: SettingNames(address: "OLLAMA_HOST", key: nil, model: "OLLAMA_MODEL")
        }
    }

    /// Where it is served when the operator names no address.
    var usualAddress: String {
        switch self {
        case .openAI: "https://api.openai.com/v1"
        case .anthropic: "https://api.anthropic.com"
        case .ollama: "http://127.0.0.1:11434"
        }
    }

    /// An address of a server on this machine, to show how one is written.
    var exampleAddress: String {
        switch self {
        case .openAI: "http://127.0.0.1:8089/v1"
        case .anthropic: "http://127.0.0.1:8089"
        case .ollama: "127.0.0.1:11434"
        }
    }

    /// How requests are written and replies read.
    var format: any WireFormat {
        switch self {
        case .openAI: OpenAIFormat()
        case .anthropic: AnthropicFormat()
        case .ollama: OllamaFormat()
        }
    }
}
