/// The `{{Column name}}` references of a prompt.
enum PromptReferences {
    /// The names referred to, in order, with what white space around them removed.
    static func names(in prompt: String) -> [String] {
        var names: [String] = []
        forEach(in: prompt) { names.append(String($0)) }
        return names
    }

    /// The prompt with each reference to `old` made one to `new`.
    static func renaming(_ old: String, to new: String, in prompt: String) -> String {
        var output = ""
        var copied = prompt.startIndex
        forEach(in: prompt) { name in
            guard name == old else { return }
            output += prompt[copied..<name.startIndex]
            output += new
            copied = name.endIndex
        }
        return output + prompt[copied...]
    }

    private static func forEach(in prompt: String, _ body: (Substring) -> Void) {
        var rest = prompt[...]
        while let open = firstPair("{", in: rest) {
            let inner = rest[rest.index(open, offsetBy: 2)...]
            guard let close = firstPair("}", in: inner) else { return }
            var name = inner[..<close]
            while name.first?.isWhitespace == true { name.removeFirst() }
            while name.last?.isWhitespace == true { name.removeLast() }
            if !name.isEmpty { body(name) }
            rest = inner[inner.index(close, offsetBy: 2)...]
        }
    }

    /// Where a character first stands twice in a row.
    private static func firstPair(_ character: Character, in text: Substring) -> Substring.Index? {
        var index = text.startIndex
        while let found = text[index...].firstIndex(of: character) {
            let next = text.index(after: found)
            guard next < text.endIndex else { return nil }
            if text[next] == character { return found }
            index = next
        }
        return nil
    }
}
