import Synchronization

/// Reads the pieces of a text side by side and adds what became of them to a whole in their order, so that the whole is the same
/// however many threads there are and whichever is first.
///
/// Each worker takes the next piece and reads it; then, unless another does, it adds whatever pieces are next in order. Nobody waits.
package final class OrderedPieces<Piece: Sendable, Whole: Sendable>: Sendable {
    private struct State {
        var next = 0
        var added = 0
        /// Pieces that were read and wait for those before them.
        var read: [Piece?]
        var whole: Whole
        /// A worker adds to it, and holds it alone: what is in `whole` meanwhile is empty.
        var isTaken = false
        /// To be used again, with their memory.
        var spares: [Piece] = []
    }

    private let state: Mutex<State>
    private let count: Int

    private init(_ whole: Whole, count: Int) {
        state = Mutex(State(read: Array(repeating: nil, count: count), whole: whole))
        self.count = count
    }

    /// - Parameters:
    ///   - whole: what the pieces are added to.
    ///   - empty: any value, to stand in for it.
    ///   - make: a piece without content; `read` gets new ones and ones that were added already.
    ///   - read: reads the piece of this number.
    ///   - add: adds the piece of this number to the whole.
    package static func run(
        _ count: Int, _ concurrency: Concurrency, whole: inout Whole, empty: Whole, make: @Sendable () -> Piece,
        read: @Sendable (Int, inout Piece) -> Void, add: @Sendable (Int, Piece, inout Whole) -> Void
    ) {
        let pieces = OrderedPieces(empty, count: count)
        pieces.state.withLock { swap(&$0.whole, &whole) }
        concurrency.perform(min(concurrency.width, count)) { _ in
            while let (number, spare) = pieces.take() {
                var piece = spare ?? make()
                read(number, &piece)
                pieces.keep(piece, number, empty, add)
            }
        }
        pieces.state.withLock { swap(&$0.whole, &whole) }
    }

    private func take() -> (number: Int, spare: Piece?)? {
        state.withLock { state in
            guard state.next < count else { return nil }
            state.next += 1
            return (state.next - 1, state.spares.popLast())
        }
    }

    private func keep(_ piece: Piece, _ number: Int, _ empty: Whole, _ add: @Sendable (Int, Piece, inout Whole) -> Void) {
        state.withLock { $0.read[number] = piece }
        var whole = empty
        while let (number, piece) = takeNext(&whole) {
            add(number, piece, &whole)
            state.withLock { state in
                swap(&state.whole, &whole)
                state.isTaken = false
                state.added = number + 1
                state.spares.append(piece)
            }
        }
    }

    /// The next piece in order, when it is there and nobody adds another; the whole is the caller's until it is given back.
    private func takeNext(_ whole: inout Whole) -> (number: Int, piece: Piece)? {
        state.withLock { state in
            guard !state.isTaken, state.added < count, let piece = state.read[state.added] else { return nil }
            state.read[state.added] = nil
            state.isTaken = true
            swap(&state.whole, &whole)
            return (state.added, piece)
        }
    }
}
