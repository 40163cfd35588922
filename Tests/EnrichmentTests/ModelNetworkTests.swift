import Testing

@testable import Enrichment

struct ModelNetworkTests {
    private static func bytes(_ text: String) -> [UInt8] {
        guard text.contains(":") else { return text.split(separator: ".").compactMap { UInt8($0) } }
        let halves = text.split(separator: "::", omittingEmptySubsequences: false).map { half in
            half.split(separator: ":").flatMap { part -> [UInt8] in
                let number = UInt16(part, radix: 16) ?? 0
                return [UInt8(number >> 8), UInt8(number & 0xFF)]
            }
        }
        let tail = halves.count > 1 ? halves[1] : []
        return halves[0] + Array(repeating: 0, count: 16 - halves[0].count - tail.count) + tail
    }

    @Test(arguments: [
        ("8.8.8.8", ModelNetwork.Kind.global), ("100.63.0.1", .global), ("172.32.0.1", .global), ("192.169.0.1", .global),
        ("2606:4700::1111", .global), ("127.0.0.1", .loopback), ("127.255.0.9", .loopback), ("0.0.0.0", .loopback),
        ("::1", .loopback),
        ("::", .loopback), ("10.0.0.5", .privateNetwork), ("172.16.0.1", .privateNetwork), ("172.31.255.1", .privateNetwork),
        ("192.168.1.1", .privateNetwork), ("100.64.0.1", .privateNetwork), ("fc00::1", .privateNetwork),
        ("fd12:3456::1", .privateNetwork),
        ("169.254.169.254", .metadata), ("169.254.0.1", .metadata), ("fe80::1", .metadata), ("fd00:ec2::254", .metadata),
        ("100.100.100.200", .metadata), ("168.63.129.16", .metadata), ("0.1.2.3", .reserved), ("224.0.0.1", .reserved),
        ("255.255.255.255", .reserved), ("192.0.2.1", .reserved), ("198.18.0.1", .reserved), ("2001:db8::1", .reserved),
        ("2001::1", .reserved), ("ff02::1", .reserved), ("::ffff:7f00:1", .loopback), ("::ffff:a9fe:a9fe", .metadata),
        ("::ffff:808:808", .global), ("64:ff9b::a00:5", .privateNetwork), ("2002:c0a8:101::1", .privateNetwork),
        ("::5", .reserved),
    ])
    func `an address is what the registries say it is, also in an IPv6 address's clothes`(
        _ text: String, _ kind: ModelNetwork.Kind
    ) {
        #expect(ModelNetwork.kind(of: Self.bytes(text)) == kind)
    }

    @Test(arguments: [
        ("https://api.example.com/v1", false), ("https://8.8.8.8", false), ("http://127.0.0.1:8089/v1", true),
        ("http://localhost:1", true),
        ("http://ollama:11434", true), ("http://10.0.0.3", true), ("http://box.local", true), ("http://169.254.169.254", false),
        ("http://2130706433", false), ("http://[::1]:1", true), ("http://[fe80::1]", false),
    ])
    func `private addresses are asked only when the operator's address names one`(_ text: String, _ allows: Bool) throws {
        let network = ModelNetwork(for: try ModelAddress(text, for: .openAI))
        for kind in ["127.0.0.1", "10.1.2.3", "::1"] { #expect((network.objection(to: Self.bytes(kind)) == nil) == allows) }
        #expect(network.objection(to: Self.bytes("8.8.8.8")) == nil)
        // Whatever was named.
        for kind in ["169.254.169.254", "fe80::1", "224.0.0.1", ""] { #expect(network.objection(to: Self.bytes(kind)) != nil) }
    }

    @Test func `an operator whose network has its own names says so`() throws {
        let address = try ModelAddress("https://models.corp.example", for: .openAI)
        #expect(ModelNetwork(for: address, allowsPrivate: true).objection(to: [10, 0, 0, 5]) == nil)
        #expect(ModelNetwork(for: address).objection(to: [10, 0, 0, 5])?.contains("--private-model") == true)
    }
}
