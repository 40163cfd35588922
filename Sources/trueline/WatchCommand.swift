import ArgumentParser
import Foundation
import GridClient
import GridModel
import Ordering
import Synchronization
import Wire

/// `trueline watch`: a live page of a list in the terminal.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Show a page of a sheet, live: what is shown is always committed, and one revision.",
        discussion: """
            On a terminal the page is redrawn in place: n or PageDown, p or PageUp, and g with a number and Enter turn pages, q or \
            Ctrl-C ends it. Elsewhere each change is a line. \
            \(CommandFailure.explanation)
            """)

    @OptionGroup var server: ServerOptions
    @OptionGroup var target: TargetOptions

    @Option(help: "The page, counted from 1.")
    var page = 1

    @Option(help: "Rows of a page; what fits the terminal when absent, 100 elsewhere.")
    var pageSize: Int?

    @Option(help: "A saved view by id or name, or a filter and sort as JSON.")
    var view: String?

    @Option(help: "End after so many frames.")
    var count: Int?

    @Flag(help: "Print every frame as a JSON document on a line.")
    var json = false

    func validate() throws {
        if page < 1 { throw ValidationError("--page counts from 1") }
        if let pageSize, !(1...1_000).contains(pageSize) { throw ValidationError("--page-size takes 1 to 1000 rows") }
    }

    func run() async throws {
        let drawsInPlace = Console.isTerminal && !json
        let size = pageSize ?? (drawsInPlace ? min(max(Console.size.lines - 4, 5), 1_000) : 100)
        try await server.withClient { client in
            let (grid, sheet) = try await target.find(client)
            let view = try selection(sheet)
            let title = "\(grid.name) / \(sheet.name)  (grid \(grid.id), sheet \(sheet.id))"
            try await client.withLiveSheet(grid: grid.id, sheet: sheet.id, view: view, pageSize: size) { live in
                if page > 1 { live.show(pages: page...page) }
                let takesKeys = drawsInPlace && TerminalKeys.isThere
                let screen = WatchScreen(
                    FramePrinter(
                        page: page, title: TerminalFrame.clean(title) + (takesKeys ? "  -  n p g:page q" : ""), json: json,
                        inPlace: drawsInPlace), of: live)
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await screen.follow(frames: count) }
                    if takesKeys { group.addTask { await screen.obeyKeys() } }
                    await group.next()
                    group.cancelAll()
                }
            }
        }
    }

    private func selection(_ sheet: SheetDescription) throws -> ViewSelection {
        guard let text = try ViewText.selection(view, of: sheet) else { return .all }
        do throws(WireError) {
            switch try PagesQuery.view(text) {
            case .saved(let id): return .saved(id)
            case .inline(let definition): return .inline(definition)
            }
        } catch {
            throw CommandFailure(.usage, "--view: \(error.reason)")
        }
    }
}

/// A page in the terminal: what is committed comes from one side, what a person wants to see from the other.
private final class WatchScreen: Sendable {
    private struct State {
        var printer: FramePrinter
        var snapshot: Snapshot?
    }

    private let live: LiveSheet
    private let state: Mutex<State>

    init(_ printer: FramePrinter, of live: LiveSheet) {
        self.live = live
        state = Mutex(State(printer: printer))
    }

    /// Shows every snapshot, until so many frames were shown.
    func follow(frames limit: Int?) async {
        for await snapshot in live.snapshots() {
            let frames = state.withLock { state in
                state.snapshot = snapshot
                return state.printer.show(snapshot) ? state.printer.frames : 0
            }
            if let limit, frames >= limit { return }
        }
    }

    /// Turns pages as the keys say, until one says to end.
    func obeyKeys() async {
        await TerminalKeys.pressed { keys in
            for await key in keys {
                switch key {
                case .next: turn { $0 + 1 }
                case .previous: turn { $0 - 1 }
                case .goTo(let number): turn { _ in number }
                case .typing(let digits): show { $0.prompt = digits.map { "go to page \($0)_" } }
                case .quit: return
                }
            }
        }
    }

    private func turn(_ page: (Int) -> Int) {
        let number = show { [last = state.withLock { $0.snapshot?.totalPages }] printer in
            printer.prompt = nil
            printer.page = min(max(page(printer.page), 1), max(last ?? 1, 1))
        }
        live.show(pages: number...number)
    }

    @discardableResult
    private func show(_ change: (inout FramePrinter) -> Void) -> Int {
        state.withLock { state in
            change(&state.printer)
            if let snapshot = state.snapshot { _ = state.printer.show(snapshot) }
            return state.printer.page
        }
    }
}

/// Prints frames: in place, as lines of what changed, or as JSON.
private struct FramePrinter {
    var page: Int
    /// What a person is typing.
    var prompt: String?
    let title: String
    let json: Bool
    let inPlace: Bool
    private(set) var frames = 0
    private var shown: [RowID: SheetRow] = [:]
    private var lastTrust = ""
    private var lastPage: SheetPage?
    private var lastTotal = 0

    init(page: Int, title: String, json: Bool, inPlace: Bool) {
        self.page = page
        self.title = title
        self.json = json
        self.inPlace = inPlace
    }

    /// - Returns: true when a frame with the page was shown.
    mutating func show(_ snapshot: Snapshot) -> Bool {
        if inPlace {
            let size = Console.size
            let lines = TerminalFrame(columns: size.columns, lines: size.lines).lines(
                snapshot, page: page, title: prompt ?? title)
            // Home, every line cleared to its end, then everything below: no flicker, nothing to restore at the end.
            let text = "\u{1B}[H" + lines.map { $0 + "\u{1B}[K\r\n" }.joined() + "\u{1B}[J"
            Console.write(Array(text.utf8), to: STDOUT_FILENO)
        }
        // A commit that changed nothing here raises the revision only: that is no frame.
        guard let current = snapshot.page(page), current != lastPage || snapshot.totalRows != lastTotal || inPlace else {
            if !inPlace, !json, snapshot.trust.connection != .live, snapshot.trust.text != lastTrust {
                Console.error(snapshot.trust.text)
                lastTrust = snapshot.trust.text
            }
            return false
        }
        lastPage = current
        lastTotal = snapshot.totalRows
        lastTrust = snapshot.trust.text
        frames += 1
        if json { printDocument(snapshot, current) } else if !inPlace { printChanges(snapshot, current) }
        shown = Dictionary(current.rows.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        return true
    }

    private func printChanges(_ snapshot: Snapshot, _ current: SheetPage) {
        let changed = current.rows.filter { shown[$0.id] != $0 }
        Console.print(
            "revision \(snapshot.revision)  rows \(snapshot.totalRows.grouped)  page \(page) of \(max(snapshot.totalPages, 1))  "
                + (frames == 1 ? "\(current.rows.count) shown" : "\(changed.count) changed"))
        guard frames > 1 else { return }
        for row in changed.prefix(100) {
            let cells = snapshot.columns.compactMap { column -> String? in
                let value = row.cells[column.id]
                guard value != shown[row.id]?.cells[column.id] else { return nil }
                return "\(TerminalFrame.clean(column.name))=\(TerminalFrame.clean(value?.displayText ?? ""))"
            }
            Console.print("  \(row.id)  " + cells.joined(separator: "  "))
        }
    }

    private func printDocument(_ snapshot: Snapshot, _ current: SheetPage) {
        let bytes = WireWriter.write(capacity: 16_384) { writer in
            writer.object { writer in
                writer.member("revision", snapshot.revision)
                writer.member("totalRows", snapshot.totalRows)
                writer.member("page", page)
                writer.member("current", snapshot.trust.isCurrent)
                writer.arrayMember("rows") { writer in
                    for row in current.rows {
                        writer.object { writer in
                            writer.member("id", row.id.description)
                            writer.objectMember("cells") { writer in
                                for column in snapshot.columns {
                                    guard let value = row.cells[column.id] else { continue }
                                    writer.name(column.id)
                                    writer.json(value.json.utf8)
                                }
                            }
                        }
                    }
                }
            }
        }
        Console.print(String(decoding: bytes, as: UTF8.self))
    }
}
