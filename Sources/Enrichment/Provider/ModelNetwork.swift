/// Which addresses a model's host may turn out to have (SSRF, DNS rebinding). What a name resolves to is not the operator's word: a name that
/// was public yesterday may lead to a router or to a cloud's secrets today. So the address that was connected to is judged, before
/// anything is sent to it.
package struct ModelNetwork: Hashable, Sendable {
    /// What an address is for.
    package enum Kind: Hashable, Sendable, CaseIterable {
        /// Reached from everywhere.
        case global
        /// This machine.
        case loopback
        /// RFC 1918, RFC 6598 (shared by a provider's customers), RFC 4193.
        case privateNetwork
        /// Where clouds answer with the machine's own secrets, and link-local addresses altogether.
        case metadata
        /// Multicast, reserved, examples: nothing that serves a model.
        case reserved

        var words: String {
            switch self {
            case .global: "a public address"
            case .loopback: "this machine's own address"
            case .privateNetwork: "an address of a private network"
            case .metadata: "a link-local or metadata address"
            case .reserved: "a reserved address"
            }
        }
    }

    /// Whether loopback and private addresses were named by the operator.
    package var allowsPrivate: Bool

    package init(allowsPrivate: Bool) { self.allowsPrivate = allowsPrivate }

    /// A host that is this machine or of a private network by its own name was named as such.
    package init(for address: ModelAddress, allowsPrivate: Bool = false) {
        self.allowsPrivate = allowsPrivate || address.isLocal
    }

    /// Why nothing may be sent to an address, in words for the operator; `nil` when it may. Four bytes, or sixteen.
    package func objection(to bytes: [UInt8]) -> String? {
        let kind = Self.kind(of: bytes)
        switch kind {
        case .global: return nil
        case .loopback, .privateNetwork:
            return allowsPrivate
                ? nil : "\(kind.words), which the model's address does not name; if that is meant, serve with --private-model"
        case .metadata, .reserved: return "\(kind.words), which is never asked"
        }
    }

    /// The IANA special-purpose registries (RFC 6890), and the addresses at which clouds tell a machine its own secrets.
    package static func kind(of bytes: [UInt8]) -> Kind {
        switch bytes.count {
        case 4: kind(of: (bytes[0], bytes[1], bytes[2], bytes[3]))
        case 16: kindOfLong(bytes)
        default: .reserved
        }
    }

    private static func kind(of v4: (UInt8, UInt8, UInt8, UInt8)) -> Kind {
        switch v4 {
        case (169, 254, _, _), (100, 100, 100, 200), (168, 63, 129, 16): .metadata
        // A client that connects to 0.0.0.0 reaches this machine.
        case (127, _, _, _), (0, 0, 0, 0): .loopback
        case (10, _, _, _), (172, 16...31, _, _), (192, 168, _, _), (100, 64...127, _, _): .privateNetwork
        case (0, _, _, _), (192, 0, 0, _), (192, 0, 2, _), (192, 88, 99, _), (198, 18...19, _, _), (198, 51, 100, _),
            (203, 0, 113, _),
            (224...255, _, _, _):
            .reserved
        default: .global
        }
    }

    private static func kindOfLong(_ bytes: [UInt8]) -> Kind {
        func embedded(at offset: Int) -> Kind { kind(of: Array(bytes[offset..<offset + 4])) }
        func begins(_ prefix: [UInt8]) -> Bool { bytes.starts(with: prefix) }
        // An IPv4 address in other clothes: mapped, translated (RFC 6052), 6to4, compatible.
        if begins([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) || begins([0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]) {
            return embedded(at: 12)
        }
        if begins([0x20, 0x02]) { return embedded(at: 2) }
        if bytes.dropLast().allSatisfy({ $0 == 0 }), bytes[15] <= 1 { return .loopback }
        if begins([0xFD, 0x00, 0x0E, 0xC2]) || bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 { return .metadata }
        if bytes[0] & 0xFE == 0xFC { return .privateNetwork }
        // Global unicast is 2000::/3, without documentation (2001:db8::/32) and Teredo (2001::/32), whose IPv4 address is hidden.
        if begins([0x20, 0x01, 0x0D, 0xB8]) || begins([0x20, 0x01, 0, 0]) { return .reserved }
        return bytes[0] & 0xE0 == 0x20 ? .global : .reserved
    }
}
