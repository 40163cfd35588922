import GridModel

/// Units that a sentence names and a sheet does not: a number is compared as it stands, and that is said.
enum PlanUnits {
    private static let known: Set<String> = [
        "m", "km", "cm", "mm", "ft", "feet", "foot", "mi", "mile", "miles", "metre", "metres", "meter", "meters", "kilometres",
        "kilometers", "yards", "kg", "g", "lb", "lbs", "tons", "tonnes", "l", "litres", "liters", "s", "seconds", "minutes",
        "hours", "days", "weeks", "months", "years", "eur", "usd", "gbp", "euro", "euros", "dollars", "pounds", "%", "percent",
        "\u{B0}c", "\u{B0}f", "mb", "gb", "tb",
    ]

    /// One note for each number of a condition after which the sentence names a unit that the column's name does not.
    static func notes(on plan: Plan, _ sentence: String, _ columns: [Column]) -> [String] {
        let words = sentence.split { $0.isWhitespace }.map { word in
            String(word.drop { "([,;".contains($0) }).lowercased()
        }
        var notes: [String] = []
        for step in plan.steps {
            guard case .filter(let filter, _) = step, let value = filter.values.first, value.kind == .number,
                let column = columns.first(where: { $0.id == filter.column })
            else { continue }
            for (place, word) in words.enumerated() {
                let next = place + 1 < words.count ? words[place + 1] : ""
                guard let number = PlanNumber(trimmed(word)), number.json == value.json else { continue }
                let unit = number.unit.isEmpty ? trimmed(next) : number.unit
                guard known.contains(unit),
                    !column.name.lowercased().split(whereSeparator: { !$0.isLetter }).contains(unit[...])
                else { continue }
                let note =
                    "\u{201C}\(column.name)\u{201D} does not say its unit: \(value.json) \(unit) is compared as \(value.json)."
                if !notes.contains(note) { notes.append(note) }
            }
        }
        return notes
    }

    private static func trimmed(_ word: String) -> String {
        var word = word[...]
        while let last = word.last, ".,;:!?)]".contains(last) { word.removeLast() }
        return String(word)
    }
}
