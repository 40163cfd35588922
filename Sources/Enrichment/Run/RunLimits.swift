/// The bounds of a run (S8), each with its reason.
package struct RunLimits: Hashable, Sendable {
    /// The most calls that anyone may ask to have in flight at once.
    package static let mostConcurrentCalls = 64

    /// Calls in flight at once.
    package var concurrentCalls = 4
    /// Calls for one question before its cell fails.
    package var attempts = 5
    /// How often an answer that does not fit is sent back with the reason: who is wrong three times stays wrong.
    package var corrections = 2
    /// How often a cell whose inputs keep changing is asked about, before it fails.
    package var questions = 5
    /// Rows waiting to be asked again; at the bound no new row begins, because the provider is not well.
    package var waiting = 64
    /// Answers and marks handed to the grid and not yet committed; at the bound no new call begins.
    package var submissions = 512
    /// Time for one call, from the request to the whole answer.
    package var callTime = Duration.seconds(120)
    /// The first wait before asking again; doubled each time, up to `longestWait`.
    package var firstWait = Duration.milliseconds(500)
    package var longestWait = Duration.seconds(30)
    /// A provider that asks for a longer wait ends the run, with that as the reason.
    package var longestHonoredWait = Duration.seconds(600)
    /// Calls that fail one after the other for passing reasons, over all rows, before the run ends: the provider is away.
    package var outage = 40
    /// Rows that are rejected one after the other in the same words, before the run pauses: it is not the rows.
    package var sameRejections = 3
    /// Prompts that are rejected one after the other, with nothing answered yet, before the run ends: it is not the rows.
    package var rejections = 5
    /// Tokens of one answer.
    package var answerTokens = 256
    /// Tokens of an answer that is a document.
    package var documentTokens = 1_024
    /// Bytes of one answer: the most that a cell takes.
    package var answerBytes = 262_144

    package init() {}
}
