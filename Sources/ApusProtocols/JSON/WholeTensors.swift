import ApusWire

/// Reads tensors that come whole, with their rows, and without a shape of their own: that of their lists counts.
/// TensorFlow Serving's `inputs` and MLflow's are such.
///
/// What is wrong is noted in the request, and the rest is read.
struct WholeTensors {
    let schema: ModelSchema
    let tensors: JSONTensorReader
    let names: NameTable
    /// How the values of each input are written.
    let forms: [InputForms]

    /// Reads an object of tensors by the names of the inputs.
    /// - Throws: every problem of the request.
    func read(
        members object: JSONValue, inputs: [TensorBuffer], _ request: InferenceRequest
    ) throws(InferenceError) {
        var position = 0
        for (key, value) in object.members {
            do throws(InferenceError) {
                guard let index = names.index(of: key, hint: position) else {
                    throw .unknownInput(name: shown(key), model: schema.name, wanted: schema.inputs.map(\.name))
                }
                try append(value, index, to: inputs[index], request)
            } catch {
                try request.problems.note(error)
            }
            position += 1
        }
        try finish(inputs, request)
    }

    /// Reads the tensor of a model's only input.
    /// - Throws: every problem of the request.
    func read(only tensor: JSONValue, inputs: [TensorBuffer], _ request: InferenceRequest) throws(InferenceError) {
        do throws(InferenceError) {
            try append(tensor, 0, to: inputs[0], request)
        } catch {
            try request.problems.note(error)
        }
        try finish(inputs, request)
    }

    /// Fills in what may be missing, counts the rows, and wants every output.
    private func finish(_ inputs: [TensorBuffer], _ request: InferenceRequest) throws(InferenceError) {
        try request.fillMissing(schema, inputs: inputs)
        try request.countRows(schema)
        for index in schema.outputs.indices { request.want(OutputRequest(index: index)) }
    }

    /// Appends input `index` and notes its shape.
    ///
    /// Where the model has dimensions of 1 at the end that the lists lack, they are added: `[1, 2]` is a column of
    /// two rows.
    /// - Throws: `shapeMismatch`, or what `JSONTensorReader` throws.
    private func append(
        _ value: JSONValue, _ index: Int, to buffer: TensorBuffer, _ request: InferenceRequest
    ) throws(InferenceError) {
        let spec = schema.inputs[index]
        guard !request.seenInputs[index] else { throw .duplicateInput(name: spec.name) }
        request.seenInputs[index] = true
        guard value.kind == .array else {
            guard spec.shape.isEmpty else {
                throw .unrepresentable(
                    input: spec.name, found: value.kindText, wanted: "a list of shape \(spec.shapeText)")
            }
            let form = forms[index].form(ofElement: 0, width: 1)
            return try tensors.append(leaf: value, form, to: buffer, input: spec.name)
        }
        let lists = shape(of: value)
        let shape = try extended(lists, spec)
        guard let count = shape.elementCount else {
            throw .malformed("input '\(spec.name)' has more elements than \(Int.max)")
        }
        request.inputShapes[index] = shape
        try tensors.append(
            value, shape: lists, count: count, TensorForms(forms[index], shape), to: buffer, input: spec.name)
    }

    /// As long at each level as the first list there is; that the others are as long is found when they are read.
    private func shape(of value: JSONValue) -> Shape {
        var shape = Shape()
        var next: JSONValue? = value
        while let list = next, list.kind == .array, shape.rank < Shape.rankLimit {
            shape.append(list.elementCount)
            var elements = list.elements
            next = elements.next()
        }
        return shape
    }

    /// With the model's dimensions of 1 that the lists lack.
    /// - Throws: `shapeMismatch` when the model does not take that shape.
    private func extended(_ lists: Shape, _ spec: TensorSpec) throws(InferenceError) -> Shape {
        var shape = lists
        let missing = spec.shape.dropFirst(shape.rank)
        if missing.allSatisfy({ $0 == nil || $0 == 1 }) {
            for _ in missing { shape.append(1) }
        }
        guard spec.admits(shape) else {
            throw .shapeMismatch(
                input: spec.name, model: schema.name, found: "\(shape)", wanted: spec.shapeText)
        }
        return shape
    }
}
