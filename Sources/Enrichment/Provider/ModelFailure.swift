package import GridModel

/// A whole answer that did not fit, and why: what the model is told when it is asked again, and what is kept with a cell that failed.
package struct WrongAnswer: Hashable, Sendable {
    /// Characters of an answer that are kept: enough to see what went wrong.
    package static let characters = 2_000

    /// The row's text for each input that it answers.
    package var values: [String]
    /// A fingerprint of the question, for a process that comes later.
    package var question: UInt64
    package var text: String
    package var reason: String
    /// What the call cost.
    package var usage: RunUsage

    package init(values: [String], question: UInt64 = 0, text: String, reason: String, usage: RunUsage = RunUsage()) {
        self.values = values
        self.question = question
        self.usage = usage
        self.text = text.count <= Self.characters ? text : text.prefix(Self.characters) + "..."
        self.reason = reason
    }
}

/// Why a call brought no answer that may be committed.
package struct ModelFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// 429: too many calls for now.
        case rateLimited
        /// 5xx.
        case serverFailed
        /// No whole answer in time.
        case timedOut
        /// No connection, or it broke before the request was sent whole.
        case unreachable
        /// The connection ended after the request was sent and before a reply: it may have been read, and paid for.
        case lost
        /// The stream ended without a finish reason: whatever came is a part, never a value.
        case cut
        /// The model stopped at its limit of tokens, or the answer passed our limit of bytes.
        case tooLong
        /// What came is not the protocol.
        case garbage
        /// A whole answer of no characters.
        case empty
        /// A whole answer that is not what the column holds.
        case wrongType
        /// A whole answer that is none of the choices.
        case notAChoice
        /// A whole JSON answer that does not fit the schema.
        case schemaViolated
        /// The server will not be told what the answer has to look like.
        case schemaRefused
        /// The provider's filter withheld the answer.
        case filtered
        /// 4xx for this one prompt: it is too long or not acceptable.
        case rejected
        /// The account is refused: a bad key, no right, no money left, no such model, a redirect. True for every row.
        case refused
        /// The demo rules cannot do what the prompt asks. True for every row.
        case unsupported
        /// We stopped the call ourselves.
        case stopped
    }

    /// What to do about it.
    package enum Recovery: Hashable, Sendable {
        /// It may work later: wait, then ask again, a bounded number of times.
        case retry
        /// The model may do better when it is told what was wrong: ask again with that, a bounded number of times.
        case correct
        /// Ask again at once without a schema, which the server refused: once a row.
        case askPlainly
        /// This cell fails; the others are not concerned.
        case failCell
        /// No other row would fare better until a person has done something: the run pauses with the reason.
        case pauseRun
        /// No other row would ever fare better: the run ends with the reason.
        case endRun
    }

    package var kind: Kind
    /// What happened, and what to do next. At most `messageCharacters`; never holds a key.
    package var message: String
    /// How long the provider asked us to wait.
    package var retryAfter: Duration?
    /// What the call cost all the same, as far as known.
    package var usage: RunUsage
    /// The whole answer that did not fit, when there was one.
    package var wrong: WrongAnswer?
    /// Answers before it that did not fit either, the oldest first.
    package var earlier: [WrongAnswer] = []

    /// A reason is shown in a cell: longer ones are cut, with "...".
    package static let messageCharacters = 300

    package init(_ kind: Kind, _ message: String, retryAfter: Duration? = nil, usage: RunUsage = RunUsage()) {
        self.kind = kind
        self.message = Self.bounded(message)
        self.retryAfter = retryAfter
        self.usage = usage
    }

    package var recovery: Recovery {
        switch kind {
        case .rateLimited, .serverFailed, .timedOut, .unreachable, .lost, .cut: .retry
        // Without an answer there is nothing to tell the model: rules fail so.
        case .empty, .wrongType, .notAChoice, .schemaViolated: wrong == nil ? .failCell : .correct
        case .schemaRefused: .askPlainly
        case .tooLong, .garbage, .filtered, .rejected, .stopped: .failCell
        case .refused: .pauseRun
        case .unsupported: .endRun
        }
    }

    /// Whether the provider has said what the call cost, or cannot have read it: not when the connection ended first, from its side or ours.
    var isCostKnown: Bool { ![.lost, .stopped].contains(kind) }

    package var description: String { message }

    /// The text on one line, cut to `messageCharacters`.
    package static func bounded(_ text: some StringProtocol, to most: Int = messageCharacters) -> String {
        var output = ""
        var count = 0
        for character in text {
            if count == most { return output + "..." }
            output.append(character.isNewline || character == "\t" ? " " : character)
            count += 1
        }
        return output
    }
}
