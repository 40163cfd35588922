import ArgumentParser
import Diagnosis

/// `--guard` of the commands that replay: a guard's number, as long as a replay leaves it something to decide.
struct GuardOption: ExpressibleByArgument {
    var `guard`: Guard?

    init?(argument: String) {
        `guard` = Guard.allCases.first { $0.code == argument }
        name = argument
    }

    private let name: String

    func validate() throws {
        guard let option = `guard` else { throw ValidationError("--guard is \(name); the guards are G1 to G9") }
        if let reason = option.whyNotReplayed {
            throw ValidationError("--guard is \(name), which cannot be replayed: \(reason)")
        }
    }
}
