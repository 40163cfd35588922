/// Which steps can be the last to write a place, so that something of them is there in the end.
///
/// Reversals are bounded: of two hundred responses that write one place only those that few others came after can be its last. What comes before
/// them is in no order within the bound of any consequence, and need not be put into other orders.
struct LastWriters {
    /// By step: for each place that it writes, the conflicting steps recorded later that write it too: to be last, it has to come after all of
    /// them. `nil` for a step that somebody may look at before it is overwritten. A place that is written again by what needs the step is left out.
    private let laterWriters: [[StepSet]?]

    init(_ problem: OrderProblem, _ walk: OrderWalk) {
        var writers = Array(repeating: StepSet(), count: problem.places.count)
        for step in problem.steps.indices { for place in walk.touched[step] { writers[place].insert(step) } }
        laterWriters = problem.steps.indices.map { step in
            guard problem.steps[step].action != .asked, problem.steps[step].reads.isEmpty,
                walk.touched[step].allSatisfy({ walk.isForgettable[$0] })
            else { return nil }
            return walk.touched[step].compactMap { place in
                guard writers[place].intersection(problem.successors[step]).isEmpty else { return nil }
                return writers[place].intersection(problem.conflicts[step]).subtracting(StepSet(count: step))
            }
        }
    }

    /// What a step leaves at the places that it writes, in every order from here with at most `spare` further reversals.
    enum Remains {
        /// Something, in some order.
        case some
        /// Nothing, in any order: what needs the step writes the places again.
        case nothing
        /// Nothing within the bound.
        case nothingWithinBound
    }

    func remains(of step: Int, _ done: StepSet, spare: Int) -> Remains {
        guard let later = laterWriters[step] else { return .some }
        if later.isEmpty { return .nothing }
        return later.allSatisfy { $0.subtracting(done).count > spare } ? .nothingWithinBound : .some
    }
}
