import ChangePipeline
import GridImage
import GridModel
import GridStore
import Ordering

/// The grid that every world begins with, made once by the real pipeline: two sheets of three columns of numbers, the third of the first
/// filled by an agent, with a few rows each, and folded.
struct StartingGrid: Sendable {
    let contents: SimulatedDisk.Contents
    let truth: Truth
    let asked: [World.Asked]
    let written: UInt32
    let image: GridImage
    let windows: [ColumnWindow]

    static let shared = StartingGrid()

    /// The commands, in order. Each is committed by itself.
    private static var commands: [Command] {
        var changes: [Change] = [.addSheet(name: "Second")]
        for sheet in 0..<Truth.sheets {
            let id = SheetID(UInt32(sheet + 1))
            for (name, isAnswered) in [("Name", false), ("Key", false), ("Answer", true)] {
                let agent = isAnswered && sheet == 0 ? AgentSettings(prompt: "About {{Name}}?", usesExamples: false) : nil
                changes.append(.addColumn(sheet: id, name: name, type: .number, width: nil, agent: agent, position: .last))
            }
        }
        for (sheet, count) in [(0, 14), (1, 8)] {
            let first = UInt32(sheet * Truth.columns + 1)
            var block = RowsBlock(columns: (0..<2).map { ColumnID(first + $0) })
            for row in 0..<UInt32(count) {
                let token = (row * 37 % 11 + 1) * 1_000_000 + UInt32(sheet) * 100 + row + 1
                block.append([
                    Token.value(token), Token.value((row * 53 % 13 + 1) * 1_000_000 + UInt32(sheet) * 100 + row + 40),
                ])
            }
            changes.append(.insertRows(sheet: SheetID(UInt32(sheet + 1)), position: .last, rows: block))
        }
        return changes.enumerated().map { Command(intent: World.intent($0.offset), cause: .person, changes: [$0.element]) }
    }

    private init() {
        let news = ServerNews()
        let time = SimulatedTime()
        let disk = SimulatedDisk(SimulatedDisk.Contents(), synchronous: .full, control: [], news: news)
        let commands = Self.commands
        var truth = Truth()
        do {
            let server = try SimulatedServer(
                disk: disk, news: news, time: time, limits: PipelineLimits(), signalLimits: SignalLimits())
            for (index, command) in commands.enumerated() {
                server.submit(command, as: index, isUrgent: false)
                while server.writer.step() {}
            }
            for case .appended(_, let outcomes) in news.take() {
                try truth.append(outcomes.map { (commands[Int($0.intent.low)], try OutcomeCodec.decode($0.bytes)) }) {
                    _, _, _, _ in
                }
            }
            let image = server.grid.snapshot()
            windows = (1...UInt32(Truth.sheets)).compactMap { image.window(of: SheetID($0)) }
            contents = try Self.folded(image, disk.contents)
            self.image = image
        } catch {
            preconditionFailure("the starting grid cannot be made: \(error)")
        }
        self.truth = truth
        asked = commands.map { World.Asked(command: $0, origin: .nobody) }
        written = 1_000
    }

    /// What the disk holds once everything is folded, so that opening it replays nothing.
    private static func folded(_ image: GridImage, _ contents: SimulatedDisk.Contents) throws -> SimulatedDisk.Contents {
        var (image, contents) = (image, contents)
        guard var pass = image.beginFold() else { return contents }
        while let slice = pass.next(from: image) {
            contents.apply(.slice(FoldSlice(rows: slice.rows, documents: slice.documents, completes: slice.completes)))
        }
        return contents
    }
}
