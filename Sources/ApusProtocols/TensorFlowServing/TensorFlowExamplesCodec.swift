import ApusWire

/// TensorFlow Serving's `:classify` and `:regress`: examples of features in, scored labels or values out
/// (TensorFlow Serving, RESTful API, "Classify and Regress API"). A feature is an input of the model.
///
/// What is answered comes from the model's outputs: of `classify` the first that has a floating-point score for
/// each of several classes, with the labels that the graph has for them and else "" (as the API says); of `regress`
/// the first that has one number for each row.
package final class TensorFlowExamplesCodec: InferenceCodec {
    package enum Kind: Sendable { case classify, regress }

    private let kind: Kind
    private let schema: ModelSchema
    private let parser: JSONParser
    private let records: PredictCodec
    private let nonfinite: NonfinitePolicy
    /// The place of the output that is answered with; nil when the model has none that is fit.
    private let output: Int?
    /// `["label",` of each class.
    private let labels: [[UInt8]]

    /// - Parameter bodyByteLimit: the longest body that is ever decoded.
    package init(
        _ kind: Kind, schema: ModelSchema, nonfinite: NonfinitePolicy = .token, bodyByteLimit: Int = 64 << 20
    ) {
        self.kind = kind
        self.schema = schema
        self.nonfinite = nonfinite
        parser = JSONParser(byteLimit: bodyByteLimit)
        records = PredictCodec(schema: schema, nonfinite: nonfinite, bodyByteLimit: bodyByteLimit)
        records.tensors.takesBase64 = true
        output = schema.hasRows ? schema.outputs.firstIndex { kind.isMet(by: $0) } : nil
        let classes = output.flatMap { schema.outputs[$0].labels }
        labels = (0..<(classes?.count ?? 0)).map { Array("[\(quoted(classes?.text($0) ?? "")),".utf8) }
    }

    package func decode(
        _ body: UnsafeRawBufferPointer, headerByteCount: Int?, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        request.begin(schema)
        guard let output else {
            throw .malformed("model '\(schema.name)' cannot \(kind.verb): it has no output that is \(kind.wanted)")
        }
        let fields = try TensorFlowFields(try parser.parse(body))
        let common = try fields.context.map { (context) throws(InferenceError) in
            try records.commonFeatures(context, of: "context", request)
        }
        guard let examples = fields.examples, examples.kind == .array, examples.elementCount > 0 else {
            throw .malformed("'examples' is not there or is no list of examples; at least one is expected")
        }
        request.form = .list
        var number = 0
        for example in examples.elements {
            try records.decodeRecord(example, number: number, common: common, inputs: inputs, request: request)
            number += 1
        }
        request.recordCount = number
        try records.finish(request)
        for index in schema.outputs.indices where index != output { request.wantedOutputs[index] = false }
    }

    package func encode(
        _ request: InferenceRequest, outputs: UnsafeBufferPointer<TensorView>, rows: Range<Int>?,
        into response: ResponseBuffer
    ) throws(InferenceError) {
        guard let output else { preconditionFailure("such a request is not decoded") }
        response.contentType = .json
        response.inferenceHeaderByteCount = nil
        let part = try schema.part(outputs, output, rows: rows)
        guard part.shape.rank > 0, part.shape[0] == request.recordCount else {
            throw .runFailed(
                model: schema.name,
                reason: "output '\(schema.outputs[output].name)' has shape \(part.shape) for "
                    + "\(request.recordCount) examples")
        }
        let writer = ListWriter(name: schema.outputs[output].name, nonfinite: nonfinite)
        response.append("{\"results\":[")
        let each = part.elements.count / request.recordCount
        for row in 0..<request.recordCount {
            if row > 0 { response.append(UInt8(ascii: ",")) }
            let start = part.elements.lowerBound + row * each
            switch kind {
            case .regress: try writer.write(part, start..<start + each, into: response)
            case .classify: try writeClasses(part, start..<start + each, writer, into: response)
            }
        }
        response.append("]}")
    }

    private func writeClasses(
        _ part: TensorRows, _ elements: Range<Int>, _ writer: ListWriter, into response: ResponseBuffer
    ) throws(InferenceError) {
        response.append(UInt8(ascii: "["))
        for (position, element) in elements.enumerated() {
            if position > 0 { response.append(UInt8(ascii: ",")) }
            if position < labels.count {
                response.append(labels[position])
            } else {
                response.append("[\"\",")
            }
            try writer.write(part, element..<element + 1, into: response)
            response.append(UInt8(ascii: "]"))
        }
        response.append(UInt8(ascii: "]"))
    }

    package func shrink() {
        parser.shrink()
        records.shrink()
    }
}

extension TensorFlowExamplesCodec.Kind {
    fileprivate var verb: String {
        switch self {
        case .classify: "classify"
        case .regress: "regress"
        }
    }

    fileprivate var wanted: String {
        switch self {
        case .classify: "a list of scores for each row"
        case .regress: "one number for each row"
        }
    }

    /// Whether this is an output to answer with.
    fileprivate func isMet(by output: TensorSpec) -> Bool {
        switch self {
        case .classify:
            output.elementType.isFloatingPoint && output.shape.count == 2 && output.shape[1] != 1
        case .regress:
            output.elementType != .string && output.elementType != .bool
                && (output.shape.count == 1 || output.shape.count == 2 && output.shape[1] == 1)
        }
    }
}
