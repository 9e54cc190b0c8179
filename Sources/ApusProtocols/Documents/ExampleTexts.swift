import ApusModel
import ApusWire

/// The example requests of a model, as JSON text: of a request that came with it, or of the row that its self-test
/// ran.
package struct ExampleTexts {
    /// A model that takes more elements than this in one row gets no example: the document stays readable.
    static let elementLimit = 4096
    /// An input with more elements than this has whole numbers only, which are shorter.
    static let fractionLimit = 64

    struct Tensor {
        let spec: TensorSpec
        let shape: [Int]
        /// JSON of each element, row-major. NaN is null, as in every protocol.
        var elements: [String]
        /// The bytes of each element of a tensor of strings; none for numbers.
        var texts: [[UInt8]]

        /// There is no infinity.
        var isJSON: Bool { !spec.elementType.isFloatingPoint || !elements.contains { $0 == "inf" || $0 == "-inf" } }
    }

    let schema: ModelSchema
    private(set) var tensors: [Tensor]

    /// The made-up row.
    /// - Returns: nil when it would be too long to show.
    package init?(_ schema: ModelSchema) {
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
                let isWide = (view.shape.elementCount ?? 0) > Self.fractionLimit
                return Tensor(
                    spec: spec, shape: view.shape.array, elements: Self.elements(view, isWhole: isWide),
                    texts: Self.texts(view))
            }
        }
        .fitted(to: schema.features)
    }

    /// The first row of a request that came with the model.
    /// - Returns: nil when the model does not take it, or its row is too long to show.
    package init?(_ schema: ModelSchema, _ file: ExampleFile, _ body: [UInt8]) {
        let codec = file.codec(schema, byteCount: body.count)
        let request = InferenceRequest()
        let buffers = schema.inputs.map { TensorBuffer($0.elementType) }
        guard (try? codec.decode(example: body, inputs: buffers, request: request, nil)) != nil else { return nil }
        let shapes = request.inputShapes.map { schema.hasRows && schema.fixedRowCount == nil ? $0.cutToRow : $0 }
        guard shapes.reduce(0, { $0 + ($1.elementCount ?? 0) }) <= Self.elementLimit else { return nil }
        self.schema = schema
        tensors = schema.inputs.indices.map { index in
            let shape = shapes[index]
            return buffers[index].ends.withUnsafeBufferPointer { ends in
                let view = TensorView(
                    elementType: buffers[index].elementType, shape: shape, bytes: buffers[index].bytes, ends: ends)
                return Tensor(
                    spec: schema.inputs[index], shape: shape.array, elements: Self.elements(view, isWhole: false),
                    texts: Self.texts(view))
            }
        }
        guard tensors.allSatisfy(\.isJSON) else { return nil }
    }

    /// The same with the features that are binary in base64, for protocols that have no bytes.
    var inBase64: ExampleTexts {
        var texts = self
        for feature in schema.features where feature.isBase64 {
            for place in tensors[feature.input].places(of: feature) {
                texts.tensors[feature.input].elements[place] = quoted(Base64.text(tensors[feature.input].texts[place]))
            }
        }
        return texts
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
    var predict: [String] { inBase64.plainPredict }

    private var plainPredict: [String] {
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

    /// By column where the columns of the only input have names.
    func record(_ index: Int) -> String {
        let columns = columns
        guard columns.isEmpty else {
            let values = tensors[0].elements[index * columns.count..<(index + 1) * columns.count]
            return "{\(zip(columns, values).map { "\(quoted($0.name)):\($1)" }.joined(separator: ","))}"
        }
        return "{\(tensors.map { "\(quoted($0.spec.name)):\(Self.value($0, row: index))" }.joined(separator: ","))}"
    }

    /// The columns of the only input, where a row of the example has one value for each; else none.
    var columns: [FeatureSpec] {
        let columns = schema.columns(ofInput: 0)
        guard tensors.count == 1, tensors[0].shape.count == 2, tensors[0].shape[1] == columns.count else { return [] }
        return columns
    }

    /// The only row, as a list of values: of the columns when the model has one input.
    var row: String {
        if tensors.count == 1, tensors[0].shape.count > 1 { return Self.list(tensors[0], from: 1) }
        return "[\(tensors.map { Self.value($0, row: 0) }.joined(separator: ","))]"
    }

    // MARK: Values

    private static func value(_ tensor: Tensor, row: Int) -> String {
        let count = tensor.elements.count / tensor.shape[0]
        if count == 1, tensor.spec.isOneValue(from: 1) { return tensor.elements[row] }
        return nested(tensor.elements[row * count..<(row + 1) * count], tensor.shape.dropFirst())
    }

    static func list(_ tensor: Tensor, from first: Int) -> String {
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

    private static func texts(_ view: TensorView) -> [[UInt8]] {
        guard view.elementType == .string else { return [] }
        return (0..<(view.shape.elementCount ?? 0)).map { Array(view.string($0)) }
    }

    private static func elements(_ view: TensorView, isWhole: Bool) -> [String] {
        (0..<(view.shape.elementCount ?? 0)).map { index in
            func at<T: BitwiseCopyable>(_: T.Type) -> T {
                view.bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self)
            }
            func fraction(_ value: some BinaryFloatingPoint & CustomStringConvertible) -> String {
                value.isNaN ? "null" : isWhole ? "\(Int(value))" : value.description
            }
            switch view.elementType {
            case .bool: return at(UInt8.self) == 0 ? "false" : "true"
            case .uint8: return "\(at(UInt8.self))"
            case .uint16: return "\(at(UInt16.self))"
            case .uint32: return "\(at(UInt32.self))"
            case .uint64: return "\(at(UInt64.self))"
            case .int8: return "\(at(Int8.self))"
            case .int16: return "\(at(Int16.self))"
            case .int32: return "\(at(Int32.self))"
            case .int64: return "\(at(Int64.self))"
            case .float16: return fraction(Float(Float16(bitPattern: at(UInt16.self))))
            case .bfloat16: return fraction(Float(bitPattern: UInt32(at(UInt16.self)) << 16))
            case .float32: return fraction(at(Float.self))
            case .float64: return fraction(at(Double.self))
            case .string: return quoted(String(decoding: view.string(index), as: UTF8.self))
            }
        }
    }
}

extension Shape {
    /// With one row at most.
    fileprivate var cutToRow: Shape {
        var shape = self
        if rank > 0, self[0] > 1 { shape[0] = 1 }
        return shape
    }
}

extension ExampleFile {
    /// What reads it.
    package func codec(_ schema: ModelSchema, byteCount: Int) -> any InferenceCodec {
        switch self {
        case .own: PredictCodec(schema: schema, bodyByteLimit: byteCount)
        case .serving: MLflowCodec(schema: schema, bodyByteLimit: byteCount)
        }
    }
}
