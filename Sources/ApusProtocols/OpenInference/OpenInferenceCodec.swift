import ApusWire

/// What an answer has where a number is NaN or infinite, which RFC 8259 cannot write.
package enum NonfinitePolicy: Equatable, Sendable {
    /// `null`, which every client reads; numpy and pandas make NaN of it.
    case null
    /// `NaN`, `Infinity`, `-Infinity`, as TensorFlow Serving and Triton write them.
    case token
    /// An error in place of the answer.
    case error
}

/// The Open Inference Protocol's `infer` with Triton's extensions: binary tensor data, raw binary request,
/// classification, schedule policy, parameters.
///
/// One per model version and thread; it reuses its memory from request to request.
package final class OpenInferenceCodec: InferenceCodec {
    let schema: ModelSchema
    let nonfinite: NonfinitePolicy
    let inputNames: NameTable
    let outputNames: NameTable
    let parser: JSONParser
    let tensors = JSONTensorReader()
    private var known = KnownBody()
    /// `{"model_name":…,"model_version":…`
    let head: [UInt8]
    /// `{"name":…,"datatype":…,"shape":[` for each output.
    let outputHeads: [[UInt8]]
    /// The same for an output that is answered by classes, which are BYTES.
    let classOutputHeads: [[UInt8]]
    /// The class texts of one output each, while an answer is written.
    let classTexts: [ClassTexts]

    /// - Parameter bodyByteLimit: the longest body that is ever decoded.
    package init(schema: ModelSchema, nonfinite: NonfinitePolicy = .null, bodyByteLimit: Int = 64 << 20) {
        self.schema = schema
        self.nonfinite = nonfinite
        inputNames = NameTable(schema.inputs.map(\.name))
        outputNames = NameTable(schema.outputs.map(\.name))
        parser = JSONParser(byteLimit: bodyByteLimit)
        head = Array("{\"model_name\":\(quoted(schema.name)),\"model_version\":\"\(schema.version)\"".utf8)
        outputHeads = schema.outputs.map { OpenInferenceCodec.head($0.name, $0.elementType) }
        classOutputHeads = schema.outputs.map { OpenInferenceCodec.head($0.name, .string) }
        classTexts = schema.outputs.map { _ in ClassTexts() }
    }

    private static func head(_ name: String, _ type: ElementType) -> [UInt8] {
        Array("{\"name\":\(quoted(name)),\"datatype\":\"\(type.datatype)\",\"shape\":[".utf8)
    }

    package func decode(
        _ body: UnsafeRawBufferPointer, headerByteCount: Int?, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        request.begin(schema)
        if headerByteCount == nil, known.read(body, into: inputs, request) {
            return try request.countRows(schema)
        }
        if headerByteCount == 0 {
            try decodeRawBinary(body, inputs: inputs, request: request)
        } else {
            let end = headerByteCount ?? body.count
            guard end >= 0, end <= body.count else {
                throw .malformed("inference header size should be in range (0, \(body.count)), got: \(end)")
            }
            let header = UnsafeRawBufferPointer(rebasing: body[..<end])
            var tail = BinaryTail(
                UnsafeRawBufferPointer(rebasing: body[end...]), isDeclared: headerByteCount != nil,
                model: schema.name)
            try decodeObject(try parser.parse(header), tail: &tail, inputs: inputs, request: request)
            if request.problems.isEmpty { try tail.finish() }
        }
        try request.fillMissing(schema, inputs: inputs)
        try request.countRows(schema)
        if headerByteCount == nil { known.keep(body, request, schema) }
    }

    package func shrink() {
        parser.shrink()
        tensors.shrink()
    }
}
