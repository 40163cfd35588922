/// What is shown beside a cell's value while a run has it.
package enum ShownState: String, Hashable, Sendable {
    case queued
    case running
}
