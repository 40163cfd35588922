import ArgumentParser
import Foundation
import GridClient
import GridStore

/// Why a command stops, and what the process answers its caller.
struct CommandFailure: Error, CustomStringConvertible {
    /// What the process ends with. `trueline help` lists them; they do not change.
    enum Status: Int32 {
        /// What was asked for could not be done.
        case failed = 1
        /// The command line makes no sense.
        case usage = 2
        /// No server answers at the address.
        case unreachable = 3
        /// The server has no grid or sheet of that name.
        case notFound = 4
    }

    var status: Status
    /// What happened, with the values, and what to do next.
    var message: String

    init(_ status: Status, _ message: String) {
        self.status = status
        self.message = message
    }

    init(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as ClientError: self.init(Self.status(of: error), error.message)
        case let error as StoreError: self.init(.failed, error.message)
        default: self.init(.failed, "\(error)")
        }
    }

    var description: String { message }

    private static func status(of error: ClientError) -> Status {
        switch error.code {
        case .unreachable, .timedOut: .unreachable
        case .refused(status: 404, _): .notFound
        case .refused, .damagedReply: .failed
        case .invalid: .usage
        }
    }

    static let explanation = """
        Exit codes: 0 done; 1 failed; 2 the command line makes no sense; 3 no server answers; 4 no such grid or sheet.
        """
}

extension Trueline {
    /// Parses and runs, and ends with one of the documented codes: ArgumentParser's own code for a bad command line is 64.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            let code = exitCode(for: error)
            if code == .success || error is ExitCode { exit(withError: error) }
            if code == .validationFailure {
                Console.error(fullMessage(for: error))
                Foundation.exit(CommandFailure.Status.usage.rawValue)
            }
            let failure = CommandFailure(error)
            Console.error("trueline: " + failure.message)
            Foundation.exit(failure.status.rawValue)
        }
    }
}
