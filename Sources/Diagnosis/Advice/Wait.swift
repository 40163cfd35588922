/// How long a guard made things wait, in nanoseconds. What a trace says of its times may be anything: sums and differences stop at the ends.
struct Wait {
    private(set) var total: Int64 = 0

    /// Nothing when `until` is not after `from`.
    mutating func add(from: Int64, until: Int64) {
        guard until > from else { return }
        let (difference, isFar) = until.subtractingReportingOverflow(from)
        let (sum, isLong) = total.addingReportingOverflow(isFar ? .max : difference)
        total = isLong ? .max : sum
    }

    /// One wait.
    static func between(_ from: Int64, _ until: Int64) -> Int64 {
        var wait = Wait()
        wait.add(from: from, until: until)
        return wait.total
    }
}
