/// Writes JSON text, for the documents that processes without a JSON library make: status, health, the
/// repository index. Not for tensors.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []
    /// A value has been written at this level, so the next one needs a comma first.
    private var needsComma = false

    package init() {}

    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "{"))
        body(&self)
        close(UInt8(ascii: "}"))
    }

    package mutating func array<Element>(
        _ list: some Sequence<Element>, each: (inout JSONWriter, Element) -> Void
    ) {
        open(UInt8(ascii: "["))
        for element in list { each(&self, element) }
        close(UInt8(ascii: "]"))
    }

    /// Begins a member; its value is the next thing written.
    package mutating func key(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func string(_ text: String) {
        separate()
        bytes.append(quoted: text)
        needsComma = true
    }

    package mutating func number(_ value: some BinaryInteger) { raw(Array(String(value).utf8)) }

    package mutating func bool(_ value: Bool) { raw(Array((value ? "true" : "false").utf8)) }

    package mutating func null() { raw(Array("null".utf8)) }

    /// JSON text that exists already.
    package mutating func raw(_ text: [UInt8]) {
        separate()
        bytes.append(contentsOf: text)
        needsComma = true
    }

    package mutating func member(_ name: String, _ text: String) {
        key(name)
        string(text)
    }

    package mutating func member(_ name: String, _ value: some BinaryInteger) {
        key(name)
        number(value)
    }

    package mutating func member(_ name: String, _ value: Bool) {
        key(name)
        bool(value)
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }
}
