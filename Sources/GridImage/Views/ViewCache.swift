package import GridModel
import Ordering
import Synchronization

/// Views kept between reads, shared by an image and its copies.
final class ViewCache: Sendable {}

extension GridImage {
    package func rows(of sheet: SheetID, view: ViewDefinition) -> RowList { RowList(order: state(sheet)?.order ?? RowOrder()) }
}
