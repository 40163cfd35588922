import Foundation
import Synchronization

/// Hands over keys as they are pressed, without waiting for the end of a line and without showing them, and leaves the terminal as it was.
enum TerminalKeys {
    /// True when a person can press keys.
    static var isThere: Bool { isatty(STDIN_FILENO) == 1 }

    private static let before = Mutex<termios?>(nil)

    /// Calls `body` with what keys ask for.
    static func pressed(_ body: (AsyncStream<PagingKeys.Key>) async -> Void) async {
        let (stream, continuation) = AsyncStream.makeStream(of: PagingKeys.Key.self)
        handOverKeys()
        defer { giveBack() }
        let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: DispatchQueue(label: "trueline.keys"))
        let keys = Mutex(PagingKeys())
        source.setEventHandler {
            var bytes = [UInt8](repeating: 0, count: 256)
            let count = read(STDIN_FILENO, &bytes, bytes.count)
            // The terminal is gone.
            guard count > 0 else { return continuation.finish() }
            for key in keys.withLock({ $0.take(Array(bytes.prefix(count))) }) { continuation.yield(key) }
        }
        source.resume()
        defer { source.cancel() }
        // Told to end, the terminal is given back first: as it is now it would not show what is typed next.
        let ends = [SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let end = DispatchSource.makeSignalSource(signal: number, queue: DispatchQueue(label: "trueline.signals"))
            end.setEventHandler { continuation.yield(.quit) }
            end.resume()
            return end
        }
        defer { for end in ends { end.cancel() } }
        await body(stream)
    }

    private static func handOverKeys() {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return }
        let old = settings
        before.withLock { $0 = old }
        // Ctrl-C comes as a byte too, so that the terminal is given back on the way out.
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    private static func giveBack() {
        guard var settings = before.withLock({ $0.take() }) else { return }
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }
}
