package import GridModel

/// What a sentence comes to, for one sheet: steps that people can read, change and accept. Nothing of it happens before.
package struct Plan: Hashable, Sendable {
    /// One step.
    package enum Step: Hashable, Sendable {
        /// A condition of the view. A kept one was there before the sentence.
        case filter(Filter, isKept: Bool)
        case sort(SortCriterion, isKept: Bool)
        case addColumn(name: String, type: ColumnType)
        /// An agent's prompt; nothing runs until somebody starts it.
        case fillColumn(Target, prompt: String)
    }

    /// Which column a step fills.
    package enum Target: Hashable, Sendable {
        case existing(ColumnID)
        /// One that this plan adds, by its name.
        case added(String)
    }

    package var steps: [Step]
    package var match: ViewDefinition.Match

    package init(steps: [Step], match: ViewDefinition.Match = .all) {
        self.steps = steps
        self.match = match
    }

    /// The view that its conditions and sort levels make.
    package var view: ViewDefinition {
        var view = ViewDefinition(match: match)
        for step in steps {
            switch step {
            case .filter(let filter, _): view.filter.append(filter)
            case .sort(let criterion, _): view.sort.append(criterion)
            case .addColumn, .fillColumn: break
            }
        }
        return view
    }

    private var filtersRows: Bool {
        steps.contains { if case .filter = $0 { true } else { false } }
    }

    private var sortsRows: Bool {
        steps.contains { if case .sort = $0 { true } else { false } }
    }

    /// True when accepting it changes which rows are seen, or their order.
    package var changesView: Bool { filtersRows || sortsRows }

    /// The plan over what is seen now. Conditions stay beside new ones on other columns, when all of them have to hold; those on the
    /// same column are replaced. A new order replaces the old one. What stays is a step too, so that it can be read and removed.
    package func over(_ current: ViewDefinition) -> Plan {
        guard changesView else { return self }
        let named = Set(view.filter.map(\.column))
        let canStay = !filtersRows || (match == .all && (current.match == .all || current.filter.count < 2))
        let kept = canStay ? current.filter.filter { !named.contains($0.column) } : []
        let order = sortsRows ? [] : current.sort
        let whole = kept.map { Step.filter($0, isKept: true) } + order.map { Step.sort($0, isKept: true) } + steps
        return Plan(steps: whole, match: filtersRows ? match : current.match)
    }
}
