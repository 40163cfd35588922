// A regular expression without backtracking: Thompson's construction, run by Pike's machine (Russ Cox, "Regular Expression
// Matching: the Virtual Machine Approach", 2009). Time is at most instructions times characters, whatever the pattern: a person
// or a page cannot make it hang. The standard library's Regex backtracks, and is not used on people's patterns for that reason.

/// Finds the first match of a pattern: its first group when it has one, else the whole.
///
/// Syntax: literals, `.`, `[a-z]`, `[^x]`, `\d \w \s` and their opposites, `\b`, `^`, `$`, `(...)`, `(?:...)`, `|`, `* + ?`
/// and `{m,n}`, each also lazy.
struct TextPattern: Sendable {
    /// Instructions of a pattern, its repetitions written out.
    static let instructionLimit = 500
    /// Characters of a text that are looked at.
    static let textLimit = 16_384
    /// How deep groups may nest.
    static let depthLimit = 32

    indirect enum Instruction: Sendable {
        case character(CharacterSet)
        /// Goes on at both, the first one preferred.
        case split(Int, Int)
        case jump(Int)
        case save(Int)
        case start
        case end
        case wordBoundary
        case match
    }

    private let program: [Instruction]

    /// Reads "email", "domain", "url", "number", "year", "date", or "/a pattern/", also with an "i" after it.
    init(described text: String) throws(ModelFailure) {
        switch text.lowercased() {
        case "email", "e-mail": try self.init(#"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"#)
        case "domain": try self.init(#"(?:@|://|^)(?:www\.)?([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"#)
        case "url": try self.init(#"https?://[^\s"<>]+"#)
        case "number": try self.init(#"-?\d+(?:\.\d+)?"#)
        case "year": try self.init(#"\b(?:1[5-9]|20)\d\d\b"#)
        case "date": try self.init(#"\d{4}-\d\d-\d\d"#)
        default:
            let ignoresCase = text.hasSuffix("/i")
            guard text.hasPrefix("/"), text.hasSuffix("/") || ignoresCase, text.count > (ignoresCase ? 3 : 2) else {
                throw DemoRule.unsupported("extract \"\(text)\": it is no pattern between slashes, nor a word the rules know")
            }
            try self.init(String(text.dropFirst().dropLast(ignoresCase ? 2 : 1)), ignoresCase: ignoresCase)
        }
    }

    init(_ pattern: String, ignoresCase: Bool = false) throws(ModelFailure) {
        var reader = TextPatternReader(pattern, ignoresCase: ignoresCase)
        program = try reader.program()
    }

    /// The first match, leftmost, with the preferences of its quantifiers. O(pattern * text).
    func firstMatch(in text: String) throws(ModelFailure) -> String? {
        let scalars = Array(text.unicodeScalars.prefix(Self.textLimit))
        var machine = Machine(program: program, text: scalars)
        guard let found = machine.run() else { return nil }
        var output = ""
        output.unicodeScalars.append(contentsOf: scalars[found])
        return output
    }

    /// A set of characters.
    struct CharacterSet: Sendable {
        var ranges: [ClosedRange<UInt32>]
        var isNegated = false
        var ignoresCase = false

        func contains(_ scalar: Unicode.Scalar) -> Bool {
            let value = scalar.value
            var isIn = ranges.contains { $0.contains(value) }
            if !isIn, ignoresCase, scalar.isASCII, scalar.properties.isAlphabetic {
                isIn = ranges.contains { $0.contains(value ^ 0x20) }
            }
            return isIn != isNegated
        }
    }

    /// Runs all ways through the program side by side.
    private struct Machine {
        /// The whole match from 0 to 1, the first group from 2 to 3.
        typealias Slots = SIMD4<Int32>

        let program: [Instruction]
        let text: [Unicode.Scalar]
        var threads: [(pc: Int, slots: Slots)] = []
        var next: [(pc: Int, slots: Slots)] = []
        /// The step at which an instruction was last entered.
        var entered: [Int]

        init(program: [Instruction], text: [Unicode.Scalar]) {
            self.program = program
            self.text = text
            entered = Array(repeating: -1, count: program.count)
        }

        mutating func run() -> Range<Int>? {
            var found: Slots?
            for position in 0...text.count {
                // A new way begins at each place, the least preferred, until something is found.
                if found == nil { enter(0, Slots(repeating: -1), position) }
                if threads.isEmpty, found != nil { break }
                let current = threads
                threads = []
                for thread in current {
                    if case .match = program[thread.pc] {
                        found = thread.slots
                        break  // what follows is less preferred
                    }
                    if position < text.count, case .character(let set) = program[thread.pc], set.contains(text[position]) {
                        next.append((thread.pc + 1, thread.slots))
                    }
                }
                let following = next
                next = []
                for thread in following { enter(thread.pc, thread.slots, position + 1) }
            }
            guard let found else { return nil }
            let isGroup = found[2] >= 0 && found[3] >= found[2]
            return isGroup ? Int(found[2])..<Int(found[3]) : Int(found[0])..<Int(found[1])
        }

        /// Follows what takes no character. The recursion is no deeper than the program is long.
        private mutating func enter(_ pc: Int, _ slots: Slots, _ position: Int) {
            guard entered[pc] != position else { return }
            entered[pc] = position
            switch program[pc] {
            case .character, .match: threads.append((pc, slots))
            case .jump(let target): enter(target, slots, position)
            case .split(let first, let second):
                enter(first, slots, position)
                enter(second, slots, position)
            case .save(let slot):
                var slots = slots
                slots[slot] = Int32(position)
                enter(pc + 1, slots, position)
            case .start: if position == 0 { enter(pc + 1, slots, position) }
            case .end: if position == text.count { enter(pc + 1, slots, position) }
            case .wordBoundary: if isWord(position - 1) != isWord(position) { enter(pc + 1, slots, position) }
            }
        }

        private func isWord(_ position: Int) -> Bool {
            guard text.indices.contains(position) else { return false }
            return TextPatternReader.word.contains(text[position])
        }
    }
}
