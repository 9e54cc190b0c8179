import ApusWire
import CSimdJSON

/// Moves the leaves of JSON values into tensor buffers, without loss or not at all.
final class JSONTensorReader {
    private let dimensions = UnsafeMutablePointer<Int>.allocate(capacity: Shape.rankLimit)
    private var texts = UnsafeMutablePointer<apus_json_text>.allocate(capacity: JSONTensorReader.restingTextCount)
    /// How many there is room for.
    private(set) var textCapacity = JSONTensorReader.restingTextCount
    private static let restingTextCount = 16
    /// Room for more texts is given back (16 bytes each).
    private static let keptTextCount = 1 << 18
    /// Whether a string may also be given as `{"b64":"…"}`. Then one that stands plainly is no base64.
    var takesBase64 = false

    deinit {
        dimensions.deallocate()
        texts.deallocate()
    }

    /// Appends the leaves of the array `value`, which is flat or nested exactly as `shape`.
    ///
    /// - Parameters:
    ///   - count: `shape`'s number of elements.
    ///   - forms: how the elements are written; nil for as their type has it.
    /// - Throws: `sizeMismatch`, `unrepresentable`, or `malformed` for a ragged or wrongly nested array.
    func append(
        _ value: JSONValue, shape: Shape, count: Int, _ forms: TensorForms? = nil, to buffer: TensorBuffer,
        input: @autoclosure () -> String
    ) throws(InferenceError) {
        // A leaf takes a word at least: nothing is allocated for a shape that the text cannot fill.
        guard count <= apus_json_word_count(value.document, value.index) else {
            let found = leafCount(value)
            throw .sizeMismatch(input: input(), found: found, wanted: count, unit: "elements")
        }
        if let forms, forms.hasBase64, !takesBase64 {
            var leaves = LeafReader(self, buffer, shape: shape, forms, input: input())
            return try leaves.read(value)
        }
        for index in 0..<shape.rank { dimensions[index] = shape[index] }
        let before = buffer.count
        let result = fill(value, rank: shape.rank, count: count, buffer)
        guard result.status == APUS_FILL_OK else {
            // What was not written to is whatever the memory held: nobody may take it for values.
            buffer.truncate(to: before)
            let isBase64 = takesBase64 && buffer.elementType == .string && result.found == APUS_FOUND_OBJECT
            if isBase64 || result.status == APUS_FILL_BAD_LEAF {
                var leaves = LeafReader(self, buffer, shape: shape, forms, input: input())
                return try leaves.read(value)
            }
            throw fault(result, shape: shape, count: count, input: input())
        }
    }

    /// Appends one leaf, or leaves its place unread.
    /// - Throws: `unrepresentable`, or `malformed` for a `b64` that is not base64.
    func append(
        leaf value: JSONValue, _ form: ValueForm = ValueForm(), to buffer: TensorBuffer,
        input: @autoclosure () -> String
    ) throws(InferenceError) {
        let place = buffer.count
        do throws(InferenceError) {
            try read(leaf: value, form, into: buffer, input: input())
        } catch {
            buffer.leaveUnread(at: place)
            throw error
        }
    }

    /// What is appended when this throws means nothing.
    private func read(
        leaf value: JSONValue, _ form: ValueForm, into buffer: TensorBuffer, input: @autoclosure () -> String
    ) throws(InferenceError) {
        let type = buffer.elementType
        if form.isBool, let truth = value.bool, buffer.append(.bool(truth)) { return }
        let result: apus_fill
        if type == .string, takesBase64 {
            return try append(base64Leaf: value, to: buffer, input: input())
        } else if form.isBase64, let text = value.string {
            return try buffer.append(base64: text, input: input())
        } else if type == .string {
            result = apus_json_fill_one(value.document, value.index, type.rawValue, texts)
            if result.status == APUS_FILL_OK { appendTexts(1, to: buffer) }
        } else {
            result = apus_json_fill_one(value.document, value.index, type.rawValue, buffer.extend(elements: 1))
        }
        guard result.status == APUS_FILL_OK else {
            let found = JSONTensorReader.text(result.found, for: type)
            throw .unrepresentable(input: input(), found: found, wanted: JSONTensorReader.wanted(type))
        }
    }

    private func fill(_ value: JSONValue, rank: Int, count: Int, _ buffer: TensorBuffer) -> apus_fill {
        let type = buffer.elementType
        if type == .string {
            reserveTexts(count)
            let result = apus_json_fill(
                value.document, value.index, type.rawValue, dimensions, rank, count, texts)
            if result.status == APUS_FILL_OK { appendTexts(count, to: buffer) }
            return result
        }
        return apus_json_fill(
            value.document, value.index, type.rawValue, dimensions, rank, count, buffer.extend(elements: count))
    }

    private func appendTexts(_ count: Int, to buffer: TensorBuffer) {
        for index in 0..<count {
            buffer.append(string: UnsafeRawBufferPointer(start: texts[index].base, count: texts[index].count))
        }
    }

    private func reserveTexts(_ count: Int) {
        guard count > textCapacity else { return }
        texts.deallocate()
        textCapacity = max(count, 2 * textCapacity)
        texts = .allocate(capacity: textCapacity)
    }

    /// Gives back the memory that a list of very many texts took.
    func shrink() {
        guard textCapacity > Self.keptTextCount else { return }
        texts.deallocate()
        textCapacity = Self.restingTextCount
        texts = .allocate(capacity: textCapacity)
    }

    private func leafCount(_ value: JSONValue) -> Int {
        var count = 0
        for element in value.elements { count += element.kind == .array ? leafCount(element) : 1 }
        return count
    }

    private func fault(_ result: apus_fill, shape: Shape, count: Int, input: String) -> InferenceError {
        result.status == APUS_FILL_BAD_COUNT
            ? .sizeMismatch(input: input, found: result.position, wanted: count, unit: "elements")
            : Self.nesting(shape, level: result.position, input)
    }

    static func nesting(_ shape: Shape, level: Int, _ input: String) -> InferenceError {
        .malformed(
            "data of input '\(input)' is not nested as its shape \(shape) says: "
                + "a list of \(shape[level]) is expected at level \(level + 1)")
    }

    /// What was found where a leaf of that type did not fit.
    static func text(_ found: apus_found, for type: ElementType) -> String {
        switch found {
        case APUS_FOUND_NULL: "null"
        case APUS_FOUND_BOOL: "true or false"
        case APUS_FOUND_INTEGER: type == .string ? "an integer" : "an integer out of range"
        case APUS_FOUND_FRACTION:
            switch type {
            case .string: "a number"
            case .float16, .bfloat16, .float32, .float64: "a number out of range"
            default: "a number with a fraction or out of range"
            }
        case APUS_FOUND_NONFINITE: "a number that is not finite"
        case APUS_FOUND_STRING: "a string"
        case APUS_FOUND_ARRAY: "a list"
        default: "an object"
        }
    }

    /// What a leaf of that type may be, as sentences for the client call it.
    static func wanted(_ type: ElementType) -> String {
        switch type {
        case .bool: "true, false, 0 or 1 (BOOL)"
        case .uint8: "an integer from 0 to 255 (UINT8)"
        case .uint16: "an integer from 0 to 65535 (UINT16)"
        case .uint32: "an integer from 0 to 4294967295 (UINT32)"
        case .uint64: "an integer from 0 to 18446744073709551615 (UINT64)"
        case .int8: "an integer from -128 to 127 (INT8)"
        case .int16: "an integer from -32768 to 32767 (INT16)"
        case .int32: "an integer from -2147483648 to 2147483647 (INT32)"
        case .int64: "an integer of 64 bits (INT64)"
        case .float16, .bfloat16, .float32, .float64: "a number (\(type.datatype))"
        case .string: "a string (BYTES)"
        }
    }
}
