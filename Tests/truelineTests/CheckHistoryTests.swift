import ArgumentParser
import Foundation
import HistoryCheck
import Testing

@testable import trueline

@Suite("check-history")
struct CheckHistoryTests {
    /// What the command ends with.
    private static func status(_ text: String, _ options: String...) throws -> Int32 {
        let file = URL.temporaryDirectory.appending(path: "history-\(UUID().uuidString).log")
        try text.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        do {
            try CheckHistoryCommand.parse([file.path] + options).run()
            return 0
        } catch let code as ExitCode {
            return code.rawValue
        } catch let failure as CommandFailure {
            return failure.status.rawValue
        }
    }

    @Test("The exit code tells valid, invalid, unusable and unknown apart")
    func exitCodes() throws {
        let written = "0 :invoke :write 1\n0 :ok :write 1\n"
        #expect(try Self.status(written + "1 :invoke :read nil\n1 :ok :read 1\n") == 0)
        #expect(try Self.status(written + "1 :invoke :read nil\n1 :ok :read nil\n", "--format", "json") == 1)
        #expect(try Self.status(written + "1 :ok :read 1\n") == 2)
        #expect(try Self.status(written, "--consistency", "serial") == 2)
        #expect(try Self.status(written, "--model", "list-append") == 2)
        let swaps = (0..<6).map { "\($0) :invoke :cas [\($0) \(($0 + 1) % 6)]\n" }.joined()
        let ends = (0..<6).map { "\($0) :ok :cas [\($0) \(($0 + 1) % 6)]\n" }.joined()
        let cycle = "7 :invoke :write 3\n8 :invoke :write 2\n" + swaps + ends + "7 :ok :write 3\n8 :ok :write 2\n"
        #expect(try Self.status(cycle, "--node-budget", "1") == 3)
        #expect(try Self.status(cycle) == 0)
    }

    @Test("The worst answer decides: invalid before unknown before valid")
    func worst() {
        #expect(CheckHistoryCommand.Status([.valid, .unknown, .invalid]) == .invalid)
        #expect(CheckHistoryCommand.Status([.valid, .unknown]) == .unknown)
        #expect(CheckHistoryCommand.Status([.valid]) == .valid)
    }
}
