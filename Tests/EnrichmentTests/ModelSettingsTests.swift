import Testing

@testable import Enrichment

struct ModelSettingsTests {
    static func read(_ environment: [String: String]) throws(ModelSettings.Failure) -> OpenAIProvider.Configuration? {
        switch try ModelSettings(environment: environment) {
        case .demoRules: nil
        case .model(let configuration): configuration
        }
    }

    @Test(arguments: [[:], ["OPENAI_BASE_URL": "", "OPENAI_API_KEY": "  "]]) func `without settings the demo rules answer`(
        _ environment: [String: String]
    ) throws {
        #expect(try Self.read(environment) == nil)
    }

    @Test func `a key alone means the hosted API, a local address needs no key`() throws {
        let hosted = try #require(try Self.read(["OPENAI_API_KEY": " sk-1\n", "OPENAI_MODEL": "m"]))
        #expect(hosted.address.authority == "api.openai.com")
        #expect(hosted.key == "sk-1")
        #expect(hosted.model == "m")
        let local = try #require(try Self.read(["OPENAI_BASE_URL": "http://127.0.0.1:11434/v1"]))
        #expect(local.key == nil)
    }

    @Test(arguments: [
        ["OPENAI_BASE_URL": "https://api.example.com/v1"], ["OPENAI_BASE_URL": "example"], ["OPENAI_MODEL": "m"],
        ["OPENAI_API_KEY": "a\r\nb"], ["OPENAI_BASE_URL": "http://u:p@127.0.0.1/v1"],
    ])
    func `settings that cannot be right are refused, and no message holds a key`(_ environment: [String: String]) {
        do {
            _ = try Self.read(environment)
            Issue.record("\(environment) was taken")
        } catch {
            #expect(error.description.contains("OPENAI_"))
            if let key = environment["OPENAI_API_KEY"] { #expect(!error.description.contains(key)) }
        }
    }
}
