import HTTPTypes
import NIOCore
import Synchronization

/// The first two lines of an answer that is written as bytes: its status and its date (RFC 9110, section 6.6.1). They stand apart
/// from the rest, which is kept and sent again, because the date does not stay the same.
final class AnswerStart: Sendable {
    private struct State {
        /// Since 1970.
        var second: UInt64 = .max
        var lines: [Int: ByteBuffer] = [:]
    }

    private let wallClock: @Sendable () -> UInt64
    private let state = Mutex(State())

    /// - Parameter wallClock: milliseconds since 1970.
    init(wallClock: @escaping @Sendable () -> UInt64) {
        self.wallClock = wallClock
    }

    /// The lines, each with its end.
    func lines(_ status: HTTPResponse.Status) -> ByteBuffer {
        let second = wallClock() / 1_000
        return state.withLock { state in
            if state.second != second { state = State(second: second) }
            if let lines = state.lines[status.code] { return lines }
            let lines = ByteBuffer(
                string: "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\nDate: \(Self.date(second: second))\r\n")
            state.lines[status.code] = lines
            return lines
        }
    }

    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Seconds since 1970 as HTTP writes them (RFC 9110, section 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
    static func date(second: UInt64) -> String {
        // The years of four digits are all that the form has.
        let second = Int(min(second, 253_402_300_799))
        let (day, time) = second.quotientAndRemainder(dividingBy: 86_400)
        let (year, month, date) = civil(day)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let clock = "\(two(time / 3_600)):\(two(time / 60 % 60)):\(two(time % 60))"
        return "\(days[day % 7]), \(two(date)) \(months[month - 1]) \(year) \(clock) GMT"
    }

    /// Year, month and day of a number of days since 1970, counted in eras of 400 years that begin with a March, so that the leap
    /// day is the last of its year (H. Hinnant, "chrono-compatible low-level date algorithms").
    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }
}
