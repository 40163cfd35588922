import Foundation
import Testing

@testable import Ordering

/// One for each case of `Event`. The compiler keeps the list complete: `init(of:)` has no default.
private enum EventKind: CaseIterable {
    case open, viewport, hello, signal, gap, heartbeat, heartbeatLate, streamLost, replyArrived, replyFailed
    case editSubmitted, editAcknowledged, editRefused, editDiscarded, runEnded, refresh, hidden, shown, timer

    init(of event: Event) {
        switch event {
        case .open: self = .open
        case .viewport: self = .viewport
        case .hello: self = .hello
        case .signal: self = .signal
        case .gap: self = .gap
        case .heartbeat: self = .heartbeat
        case .heartbeatLate: self = .heartbeatLate
        case .streamLost: self = .streamLost
        case .replyArrived: self = .replyArrived
        case .replyFailed: self = .replyFailed
        case .editSubmitted: self = .editSubmitted
        case .editAcknowledged: self = .editAcknowledged
        case .editRefused: self = .editRefused
        case .editDiscarded: self = .editDiscarded
        case .runEnded: self = .runEnded
        case .refresh: self = .refresh
        case .hidden: self = .hidden
        case .shown: self = .shown
        case .timer: self = .timer
        }
    }
}

/// A screen in a known state, with the number of its newest read.
private struct Situation {
    var name: String
    var screen: Screen
    var read: UInt32

    init(_ name: String, _ events: [(Event, UInt64)]) {
        self.name = name
        screen = Screen()
        for (event, instant) in events { _ = screen.handle(event, at: instant) }
        read = screen.core.lastRequest
    }
}

/// What happens, in words and as an event. The revision is the newest the situation knows; row 11 is of page 1.
private let occurrences: [(String, @Sendable (Situation) -> Event)] = [
    ("open", { _ in .opening() }),
    ("viewport: the same", { _ in .looking(at: 1) }),
    ("viewport: elsewhere", { _ in .looking(at: 9) }),
    ("hello: nothing missed", { .hello($0.screen.core.newest.rawValue) }),
    ("hello: commits missed", { .hello($0.screen.core.newest.rawValue + 3) }),
    (
        "hello: resumed", { .hello($0.screen.core.newest.rawValue + 3, after: $0.screen.core.frontier.rawValue) }
    ),
    ("signal: touches the page", { .signal($0.screen.core.frontier.rawValue + 1, rows: [11]) }),
    ("signal: touches others", { .signal($0.screen.core.frontier.rawValue + 1, rows: [77]) }),
    (
        "signal: touches the page's rows in a column not shown",
        { .signal($0.screen.core.frontier.rawValue + 1, rows: [11], columns: [9]) }
    ),
    ("signal: order changed", { .signal($0.screen.core.frontier.rawValue + 1, order: true) }),
    ("signal: repeated", { .signal($0.screen.core.frontier.rawValue, rows: [11]) }),
    ("signal: after a hole", { .signal($0.screen.core.frontier.rawValue + 2, rows: [77]) }),
    ("gap", { .gap(Revision($0.screen.core.newest.rawValue + 3)) }),
    ("heartbeat", { _ in .heartbeat }),
    ("heartbeatLate", { _ in .heartbeatLate }),
    ("streamLost", { _ in .streamLost }),
    ("replyArrived: newest", { .reply($0.read, at: $0.screen.core.newest.rawValue, pages: [1]) }),
    ("replyArrived: ahead of the signals", { .reply($0.read, at: $0.screen.core.newest.rawValue + 2, pages: [1]) }),
    ("replyArrived: unchanged", { .reply($0.read, at: $0.screen.core.newest.rawValue, unchanged: [1]) }),
    ("replyArrived: below the minimum", { .reply($0.read, at: max($0.screen.core.newest.rawValue, 1) - 1, pages: [1]) }),
    ("replyArrived: without the page", { .reply($0.read, at: $0.screen.core.newest.rawValue) }),
    ("replyArrived: to an older request", { .reply($0.read - 1, at: $0.screen.core.newest.rawValue + 9, pages: [1]) }),
    (
        "replyArrived: of an older intent",
        { .reply($0.read, generation: 0, at: $0.screen.core.newest.rawValue + 9, pages: [1]) }
    ),
    ("replyFailed: temporary", { .failed($0.read) }),
    ("replyFailed: permanent", { .failed($0.read, .permanent) }),
    ("replyFailed: behind", { .failed($0.read, .behind) }),
    ("editSubmitted", { _ in .editSubmitted(DraftID(2), row: RowKey(11)) }),
    ("editAcknowledged", { .editAcknowledged(DraftID(1), Revision($0.screen.core.newest.rawValue + 1)) }),
    ("editRefused", { _ in .editRefused(DraftID(1)) }),
    ("editDiscarded", { _ in .editDiscarded(DraftID(1)) }),
    ("runEnded", { _ in .runEnded(nil) }),
    ("refresh", { _ in .refresh }),
    ("hidden", { _ in .hidden }),
    ("shown", { _ in .shown }),
    ("timer", { _ in .timer }),
]

private let edit: (Event, UInt64) = (.editSubmitted(DraftID(1), row: RowKey(11)), 0)

/// Each with a read in flight, so that replies mean something.
private let connections: [Situation] = {
    let live: [(Event, UInt64)] = [
        (.opening(shown: .these([ColumnKey(1)])), 0), edit, (.hello(5), 0), (.reply(1, at: 5, pages: [1]), 0),
    ]
    let lost = live + [(.streamLost, 0)]
    let polling = lost + [(.timer, 3_000)]
    return [
        Situation("connecting", [(.opening(shown: .these([ColumnKey(1)])), 0), edit]),
        Situation("live", live + [(.refresh, 0)]),
        Situation("silent", live + [(.heartbeatLate, 0)]),
        Situation("reconnecting", lost + [(.refresh, 0)]),
        Situation("polling", polling),
        Situation("offline", polling + [(.failed(2), 3_000), (.refresh, 3_000)]),
    ]
}()

/// Page 1 of a live screen.
private let pages: [Situation] = {
    let loading: [(Event, UInt64)] = [(.opening(shown: .these([ColumnKey(1)])), 0), (.hello(5), 0), edit]
    let current = loading + [(.reply(1, at: 5, pages: [1]), 0)]
    let stale = current + [(.signal(6, rows: [11]), 0)]
    return [
        Situation("absent", loading + [(.failed(1), 0)]),
        Situation("loading", loading),
        Situation("current", current),
        Situation("stale", stale),
        Situation("refreshing", stale + [(.timer, 100)]),
        Situation("current, out of sight", current + [(.looking(at: 5), 0), (.reply(2, at: 5, pages: [5]), 0)]),
    ]
}()

/// One row an occurrence, one column a situation. A timer comes when it was asked for.
private func table(_ situations: [Situation], cell: (Situation, [Effect], Reconciler) -> String) -> [String] {
    var lines = [
        "| | " + situations.map { $0.name }.joined(separator: " | ") + " |",
        "|---" + String(repeating: "|---", count: situations.count) + "|",
    ]
    for (name, event) in occurrences {
        let cells = situations.map { situation in
            var screen = situation.screen
            let at = name == "timer" ? screen.core.announcedTimer?.milliseconds : nil
            let effects = screen.effects(event(situation), at: at)
            return cell(situation, effects, screen.core)
        }
        lines.append("| \(name) | " + cells.joined(separator: " | ") + " |")
    }
    return lines
}

/// What happens to page 1, in the words of the effects.
private func verbs(_ effects: [Effect]) -> [String] {
    let one = PageNumber(1)
    return effects.compactMap { effect in
        switch effect {
        case .reset: "reset"
        case .send(let request): request.pages.contains(one) ? "send \(request.purpose)" : nil
        case .cancel: "cancel"
        case .apply(_, one): "apply"
        case .drop(_, let page, let reason): page == one || page == nil ? "drop \(reason)" : nil
        case .paint(let paint): paint.pages.contains(one) ? "paint" : nil
        case .advance: "advance"
        case .withdraw(one): "withdraw"
        case .evict(one): "evict"
        case .releaseDraft(_, let reason): "release \(reason)"
        case .apply, .withdraw, .evict, .setTimer, .cancelTimer, .status: nil
        }
    }
}

@Suite struct TruthTableTests {
    /// The lines between the two comments that name a table in the specification.
    private func specified(_ name: String) throws -> [String] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Docs/specifications/ordering.md")
        let lines = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
        let start = try #require(lines.firstIndex(of: "<!-- table: \(name) -->"), "no table \(name) in \(file.path)")
        let end = try #require(lines[start...].firstIndex(of: "<!-- end -->"))
        return Array(lines[(start + 1)..<end])
    }

    @Test("Every event occurs in the tables, every connection and every page condition is a column") func complete() {
        let kinds = occurrences.flatMap { occurrence in connections.map { EventKind(of: occurrence.1($0)) } }
        #expect(Set(kinds) == Set(EventKind.allCases))
        #expect(connections.map { $0.screen.core.connection } == Connection.allCases)
        #expect(connections.map { $0.name } == Connection.allCases.map { "\($0)" })
        #expect(pages.prefix(5).map { $0.screen.core.condition(of: PageNumber(1)) } == PageCondition.allCases)
        #expect(pages.prefix(5).map { $0.name } == PageCondition.allCases.map { "\($0)" })
    }

    @Test("The specification's table of connections is what the core does") func connection() throws {
        let actual = table(connections) { situation, _, core in
            core.connection == situation.screen.core.connection ? "=" : "\(core.connection)"
        }
        #expect(try specified("connections") == actual, "\(actual.joined(separator: "\n"))")
    }

    @Test("The specification's table of pages is what the core does") func page() throws {
        let actual = table(pages) { situation, effects, core in
            let condition = core.condition(of: PageNumber(1))
            let stays = condition == situation.screen.core.condition(of: PageNumber(1))
            return ([stays ? "=" : "**\(condition)**"] + verbs(effects)).joined(separator: ", ")
        }
        #expect(try specified("pages") == actual, "\(actual.joined(separator: "\n"))")
    }
}
