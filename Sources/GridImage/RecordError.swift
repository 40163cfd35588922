package import Ordering

/// Why bytes of the log or of a fold were not understood. The image is unchanged when one is thrown.
package enum RecordError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The record was written by a newer version.
    case version(UInt8)
    /// The record belongs to another revision than the one asked for, or does not follow the image's.
    case outOfOrder(expected: Revision, found: Revision)
    /// The bytes are not what was written: the byte where it shows, and what was expected there.
    case damaged(offset: Int, String)

    package var description: String {
        switch self {
        case .version(let version): "format version \(version) is newer than this program; start the newer one"
        case .outOfOrder(let expected, let found): "expected the record of revision \(expected), found \(found)"
        case .damaged(let offset, let what): "damaged at byte \(offset): \(what)"
        }
    }
}
