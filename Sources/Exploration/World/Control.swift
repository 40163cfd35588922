/// Rules that a simulation breaks on purpose, to see that its oracles notice: a server and clients as one meets them elsewhere.
package struct Control: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    // The server.
    /// S1: subscribers are told of a commit before it is synced.
    package static let emitBeforeSync = Control(rawValue: 1 << 0)
    /// S2: now and then a signal is sent before the one that belongs before it.
    package static let emitOutOfOrder = Control(rawValue: 1 << 1)
    /// S3: the pages of a reply come from two snapshots.
    package static let tornReply = Control(rawValue: 1 << 2)
    /// S4: a second server answers from what it has, whatever was asked for.
    package static let behindTheClient = Control(rawValue: 1 << 3)
    /// S5: a command that comes again is done again.
    package static let forgetIntents = Control(rawValue: 1 << 4)
    /// S6: an agent's answer is written over whatever the cell holds by then.
    package static let agentWins = Control(rawValue: 1 << 5)
    /// S7: calls are made before the log has them.
    package static let unrecordedCalls = Control(rawValue: 1 << 6)
    /// S8: what a slow reader did not take is thrown away, and nobody says so.
    package static let dropForSlowReaders = Control(rawValue: 1 << 7)

    // The clients.
    /// Every reply is painted when it comes: the last response wins.
    package static let lastResponseWins = Control(rawValue: 1 << 8)
    /// Values that come with events are written into what is painted.
    package static let patchFromPayloads = Control(rawValue: 1 << 9)
    /// The rows move while somebody types in one of them.
    package static let rowsMoveUnderTheHand = Control(rawValue: 1 << 10)
    /// What a person typed is painted as a value before it is saved.
    package static let showsUnsaved = Control(rawValue: 1 << 11)
    /// A client of the first kind that after a reconnect reads everything there is, and not the view first.
    package static let everythingOnReconnect = Control(rawValue: 1 << 12)

    /// The server that breaks every rule of its own.
    package static let server: Control = [
        .emitBeforeSync, .emitOutOfOrder, .tornReply, .behindTheClient, .forgetIntents, .agentWins, .unrecordedCalls,
        .dropForSlowReaders,
    ]
}
