import Foundation

/// Runs a command for the shell, with the proxy's address in its environment.
struct ScriptRun {
    let command: String
    let seconds: Double
    /// What the script is told besides the proxy's address.
    var environment: [String: String] = [:]

    /// - Returns: the exit code; -1 when it was stopped because it took too long.
    func run(proxy: String, output: String) async throws -> Int32 {
        guard FileManager.default.createFile(atPath: output, contents: nil), let handle = FileHandle(forWritingAtPath: output)
        else {
            throw CommandFailure(.usage, "\(output) cannot be written")
        }
        defer { try? handle.close() }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            .merging(["TRUELINE_PROXY_URL": proxy]) { $1 }
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        let (ends, continuation) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { ended in
            continuation.yield(ended.terminationReason == .exit ? ended.terminationStatus : 128 + ended.terminationStatus)
            continuation.finish()
        }
        do {
            try process.run()
        } catch {
            throw CommandFailure(.usage, "the script cannot be run: \(error.localizedDescription)")
        }
        // The one wait for a time: the limit (--timeout) on a script that never ends. It is told to stop, and what it leaves is its end.
        let watch = Task { [seconds] in
            try await Task.sleep(for: .seconds(seconds))
            process.terminate()
            return true
        }
        var code: Int32 = -1
        for await end in ends { code = end }
        watch.cancel()
        let isLate = (try? await watch.value) ?? false
        return isLate ? -1 : code
    }
}
