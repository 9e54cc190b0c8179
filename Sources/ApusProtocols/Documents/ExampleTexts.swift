import ApusModel
import ApusWire

/// The example requests of a model, as JSON text: the row that its self-test ran.
struct ExampleTexts {
    /// A model that takes more elements than this in one row gets no example: the document stays readable.
    static let elementLimit = 4096
    /// An input with more elements than this has whole numbers only, which are shorter.
    static let fractionLimit = 64

    private struct Tensor {
        let spec: TensorSpec
        let shape: [Int]
        /// JSON of each element, row-major.
        let elements: [String]
    }

    private let schema: ModelSchema
    private let tensors: [Tensor]

    /// - Returns: nil when the example would be too long to show.
    init?(_ schema: ModelSchema) {
        let shapes = schema.inputs.map { spec in spec.shape.map { $0 ?? 1 } }
        var count = 0
        for shape in shapes {
            guard let more = Shape(shape).elementCount, more <= Self.elementLimit else { return nil }
            count += more
        }
        guard count <= Self.elementLimit else { return nil }
        self.schema = schema
        tensors = ExampleInput(schema.inputs, rowCount: 1).withViews { views in
            zip(schema.inputs, views).map { spec, view in
                Tensor(spec: spec, shape: view.shape.array, elements: Self.elements(view))
            }
        }
    }

    // MARK: V2

    /// The body of an infer request; nil when an input cannot be sent as JSON.
    var infer: String? {
        let isBinaryOnly = tensors.contains { $0.spec.elementType == .float16 || $0.spec.elementType == .bfloat16 }
        guard !isBinaryOnly else { return nil }
        let inputs = tensors.map { tensor in
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            return "{\"name\":\(quoted(tensor.spec.name)),\"shape\":[\(shape)],"
                + "\"datatype\":\"\(tensor.spec.elementType.datatype)\","
                + "\"data\":[\(tensor.elements.joined(separator: ","))]}"
        }
        return "{\"inputs\":[\(inputs.joined(separator: ","))]}"
    }

    // MARK: /predict

    /// Bodies in the friendly form, the plainest first.
    var predict: [String] {
        guard tensors.allSatisfy({ !$0.elements.isEmpty }) else { return [] }
        guard schema.hasRows else {
            return ["{\(tensors.map { "\(quoted($0.spec.name)):\(Self.list($0, from: 0))" }.joined(separator: ","))}"]
        }
        let rowCount = tensors[0].shape[0]
        let records = (0..<rowCount).map(record)
        if rowCount != 1 { return ["[\(records.joined(separator: ","))]"] }
        var bodies = [records[0]]
        let isSmall = tensors.reduce(0) { $0 + $1.elements.count } <= Self.fractionLimit
        guard isSmall else { return bodies }
        if schema.isBatchable {
            bodies.append("[\(records[0]),\(records[0])]")
        } else {
            bodies.append("[\(records[0])]")  // whether it takes two rows is not known
        }
        if !schema.inputs.contains(where: { $0.name == "data" }) { bodies.append("{\"data\":[\(row)]}") }
        return bodies
    }

    private func record(_ index: Int) -> String {
        "{\(tensors.map { "\(quoted($0.spec.name)):\(Self.value($0, row: index))" }.joined(separator: ","))}"
    }

    /// The only row, as a list of values: of the columns when the model has one input.
    private var row: String {
        if tensors.count == 1, tensors[0].shape.count > 1 { return Self.list(tensors[0], from: 1) }
        return "[\(tensors.map { Self.value($0, row: 0) }.joined(separator: ","))]"
    }

    // MARK: Values

    private static func value(_ tensor: Tensor, row: Int) -> String {
        if tensor.spec.isOneValue(from: 1) { return tensor.elements[row] }
        let count = tensor.elements.count / tensor.shape[0]
        return nested(tensor.elements[row * count..<(row + 1) * count], tensor.shape.dropFirst())
    }

    private static func list(_ tensor: Tensor, from first: Int) -> String {
        nested(tensor.elements[...], tensor.shape.dropFirst(first))
    }

    private static func nested(_ elements: ArraySlice<String>, _ shape: ArraySlice<Int>) -> String {
        guard let count = shape.first else { return elements.first ?? "null" }
        if shape.count == 1 { return "[\(elements.joined(separator: ","))]" }
        let each = elements.count / count
        let parts = (0..<count).map { index in
            let start = elements.startIndex + index * each
            return nested(elements[start..<start + each], shape.dropFirst())
        }
        return "[\(parts.joined(separator: ","))]"
    }

    private static func elements(_ view: TensorView) -> [String] {
        let count = view.shape.elementCount ?? 0
        return (0..<count).map { index in
            func at<T: BitwiseCopyable>(_: T.Type) -> T {
                view.bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self)
            }
            func fraction(_ value: Double) -> String { count > fractionLimit ? "\(Int(value))" : "\(value)" }
            switch view.elementType {
            case .bool: return at(UInt8.self) == 0 ? "false" : "true"
            case .uint8, .int8: return "\(at(Int8.self))"
            case .uint16, .int16: return "\(at(Int16.self))"
            case .uint32, .int32: return "\(at(Int32.self))"
            case .uint64, .int64: return "\(at(Int64.self))"
            case .float16: return fraction(Double(Float16(bitPattern: at(UInt16.self))))
            case .bfloat16: return fraction(Double(Float(bitPattern: UInt32(at(UInt16.self)) << 16)))
            case .float32: return fraction(Double(at(Float.self)))
            case .float64: return fraction(at(Double.self))
            case .string: return quoted(String(decoding: view.string(index), as: UTF8.self))
            }
        }
    }
}
