import ArgumentParser

/// `trueline proxy`: in front of one upstream, releasing responses in a chosen order.
struct ProxyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxy",
        abstract: "Stand in front of a server, and release its responses in a chosen order: a race, every time.",
        subcommands: [ProxyRunCommand.self, ProxyExploreCommand.self], defaultSubcommand: ProxyRunCommand.self)
}
