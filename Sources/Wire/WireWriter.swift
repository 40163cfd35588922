package import GridModel
package import Ordering

/// Appends JSON to a byte buffer. The caller writes in order; members and elements are separated here.
package struct WireWriter {
    package private(set) var bytes: [UInt8]
    private var needsComma = false

    package init(capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    package static func write(capacity: Int = 256, _ body: (inout WireWriter) -> Void) -> [UInt8] {
        var writer = WireWriter(capacity: capacity)
        body(&writer)
        return writer.bytes
    }

    package mutating func object(_ body: (inout WireWriter) -> Void) {
        open(UInt8(ascii: "{"))
        body(&self)
        close(UInt8(ascii: "}"))
    }

    package mutating func array(_ body: (inout WireWriter) -> Void) {
        open(UInt8(ascii: "["))
        body(&self)
        close(UInt8(ascii: "]"))
    }

    /// Writes the name of the next member; exactly one value follows.
    package mutating func name(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func name(text: String) {
        string(text)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func member(_ name: StaticString, _ text: String) {
        self.name(name)
        string(text)
    }

    package mutating func member(_ name: StaticString, _ number: Int) {
        self.name(name)
        self.number(number)
    }

    package mutating func member(_ name: StaticString, _ flag: Bool) {
        self.name(name)
        boolean(flag)
    }

    package mutating func member(_ name: StaticString, _ revision: Revision) {
        self.name(name)
        number(revision.rawValue)
    }

    package mutating func objectMember(_ name: StaticString, _ body: (inout WireWriter) -> Void) {
        self.name(name)
        object(body)
    }

    package mutating func arrayMember(_ name: StaticString, _ body: (inout WireWriter) -> Void) {
        self.name(name)
        array(body)
    }

    /// The value of a cell; `null` for the empty cell.
    package mutating func member(_ name: StaticString, cell: CellValue?) {
        self.name(name)
        if let cell { json(cell.json.utf8) } else { null() }
    }

    package mutating func string(_ text: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        if text.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
            var escaped = ""
            JSONText.escape(text, into: &escaped)
            bytes.append(contentsOf: escaped.utf8)
        } else {
            bytes.append(contentsOf: text.utf8)
        }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    package mutating func number(_ number: some BinaryInteger) {
        separate()
        bytes.append(contentsOf: String(number).utf8)
        needsComma = true
    }

    package mutating func boolean(_ flag: Bool) {
        separate()
        bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        needsComma = true
    }

    package mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
        needsComma = true
    }

    /// A value that is JSON already and has been checked.
    package mutating func json(_ checked: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: checked)
        needsComma = true
    }

    /// An identifier in quotes: nothing in it needs an escape.
    package mutating func identifier(_ id: some NumberedIdentifier) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        append(id)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// The name of a member that is an identifier.
    package mutating func name(_ id: some NumberedIdentifier) {
        identifier(id)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func append<ID: NumberedIdentifier>(_ id: ID) {
        bytes.append(contentsOf: ID.prefix.utf8)
        appendDecimal(id.rawValue, to: &bytes)
    }

    private mutating func open(_ byte: UInt8) {
        separate()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }
}

/// Appends the decimal digits without making a string.
func appendDecimal(_ number: UInt32, to bytes: inout [UInt8]) {
    var divisor: UInt32 = 1
    while number / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
        bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
        divisor /= 10
    }
}
