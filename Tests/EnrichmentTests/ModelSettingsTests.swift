import Testing

@testable import Enrichment

struct ModelSettingsTests {
    static func read(_ environment: [String: String]) throws(ModelSettings.Failure) -> WireProvider.Configuration? {
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

    @Test func `Anthropic is set up by its key or its address`() throws {
        let hosted = try #require(try Self.read(["ANTHROPIC_API_KEY": "sk-ant", "ANTHROPIC_MODEL": "m"]))
        #expect(hosted.api == .anthropic)
        #expect(hosted.address.url("v1/messages") == "https://api.anthropic.com/v1/messages")
        #expect(hosted.key == "sk-ant")
        #expect(hosted.model == "m")
        let local = try #require(try Self.read(["ANTHROPIC_BASE_URL": "http://localhost:9"]))
        #expect(local.address.authority == "localhost:9")
    }

    @Test(arguments: [
        (nil, "http://127.0.0.1:11434/api/chat"), ("ollama", "http://ollama:11434/api/chat"),
        ("0.0.0.0", "http://0.0.0.0:11434/api/chat"), ("10.0.0.3:9", "http://10.0.0.3:9/api/chat"),
        ("[::1]", "http://[::1]:11434/api/chat"), ("box/ollama/", "http://box:11434/ollama/api/chat"),
        ("http://box", "http://box/api/chat"), ("https://box.local/x", "https://box.local/x/api/chat"),
    ])
    func `Ollama is set up by its model, and its host is read as its own clients read it`(_ host: String?, _ url: String) throws
    {
        var environment = ["OLLAMA_MODEL": "m"]
        environment["OLLAMA_HOST"] = host
        let configuration = try #require(try Self.read(environment))
        #expect(configuration.api == .ollama)
        #expect(configuration.address.url("api/chat") == url)
        #expect(configuration.key == nil)
    }

    @Test func `OLLAMA_HOST alone is where Ollama listens, and sets up nothing`() throws {
        #expect(try Self.read(["OLLAMA_HOST": "0.0.0.0"]) == nil)
        #expect(try Self.read(["OLLAMA_HOST": "0.0.0.0", "OPENAI_API_KEY": "k"])?.api == .openAI)
    }

    @Test(arguments: [
        (["ANTHROPIC_BASE_URL": "https://api.example.com"], "ANTHROPIC_API_KEY"),
        (["ANTHROPIC_MODEL": "m"], "ANTHROPIC_API_KEY"), (["ANTHROPIC_API_KEY": "secret\r\nb"], "ANTHROPIC_API_KEY"),
        (["ANTHROPIC_BASE_URL": "http://u:secret@127.0.0.1"], "ANTHROPIC_BASE_URL"),
        (["OLLAMA_MODEL": "m", "OLLAMA_HOST": "example.com"], "OLLAMA_HOST"),
        (["OLLAMA_MODEL": "m", "OLLAMA_HOST": "169.254.169.254:80"], "OLLAMA_HOST"),
        (["OLLAMA_MODEL": "m", "OLLAMA_HOST": "u:secret@box"], "OLLAMA_HOST"),
        (["OLLAMA_MODEL": "m", "OLLAMA_HOST": "ftp://box"], "OLLAMA_HOST"),
    ])
    func `a setting that cannot be right is named, and no other API's`(_ environment: [String: String], _ name: String) {
        do {
            _ = try Self.read(environment)
            Issue.record("\(environment) was taken")
        } catch {
            #expect(error.description.contains(name))
            #expect(!error.description.contains("OPENAI_"))
            #expect(!error.description.contains("secret"))
        }
    }

    @Test func `two APIs at once are refused, with the names of the settings and without their values`() {
        let settings = ["OPENAI_API_KEY": "secret1", "ANTHROPIC_API_KEY": "secret2", "OLLAMA_MODEL": "m"]
        for missing in settings.keys {
            let two = settings.filter { $0.key != missing }
            do {
                _ = try Self.read(two)
                Issue.record("\(two) was taken")
            } catch {
                for name in two.keys { #expect(error.description.contains(name)) }
                #expect(!error.description.contains("secret"))
            }
        }
    }
}
