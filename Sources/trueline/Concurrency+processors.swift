import Dispatch
import Foundation
import Trace

extension Concurrency {
    /// As many threads as the machine has processors.
    static let processors = Concurrency(width: ProcessInfo.processInfo.activeProcessorCount) { count, work in
        DispatchQueue.concurrentPerform(iterations: count) { work($0) }
    }
}
