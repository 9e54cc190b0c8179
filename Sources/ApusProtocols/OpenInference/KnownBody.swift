import ApusWire
import CSimdJSON
import Glibc

/// The text around the data of the last request of a client that sends the same again, and what it says.
///
/// A client that asks one model again and again sends bodies that differ in their data alone. What stands around the
/// lists of data is compared as bytes, so that just the lists are read. Numbers and plain ASCII texts are; for
/// everything else, and for every fault, there is the parser.
///
/// Why the text around is enough: a body is kept after it was decoded without a fault, with data for every input.
/// With no backslash around the lists, a key is the text that it is, and there are as many keys "data" as inputs: so
/// they are the inputs', in their order. Another body with the same text around lists of as many elements is the same
/// JSON value but for these.
struct KnownBody {
    private static let textByteLimit = 2048
    private static let inputLimit = 64
    /// Lists between are quicker read by the parser, which finds the ends of all numbers in one pass; of longer ones what
    /// it notes does not fit a processor's cache.
    private static let shortListLimit = 64
    private static let longListStart = 1 << 16
    /// So many bodies in a row that were not like the one kept are kept in its place.
    private static let missLimit = 4
    /// After that, just each of so many bodies is.
    private static let pause = 64

    /// One list of data.
    private struct List {
        /// Where the text before it ends in `text`, with its bracket.
        var textEnd: Int
        var input: Int
        var count: Int
        var shape: Shape
    }

    /// All that stands around the lists.
    private var text: [UInt8] = []
    private var lists: [List] = []
    private var outputs: [OutputRequest] = []
    private var timeoutMicroseconds: UInt64 = 0
    private var priority: UInt64 = 0
    /// How many bodies in a row were not like the one kept.
    private var missed = 0

    // MARK: Reading

    /// Reads a body that is like the one kept.
    /// - Parameters:
    ///   - body: has `APUS_JSON_PADDING` readable bytes behind it.
    ///   - request: just begun; it is filled.
    /// - Returns: false, and nothing is changed, when it is not like that one.
    mutating func read(
        _ body: UnsafeRawBufferPointer, into inputs: [TensorBuffer], _ request: InferenceRequest
    ) -> Bool {
        guard !lists.isEmpty, readLists(body, inputs) else { return false }
        missed = 0
        for list in lists {
            request.inputShapes[list.input] = list.shape
            request.seenInputs[list.input] = true
        }
        request.timeoutMicroseconds = timeoutMicroseconds
        request.priority = priority
        for output in outputs { request.want(output) }
        return true
    }

    private func readLists(_ body: UnsafeRawBufferPointer, _ inputs: [TensorBuffer]) -> Bool {
        var position = 0
        var textStart = 0
        for index in lists.indices {
            let list = lists[index]
            guard isText(textStart..<list.textEnd, in: body, at: position),
                let end = read(list, body, position + list.textEnd - textStart, inputs[list.input])
            else {
                for read in lists[..<index] { inputs[read.input].truncate(to: inputs[read.input].count - read.count) }
                return false
            }
            position = end
            textStart = list.textEnd
        }
        if body.count - position == text.count - textStart, isText(textStart..<text.count, in: body, at: position) {
            return true
        }
        for read in lists { inputs[read.input].truncate(to: inputs[read.input].count - read.count) }
        return false
    }

    private func isText(_ range: Range<Int>, in body: UnsafeRawBufferPointer, at position: Int) -> Bool {
        guard let base = body.baseAddress, body.count - position >= range.count else { return false }
        return text.withUnsafeBytes { memcmp($0.baseAddress! + range.lowerBound, base + position, range.count) == 0 }
    }

    /// - Returns: the place of the list's closing bracket; nil, and nothing is appended, when it cannot be read here.
    private func read(
        _ list: List, _ body: UnsafeRawBufferPointer, _ start: Int, _ buffer: TensorBuffer
    ) -> Int? {
        let present = buffer.count
        guard buffer.elementType != .string else {
            if let end = readTexts(list.count, body, start, buffer) { return end }
            buffer.truncate(to: present)
            return nil
        }
        let memory = buffer.extend(elements: list.count)
        let text = body.baseAddress!.assumingMemoryBound(to: UInt8.self)
        let end = apus_json_fill_numbers(text, body.count, start, buffer.elementType.rawValue, list.count, memory)
        if end < 0 { buffer.truncate(to: present) }
        return end < 0 ? nil : end
    }

    private func readTexts(
        _ count: Int, _ body: UnsafeRawBufferPointer, _ start: Int, _ buffer: TensorBuffer
    ) -> Int? {
        var position = start
        for index in 0..<count {
            Self.skipSpace(body, &position)
            guard let range = Self.plainText(in: body, at: position) else { return nil }
            buffer.append(string: UnsafeRawBufferPointer(rebasing: body[range]))
            position = range.upperBound + 1
            Self.skipSpace(body, &position)
            let separator = index + 1 < count ? UInt8(ascii: ",") : UInt8(ascii: "]")
            guard position < body.count, body[position] == separator else { return nil }
            position += 1
        }
        return position - 1
    }

    // MARK: Keeping

    /// Keeps what stands around the data of a body that `request` was decoded from without a fault.
    mutating func keep(_ body: UnsafeRawBufferPointer, _ request: InferenceRequest, _ schema: ModelSchema) {
        missed += 1
        guard missed <= Self.missLimit || missed % Self.pause == 0 else { return }
        if !keepLists(body, request, schema) { lists.removeAll(keepingCapacity: true) }
        outputs.removeAll(keepingCapacity: true)
        outputs.append(contentsOf: request.outputs)
        timeoutMicroseconds = request.timeoutMicroseconds
        priority = request.priority
    }

    private mutating func keepLists(
        _ body: UnsafeRawBufferPointer, _ request: InferenceRequest, _ schema: ModelSchema
    ) -> Bool {
        text.removeAll(keepingCapacity: true)
        lists.removeAll(keepingCapacity: true)
        let order = request.givenInputs
        guard request.id.isEmpty, order.count == schema.inputs.count, order.count <= Self.inputLimit else { return false }
        var position = 0
        for input in order {
            let shape = request.inputShapes[input]
            guard let count = shape.elementCount, count > 0,
                count <= Self.shortListLimit || count >= Self.longListStart,
                let start = Self.listStart(in: body, from: position), keepText(body, position..<start),
                let end = Self.listEnd(in: body, from: start, isText: schema.inputs[input].elementType == .string)
            else { return false }
            lists.append(List(textEnd: text.count, input: input, count: count, shape: shape))
            position = end
        }
        return Self.dataKey(in: body, from: position, limit: body.count) == nil && keepText(body, position..<body.count)
    }

    /// - Returns: false when it is too long, or has a backslash.
    private mutating func keepText(_ body: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        guard text.count + range.count <= Self.textByteLimit, !body[range].contains(UInt8(ascii: "\\")) else { return false }
        text.append(contentsOf: body[range])
        return true
    }

    /// Behind the `[` of the next `"data":[`.
    private static func listStart(in body: UnsafeRawBufferPointer, from start: Int) -> Int? {
        let limit = min(body.count, start + textByteLimit)
        guard var position = dataKey(in: body, from: start, limit: limit) else { return nil }
        skipSpace(body, &position)
        return position < body.count && body[position] == UInt8(ascii: "[") ? position + 1 : nil
    }

    /// The place of the bracket that closes a list of elements that begins at `start`; nil for a nested one.
    private static func listEnd(in body: UnsafeRawBufferPointer, from start: Int, isText: Bool) -> Int? {
        guard isText else {
            guard let end = place(of: "]", in: body, start..<body.count), place(of: "[", in: body, start..<end) == nil
            else { return nil }
            return end
        }
        var position = start
        while true {
            skipSpace(body, &position)
            guard let range = plainText(in: body, at: position) else { return nil }
            position = range.upperBound + 1
            skipSpace(body, &position)
            guard position < body.count else { return nil }
            if body[position] == UInt8(ascii: "]") { return position }
            position += 1
        }
    }

    // MARK: Searching

    /// Behind the colon of the next `"data":` that begins before `limit`.
    private static func dataKey(in text: UnsafeRawBufferPointer, from start: Int, limit: Int) -> Int? {
        let key = UnsafeRawBufferPointer("\"data\"")
        var position = start
        while let quote = place(of: "\"", in: text, position..<limit) {
            position = quote + 1
            guard quote + key.count <= text.count else { return nil }
            guard text[quote..<quote + key.count].elementsEqual(key) else { continue }
            position = quote + key.count
            skipSpace(text, &position)
            if position < text.count, text[position] == UInt8(ascii: ":") { return position + 1 }
        }
        return nil
    }

    /// The bytes of the string whose quote is at `position`: nil when it has an escape or bytes beyond ASCII.
    @inline(__always)
    private static func plainText(in body: UnsafeRawBufferPointer, at position: Int) -> Range<Int>? {
        guard position < body.count, body[position] == UInt8(ascii: "\"") else { return nil }
        var end = position + 1
        while end < body.count, body[end] != UInt8(ascii: "\"") {
            guard (0x20..<0x80).contains(body[end]), body[end] != UInt8(ascii: "\\") else { return nil }
            end += 1
        }
        return end < body.count ? position + 1..<end : nil
    }

    private static func place(of byte: Unicode.Scalar, in text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        guard let base = text.baseAddress, !range.isEmpty,
            let found = memchr(base + range.lowerBound, CInt(byte.value), range.count)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    @inline(__always)
    private static func skipSpace(_ text: UnsafeRawBufferPointer, _ position: inout Int) {
        while position < text.count, isSpace(text[position]) { position += 1 }
    }

    @inline(__always)
    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\t")
    }
}
