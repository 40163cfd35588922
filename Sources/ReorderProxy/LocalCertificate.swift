import Crypto
package import Foundation
import SwiftASN1
import X509

/// A certificate for one run of the proxy, from an authority that lives as long: its key is never written, and it can speak for no
/// host name but the proxy's own, so that whoever trusts it trusts hardly more than this.
package struct LocalCertificate {
    package let certificate: ProxyCertificate
    /// The authority's certificate, in PEM.
    package let authority: String
    /// The SHA-256 of the certificate's public key in Base64, as Chromium's `--ignore-certificate-errors-spki-list` takes it.
    package let pin: String

    private static let life: TimeInterval = 7 * 24 * 3_600
    /// Clocks of machines differ a little.
    private static let grace: TimeInterval = 3_600

    /// - Parameters:
    ///   - names: host names and addresses that the certificate is for.
    ///   - now: from an hour before it to a week behind it the certificate holds. Keys come from the system's generator and from nowhere else.
    package init(names: [String], now: Date) throws {
        let addresses = names.compactMap(Self.address)
        let hosts = names.filter { Self.address($0) == nil }
        let root = P256.Signing.PrivateKey()
        let key = P256.Signing.PrivateKey()
        let issuer = try DistinguishedName { CommonName("Trueline proxy, this run only") }
        let subject = try DistinguishedName { CommonName("Trueline proxy") }
        let top = try Self.make(root.publicKey, subject: issuer, issuer: issuer, signer: root, now: now) {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
            Critical(KeyUsage(keyCertSign: true))
            // No addresses: BoringSSL, and with it every program on it, takes no certificate under a constraint of those.
            Critical(NameConstraints(permittedDNSDomains: hosts))
        }
        let own = try Self.make(key.publicKey, subject: subject, issuer: issuer, signer: root, now: now) {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([.serverAuth])
            SubjectAlternativeNames(
                hosts.map { GeneralName.dnsName($0) }
                    + addresses.map { .ipAddress(ASN1OctetString(contentBytes: ArraySlice($0))) })
        }
        authority = try top.serializeAsPEM().pemString + "\n"
        certificate = ProxyCertificate(
            chain: Array(try own.serializeAsPEM().pemString.utf8) + Array("\n".utf8) + Array(authority.utf8),
            key: Array(key.pemRepresentation.utf8))
        pin = Data(SHA256.hash(data: key.publicKey.derRepresentation)).base64EncodedString()
    }

    private static func make(
        _ key: P256.Signing.PublicKey, subject: DistinguishedName, issuer: DistinguishedName, signer: P256.Signing.PrivateKey,
        now: Date, @ExtensionsBuilder _ extensions: () throws -> Result<Certificate.Extensions, any Error>
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key),
            notValidBefore: now.addingTimeInterval(-grace), notValidAfter: now.addingTimeInterval(life), issuer: issuer,
            subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: try Certificate.Extensions(builder: extensions),
            issuerPrivateKey: .init(signer))
    }

    /// The bytes of an IP address; `nil` for a name.
    static func address(_ text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var six = in6_addr()
        if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: six) { Array($0) } }
        return nil
    }
}
