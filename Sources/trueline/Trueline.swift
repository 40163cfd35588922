import ArgumentParser

/// The program: one command for each thing that can be done with grids.
@main
struct Trueline: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "trueline",
        abstract:
            "Live grids whose screen never runs ahead of, or behind, what was committed; and a debugger for the same fault elsewhere.",
        version: version,
        subcommands: [
            ServeCommand.self, ImportCommand.self, ExportCommand.self, TailCommand.self, WatchCommand.self, FloodCommand.self,
            EnrichCommand.self,
            DoctorCommand.self, CheckHistoryCommand.self, DiagnoseCommand.self, PredictCommand.self, ReplayCommand.self,
            OpenCommand.self, ProxyCommand.self,
            SynthesizeCommand.self, MuseumCommand.self, SimulateCommand.self,
        ])
}
