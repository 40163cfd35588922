/// Which model the operator named, and in which API it is asked: the settings that the usual clients of that API read.
package enum ModelSettings: Sendable {
    /// None is set: the demo rules answer.
    case demoRules
    case model(WireProvider.Configuration)

    /// A setting that cannot be right, in words for the operator. The server should not start with it, rather than show rules'
    /// answers to somebody who has set up a model.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package var description: String
    }

    /// The names of all settings that are read.
    package static var names: [String] {
        ModelAPI.allCases.flatMap { [$0.names.address, $0.names.key, $0.names.model].compactMap { $0 } }
    }

    /// Reads the settings; an empty one counts as not set. Prompts go to one API: two that are set up are refused.
    package init(environment: [String: String]) throws(Failure) {
        var found: (settings: Values, configuration: WireProvider.Configuration)?
        for api in ModelAPI.allCases {
            let settings = Values(api, environment)
            guard let configuration = try settings.configuration() else { continue }
            if let first = found?.settings {
                throw Failure(
                    description:
                        "\(first.shown) set up \(first.api.label), and \(settings.shown) \(api.label); set up one of them only")
            }
            found = (settings, configuration)
        }
        self = found.map { .model($0.configuration) } ?? .demoRules
    }

    /// What is set for one API.
    private struct Values {
        var api: ModelAPI
        var address: String?
        var key: String?
        var model: String?

        init(_ api: ModelAPI, _ environment: [String: String]) {
            func setting(_ name: String) -> String? {
                let text = environment[name]?.trimmingSpace() ?? ""
                return text.isEmpty ? nil : text
            }
            self.api = api
            address = setting(api.names.address)
            key = api.names.key.flatMap(setting)
            model = setting(api.names.model)
        }

        /// The names of what is set, never the values: one of them may be a key.
        var shown: String {
            let names = [
                address.map { _ in api.names.address }, key.flatMap { _ in api.names.key }, model.map { _ in api.names.model },
            ]
            return names.compactMap { $0 }.joined(separator: " and ")
        }

        /// `nil` when this API is not set up.
        func configuration() throws(Failure) -> WireProvider.Configuration? {
            guard try isSetUp() else { return nil }
            let parsed: ModelAddress
            do {
                parsed = try ModelAddress(addressText, for: api)
            } catch {
                throw Failure(description: error.description)
            }
            if key == nil, !parsed.isLocal {
                throw Failure(
                    description: api.names.key.map {
                        "\($0) is not set, and \(parsed.authority) is not a local address, which could do without"
                    } ?? "\(api.names.address): \(parsed.authority) is not a local address, and \(api.label) knows no key")
            }
            if let key, let name = api.names.key, !key.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F }) {
                throw Failure(description: "\(name) holds characters that a key cannot have")
            }
            return WireProvider.Configuration(api: api, address: parsed, key: key, model: model)
        }

        /// An address or a key sets an API up. One without keys is set up by its model: OLLAMA_HOST is Ollama's own setting as
        /// well, for where it listens, and says nothing about whom to ask.
        private func isSetUp() throws(Failure) -> Bool {
            guard let keyName = api.names.key else { return model != nil }
            if address != nil || key != nil { return true }
            guard let model else { return false }
            throw Failure(
                description: "\(api.names.model) is \(model), and neither \(api.names.address) nor \(keyName) is set")
        }

        /// OLLAMA_HOST may be "host", "host:port" or a URL; without a scheme the port is 11434 unless it is named.
        private var addressText: String {
            guard let address else { return api.usualAddress }
            guard api == .ollama, !address.contains("://") else { return address }
            let parsed = try? ModelAddress("http://\(address)", for: api)
            guard let parsed, parsed.port == nil else { return "http://\(address)" }
            var whole = parsed
            whole.port = 11_434
            return whole.url("")
        }
    }
}
