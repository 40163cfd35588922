// {"sentence":"keep only airports in Japan","view":"v1"|{...},"answers":[{"question":"Which?","answer":"elevation","said":"height"}]}

/// What a person says they want of a sheet.
package struct WordsRequest: Hashable, Sendable {
    /// What was asked back, and what the person answered.
    package struct Answer: Hashable, Sendable {
        package var question: String
        package var answer: String
        /// The words that the answer says the column of.
        package var said: String?
    }

    package var sentence: String
    /// What is seen now.
    package var view: PagesQuery.View?
    package var answers: [Answer]

    package init(wire bytes: [UInt8]) throws(WireError) {
        self = try WireReader.read(bytes) { (reader) throws(WireError) in
            var sentence: String?
            var view: PagesQuery.View?
            var answers: [Answer] = []
            try reader.object { (member, reader) throws(WireError) in
                switch member {
                case "sentence": sentence = try reader.string()
                case "view": view = try PagesQuery.View(&reader)
                case "answers": answers = try reader.list { (reader) throws(WireError) in try Answer(&reader) }
                default: throw reader.unknownMember()
                }
            }
            guard let sentence else { throw reader.missing("sentence") }
            return WordsRequest(sentence: sentence, view: view, answers: answers)
        }
    }

    private init(sentence: String, view: PagesQuery.View?, answers: [Answer]) {
        self.sentence = sentence
        self.view = view
        self.answers = answers
    }
}

extension WordsRequest.Answer {
    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        var question: String?
        var answer: String?
        var said: String?
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "question": question = try reader.string()
            case "answer": answer = try reader.string()
            case "said": said = try reader.takeNull() ? nil : try reader.string()
            default: throw reader.unknownMember()
            }
        }
        guard let question else { throw reader.missing("question") }
        guard let answer else { throw reader.missing("answer") }
        self.init(question: question, answer: answer, said: said)
    }
}
