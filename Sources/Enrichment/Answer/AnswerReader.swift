package import GridModel

/// Turns a model's whole answer into a cell's value, by the column's type. Strict: what does not fit is a failure with the
/// raw text in its reason, never a coerced value.
package enum AnswerReader {
    /// Reads an answer.
    package static func value(of answer: String, type: AnswerType) throws(ModelFailure) -> CellValue {
        let text = unwrapped(withoutThoughts(answer[...]))
        guard !text.isEmpty else { throw ModelFailure(.empty, "the model answered nothing") }
        switch type {
        case .text: return try bounded(CellValue(text: unquoted(text)), text)
        case .number: return try number(unquoted(text))
        case .boolean: return try boolean(unquoted(text))
        case .date: return try date(unquoted(text))
        case .oneOf(let choices): return try choice(of: choices, unquoted(text))
        case .json: return try json(text)
        case .schema(let schema):
            let value = try json(text)
            guard let violation = schema.violation(of: value.json) else { return value }
            throw ModelFailure(.schemaViolated, "not as the schema says: \(violation): \(raw(text))")
        }
    }

    /// The document in an answer: without thoughts before it, and without the code fence around it.
    static func document(in answer: String) -> Substring { unwrapped(withoutThoughts(answer[...])) }

    /// The value's text out of the document that was asked for; the answer itself where the model wrote none.
    package static func value(inDocument answer: String, type: AnswerType) -> String {
        let isJSON =
            switch type {
            case .json, .schema: true
            case .text, .number, .boolean, .date, .oneOf: false
            }
        let text = unwrapped(withoutThoughts(answer[...]))
        var value: String?
        var scanner = JSONScanner(Array(text.utf8))
        do throws(JSONScanner.Failure) {
            var isOther = false
            try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
                isOther = isOther || name != "value"
                let isText = !isJSON && scanner.peek() == UInt8(ascii: "\"")
                value = isText ? try scanner.string() : String(decoding: try scanner.skipValue(), as: UTF8.self)
                if !isText, value == "null" { value = "" }
            }
            try scanner.end()
            return isOther ? answer : value ?? answer
        } catch {
            return answer
        }
    }

    /// A choice as it is written, or, where only one is meant, in other capitals or with a period.
    private static func choice(of choices: [String], _ text: Substring) throws(ModelFailure) -> CellValue {
        var found = choices.first { $0 == text }
        if found == nil {
            let word = (text.last == "." ? text.dropLast() : text).lowercased()
            let alike = choices.filter { $0.lowercased() == word }
            found = alike.count == 1 ? alike.first : nil
        }
        guard let found, let value = CellValue(text: found) else {
            throw ModelFailure(.notAChoice, "not one of \(listed(choices)): \(raw(text))")
        }
        return value
    }

    private static func listed(_ choices: [String]) -> String {
        let shown = choices.prefix(12).map { "\"\($0)\"" }.joined(separator: ", ")
        return ModelFailure.bounded(shown + (choices.count > 12 ? " and \(choices.count - 12) more" : ""), to: 120)
    }

    private static func bounded(_ value: CellValue?, _ text: Substring) throws(ModelFailure) -> CellValue {
        guard let value else { throw ModelFailure(.empty, "the model answered nothing") }
        guard value.json.utf8.count <= Limits.cellBytes else {
            throw ModelFailure(
                .tooLong, "the answer has \(value.json.utf8.count) bytes, and a cell takes at most \(Limits.cellBytes)")
        }
        return value
    }

    private static func number(_ text: Substring) throws(ModelFailure) -> CellValue {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
            (try? JSONScanner.check(bytes[...]))?.count == bytes.count
        else { throw ModelFailure(.wrongType, "not a number: \(raw(text))") }
        return try bounded(CellValue(checkedJSON: String(text)), text)
    }

    private static func boolean(_ text: Substring) throws(ModelFailure) -> CellValue {
        var word = text.lowercased()[...]
        if word.last == "." { word = word.dropLast() }
        switch word {
        case "yes", "true": return .yes
        case "no", "false": return .no
        default: throw ModelFailure(.wrongType, "not yes or no: \(raw(text))")
        }
    }

    private static func date(_ text: Substring) throws(ModelFailure) -> CellValue {
        guard ISODate.isValid(text), let value = CellValue(text: text) else {
            throw ModelFailure(.wrongType, "not a date like 2026-11-22: \(raw(text))")
        }
        return value
    }

    private static func json(_ text: Substring) throws(ModelFailure) -> CellValue {
        let bytes = Array(text.utf8)
        do {
            let checked = try JSONScanner.check(bytes[...])
            let json = String(decoding: checked, as: UTF8.self)
            guard json != "null", json != "\"\"" else { throw ModelFailure(.empty, "the model answered nothing: \(json)") }
            return try bounded(CellValue(checkedJSON: json), text)
        } catch let failure as JSONScanner.Failure {
            throw ModelFailure(.wrongType, "not JSON (\(failure)): \(raw(text))")
        } catch let failure as ModelFailure {
            throw failure
        } catch {
            throw ModelFailure(.wrongType, "not JSON: \(raw(text))")
        }
    }

    private static func raw(_ text: Substring) -> String {
        ModelFailure.bounded(text, to: 200)
    }

    // MARK: Wrappings

    /// The answer after the thoughts that some models write first, between `<think>` and `</think>`.
    private static func withoutThoughts(_ text: Substring) -> Substring {
        let text = trimmed(text)
        guard text.hasPrefix("<think>") else { return text }
        var rest = text.dropFirst("<think>".count)
        while !rest.isEmpty {
            if rest.hasPrefix("</think>") { return trimmed(rest.dropFirst("</think>".count)) }
            rest = rest.dropFirst()
        }
        return rest
    }

    /// The inside of a code fence, when the whole answer is one.
    private static func unwrapped(_ text: Substring) -> Substring {
        guard text.hasPrefix("```"), text.hasSuffix("```"), text.count >= 6 else { return text }
        var inside = text.dropFirst(3).dropLast(3)
        guard !inside.contains("```") else { return text }
        // The first line may name a language.
        if let end = inside.firstIndex(where: { $0.isNewline }) {
            if inside[..<end].allSatisfy({ $0.isLetter || $0.isNumber || $0.isWhitespace }) {
                inside = inside[inside.index(after: end)...]
            }
        }
        return trimmed(inside)
    }

    /// The inside of quotes, when they open and close the whole answer and stand nowhere else in it.
    private static func unquoted(_ text: Substring) -> Substring {
        guard text.count >= 2, let first = text.first, let last = text.last else { return text }
        let pairs: [Character: Character] = ["\"": "\"", "'": "'", "\u{201C}": "\u{201D}", "`": "`"]
        guard pairs[first] == last else { return text }
        let inside = text.dropFirst().dropLast()
        return inside.contains(first) || inside.contains(last) ? text : trimmed(inside)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

/// Dates as ISO 8601 writes them: `2026-11-22`, or with a time, `2026-11-22T05:30`, seconds, fraction, and `Z` or an offset.
enum ISODate {
    static func isValid(_ text: Substring) -> Bool {
        var bytes = Array(text.utf8)[...]
        guard let year = take(4, from: &bytes), skip("-", in: &bytes), let month = take(2, from: &bytes), skip("-", in: &bytes),
            let day = take(2, from: &bytes), (1...12).contains(month), day >= 1, day <= days(in: month, of: year)
        else { return false }
        if bytes.isEmpty { return true }
        guard skip("T", in: &bytes), let hour = take(2, from: &bytes), skip(":", in: &bytes),
            let minute = take(2, from: &bytes),
            hour < 24, minute < 60
        else { return false }
        if skip(":", in: &bytes) {
            guard let second = take(2, from: &bytes), second < 61 else { return false }
            if skip(".", in: &bytes) {
                let digits = bytes.prefix { isDigit($0) }
                guard !digits.isEmpty else { return false }
                bytes = bytes.dropFirst(digits.count)
            }
        }
        if bytes.isEmpty || bytes.elementsEqual("Z".utf8) { return true }
        guard skip("+", in: &bytes) || skip("-", in: &bytes), let hours = take(2, from: &bytes), hours < 24 else {
            return false
        }
        _ = skip(":", in: &bytes)
        guard let minutes = take(2, from: &bytes) else { return false }
        return minutes < 60 && bytes.isEmpty
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func take(_ count: Int, from bytes: inout ArraySlice<UInt8>) -> Int? {
        let digits = bytes.prefix(count)
        guard digits.count == count, digits.allSatisfy(isDigit) else { return nil }
        bytes = bytes.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func skip(_ mark: Unicode.Scalar, in bytes: inout ArraySlice<UInt8>) -> Bool {
        guard bytes.first == UInt8(ascii: mark) else { return false }
        bytes = bytes.dropFirst()
        return true
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
