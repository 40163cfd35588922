/// Finds a value in another row of the sheet: what the demo rules' look-up needs.
package protocol LookupTables: Sendable {
    /// The text of `result` in the first row whose text in `key` is `value`; `nil` when there is none.
    /// Throws `rejected` when a column is not there.
    func text(of result: String, where key: String, is value: String) throws(ModelFailure) -> String?
}
