import ArgumentParser
import Foundation
import ReorderProxy

/// How the proxy speaks TLS to browsers, and with it HTTP/2.
struct TLSOptions: ParsableArguments {
    @Flag(help: "Speak TLS to browsers, and HTTP/2 to those that can: https://, with a certificate made for this run.")
    var tls = false

    @Option(name: .customLong("tls-cert"), help: "A file with a certificate in PEM to show instead, and its chain.")
    var certificate: String?

    @Option(name: .customLong("tls-key"), help: "The file with its private key in PEM.")
    var key: String?

    @Option(
        name: .customLong("tls-authority"),
        help: "Write the certificate of this run's authority to this file, in PEM, for a program that shall trust it.")
    var authority: String?

    func validate() throws {
        guard (certificate == nil) == (key == nil) else { throw ValidationError("--tls-cert and --tls-key belong together") }
        guard authority == nil || (tls && certificate == nil) else {
            throw ValidationError("--tls-authority writes what --tls makes, without --tls-cert")
        }
    }

    /// What the proxy shows, and how its clients come to trust it.
    struct Shown {
        var certificate: ProxyCertificate
        /// The authority's certificate in PEM and the hash for Chromium, of a certificate that was made.
        var made: (authority: String, pin: String)?
    }

    /// What is to be shown, if anything; says how a browser comes to trust what was made.
    func shown(_ options: ProxyOptions) throws -> Shown? {
        if let certificate, let key {
            return Shown(
                certificate: ProxyCertificate(chain: try ProxyOptions.read(certificate), key: try ProxyOptions.read(key)))
        }
        guard tls else { return nil }
        let made = try LocalCertificate(names: names(options), now: Date())
        if let authority { try Self.write(made.authority, to: authority) }
        Console.error(
            "trueline: the certificate is of this run only; Chromium: --ignore-certificate-errors-spki-list=\(made.pin)")
        return Shown(certificate: made.certificate, made: (made.authority, made.pin))
    }

    static func write(_ authority: String, to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: Data(authority.utf8)) else {
            throw CommandFailure(.usage, "\(path) cannot be written; choose another place")
        }
    }

    private func names(_ options: ProxyOptions) -> [String] {
        var names = ["localhost", "127.0.0.1", "::1"]
        let others = [options.listen] + options.allowHost
        // An address that means all of them is none that a browser opens.
        for name in others where !names.contains(name) && name != "0.0.0.0" && name != "::" { names.append(name) }
        return names
    }
}
