import ApusWire

/// A request without JSON: the whole body is the model's one input (Triton, "Binary Tensor Data Extension",
/// "Raw Binary Request").
extension OpenInferenceCodec {
    func decodeRawBinary(
        _ body: UnsafeRawBufferPointer, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        guard let spec = schema.inputs.first, schema.inputs.count == 1 else {
            throw .malformed(
                "Raw request must only have 1 input to be deduced but got \(schema.inputs.count) inputs in "
                    + "'\(schema.name)' model configuration")
        }
        request.seenInputs[0] = true
        if spec.elementType == .string {
            // The body is the one string itself, without the length that stands before strings elsewhere.
            request.inputShapes[0] = try rawShape(spec, elementCount: 1)
            inputs[0].append(string: body)
        } else {
            let size = spec.elementType.byteCount ?? 1
            let shape = try rawShape(spec, elementCount: body.count / size)
            request.inputShapes[0] = shape
            guard let count = shape.elementCount else {
                throw .malformed("the shape of the raw input '\(spec.name)' exceeds \(Int.max) elements")
            }
            try inputs[0].append(binary: body, count: count, input: spec.name)
        }
        for index in schema.outputs.indices { request.want(OutputRequest(index: index, isBinary: true)) }
    }

    /// The model's shape with one row, and the one dimension that may be of any size as long as the body makes it.
    private func rawShape(_ spec: TensorSpec, elementCount: Int) throws(InferenceError) -> Shape {
        var shape = Shape()
        var free: Int?
        var known = 1
        for (index, size) in spec.shape.enumerated() {
            let isRows = schema.isBatchable && index == 0
            if size == nil && !isRows {
                guard free == nil else {
                    throw .malformed(
                        "The shape of the raw input '\(spec.name)' can not be deduced because there are more "
                            + "than one variable-sized dimension")
                }
                free = index
            }
            shape.append(size ?? 1)
            known *= size ?? 1
        }
        if spec.elementType == .string {
            guard free == nil, known == 1 else {
                throw .malformed(
                    "For BYTE datatype raw input '\(spec.name)', the model must have input shape [1]")
            }
        } else if let free, known > 0 {
            shape[free] = elementCount / known
        }
        return shape
    }
}
