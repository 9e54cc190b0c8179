/// Writes the fields of a control message: integers little-endian, texts and lists behind a 32-bit count.
package struct ControlWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func write(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

    package mutating func write(_ text: String) { write(Array(text.utf8)) }

    package mutating func write(_ block: [UInt8]) {
        write(UInt32(block.count))
        bytes.append(contentsOf: block)
    }

    package mutating func write<Element>(
        _ list: [Element], each: (inout ControlWriter, Element) -> Void
    ) {
        write(UInt32(list.count))
        for element in list { each(&self, element) }
    }
}

/// Why the bytes of a control message are not one. The peer is a process of ours, so it is broken.
package enum ControlError: Error, Equatable, CustomStringConvertible {
    case truncated
    case trailing(byteCount: Int)
    case unknownKind(UInt8)
    case badValue(String)
    case tooLarge(byteCount: Int, limit: Int)

    package var description: String {
        switch self {
        case .truncated: "a control message ends inside a field"
        case .trailing(let byteCount): "a control message has \(byteCount) bytes too many"
        case .unknownKind(let kind): "a control message has the unknown kind \(kind)"
        case .badValue(let field): "a control message has no valid \(field)"
        case .tooLarge(let byteCount, let limit):
            "a control message announces \(byteCount) bytes; the limit is \(limit)"
        }
    }
}

/// Reads the fields that `ControlWriter` wrote, in the same order. Every count is checked first.
package struct ControlReader {
    private var rest: ArraySlice<UInt8>

    package init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    package mutating func read<T: FixedWidthInteger>(
        _: T.Type = T.self
    ) throws(ControlError) -> T {
        var value = T.zero
        for (index, byte) in try take(T.bitWidth / 8).enumerated() {
            value |= T(truncatingIfNeeded: byte) << T(index * 8)
        }
        return value
    }

    package mutating func readBool() throws(ControlError) -> Bool { try read(UInt8.self) != 0 }

    package mutating func readBytes() throws(ControlError) -> [UInt8] {
        Array(try take(Int(read(UInt32.self))))
    }

    package mutating func readString() throws(ControlError) -> String {
        String(decoding: try take(Int(read(UInt32.self))), as: UTF8.self)
    }

    package mutating func readList<Element>(
        _ each: (inout ControlReader) throws(ControlError) -> Element
    ) throws(ControlError) -> [Element] {
        let count = Int(try read(UInt32.self))
        guard count <= rest.count else { throw .truncated }  // an element has one byte at least
        var list: [Element] = []
        for _ in 0..<count { list.append(try each(&self)) }
        return list
    }

    /// - Throws: `trailing` when something is left.
    package func finish() throws(ControlError) {
        guard rest.isEmpty else { throw .trailing(byteCount: rest.count) }
    }

    private mutating func take(_ count: Int) throws(ControlError) -> ArraySlice<UInt8> {
        guard count <= rest.count else { throw .truncated }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
