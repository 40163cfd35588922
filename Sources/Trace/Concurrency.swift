/// How work may run side by side. Whoever makes a reader decides: the pure targets start no threads of their own.
package struct Concurrency: Sendable {
    /// How many pieces of work may run at once.
    package let width: Int
    /// Calls the work with 0 up to the count, in any order, perhaps at the same time, and returns when all calls have.
    package let perform: @Sendable (_ count: Int, _ work: @Sendable (Int) -> Void) -> Void

    package init(width: Int, perform: @escaping @Sendable (_ count: Int, _ work: @Sendable (Int) -> Void) -> Void) {
        self.width = max(1, width)
        self.perform = perform
    }

    /// One after the other.
    package static let none = Concurrency(width: 1) { count, work in
        for index in 0..<count { work(index) }
    }
}
