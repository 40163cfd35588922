import Foundation

/// Where a command's words go: results to standard output, everything about the work to standard error.
enum Console {
    /// True when a person looks at standard output.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    /// True when a person looks at standard error.
    static var showsProgress: Bool { isatty(STDERR_FILENO) == 1 }

    static func print(_ line: String) {
        write(Array((line + "\n").utf8), to: STDOUT_FILENO)
    }

    static func error(_ line: String) {
        write(Array((line + "\n").utf8), to: STDERR_FILENO)
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            // Nobody reads any more: there is nobody to tell either.
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }

    /// Columns and lines of the terminal.
    static var size: (columns: Int, lines: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Milliseconds of a monotonic clock.
    static var milliseconds: UInt64 { DispatchTime.now().uptimeNanoseconds / 1_000_000 }
}

/// Says how far a long work is: one line redrawn on a terminal, a line now and then elsewhere.
final class ProgressLine {
    private let label: String
    private let isQuiet: Bool
    private var lastShown: UInt64 = 0
    private let start = Console.milliseconds

    init(_ label: String, isQuiet: Bool) {
        self.label = label
        self.isQuiet = isQuiet
    }

    /// - Parameter fraction: of the whole work, 0 to 1; `nil` when it is not known.
    func show(_ text: String, fraction: Double?) {
        let now = Console.milliseconds
        guard !isQuiet, now - lastShown >= (Console.showsProgress ? 100 : 5_000) else { return }
        if lastShown == 0, !Console.showsProgress { return lastShown = now }
        lastShown = now
        let left = fraction.flatMap { fraction -> String? in
            guard fraction > 0.01, fraction < 1 else { return nil }
            let seconds = Double(now - start) / 1_000 * (1 - fraction) / fraction
            return seconds >= 1 ? ", \(Int(seconds.rounded())) s left" : nil
        }
        let percent = fraction.map { " \(Int(($0 * 100).rounded(.down)))%" } ?? ""
        guard Console.showsProgress else { return Console.error("\(label)\(percent): \(text)\(left ?? "")") }
        let bar = fraction.map { fraction in
            let filled = Int(fraction * 24)
            return " [" + String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled) + "]"
        }
        Console.write(Array("\r\u{1B}[K\(label)\(bar ?? "")\(percent) \(text)\(left ?? "")".utf8), to: STDERR_FILENO)
    }

    /// Takes the line away.
    func end() {
        if !isQuiet, Console.showsProgress { Console.write(Array("\r\u{1B}[K".utf8), to: STDERR_FILENO) }
    }
}

extension Int {
    /// With a mark between thousands: 28,297.
    var grouped: String {
        let digits = Array(String(magnitude))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return self < 0 ? "-" + text : text
    }

    /// With the thing counted: 1 row, 28,297 rows.
    func counted(_ noun: String) -> String {
        self == 1 ? "1 \(noun)" : "\(grouped) \(noun)s"
    }
}
