import GridModel

/// The text a person is shown of a cell's JSON, as UTF-8, without making a `String` where that can be spared.
enum DisplayText {
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    /// Calls `body` with the displayed bytes of a cell that is not empty.
    @inline(__always)
    static func with<Value>(_ json: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        guard json.count >= 2, json[0] == quote else { return body(json) }
        let content = UnsafeRawBufferPointer(rebasing: json[1..<json.count - 1])
        guard content.contains(backslash) else { return body(content) }
        return unescaped(content).withUnsafeBytes(body)
    }

    private static func unescaped(_ content: UnsafeRawBufferPointer) -> [UInt8] {
        Array(JSONText.unescape(String(decoding: content, as: UTF8.self)).utf8)
    }

    /// Puts the displayed bytes in lower case into `output`: by Unicode's default mapping, the same in every place and language.
    @inline(__always)
    static func fold(_ json: UnsafeRawBufferPointer, into output: inout [UInt8]) {
        output.removeAll(keepingCapacity: true)
        with(json) { text in
            for byte in text {
                guard byte < 0x80 else {
                    output = Array(String(decoding: text, as: UTF8.self).lowercased().utf8)
                    return
                }
                output.append(lowered(byte))
            }
        }
    }

    @inline(__always)
    static func lowered(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    /// Below 0 when `a` sorts before `b`.
    @inline(__always)
    static func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        let shared = min(a.count, b.count)
        for index in 0..<shared where a[index] != b[index] { return a[index] < b[index] ? -1 : 1 }
        return a.count - b.count
    }

    @inline(__always)
    static func compare(_ a: [UInt8], _ b: [UInt8]) -> Int {
        a.withUnsafeBytes { a in b.withUnsafeBytes { compare(a, $0) } }
    }

    /// Whether `needle`, which is not empty, occurs.
    @inline(__always)
    static func contains(_ text: [UInt8], _ needle: [UInt8]) -> Bool {
        guard let first = needle.first else { return true }
        guard text.count >= needle.count else { return false }
        return text.withUnsafeBufferPointer { text in
            needle.withUnsafeBufferPointer { needle in
                for start in 0...(text.count - needle.count) where text[start] == first {
                    var at = 1
                    while at < needle.count, text[start + at] == needle[at] { at += 1 }
                    if at == needle.count { return true }
                }
                return false
            }
        }
    }
}
