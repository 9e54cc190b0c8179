import ApusWire

/// The inputs of a request.
extension OpenInferenceCodec {
    /// The members of one input, as they stand.
    private struct Fields {
        var name: UnsafeRawBufferPointer?
        var datatype: UnsafeRawBufferPointer?
        var shape: JSONValue?
        var data: JSONValue?
        var binaryByteCount: Int?
    }

    func decodeInputs(
        _ given: JSONValue, tail: inout BinaryTail, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        guard given.kind == .array else {
            throw .malformed("Unable to parse 'inputs': found \(given.kindText), a list is expected")
        }
        var position = 0
        for input in given.elements {
            let fields = try readFields(input)
            // Taken whatever is wrong with the input: those behind it begin after its bytes.
            let bytes: UnsafeRawBufferPointer? =
                if let count = fields.binaryByteCount {
                    try tail.take(count, input: fields.name.map(shown) ?? "\(position)")
                } else {
                    nil
                }
            do throws(InferenceError) {
                let index = try identify(fields, position: position, request: request)
                let (shape, count) = try readShape(fields, schema.inputs[index])
                request.inputShapes[index] = shape
                try readData(fields, bytes, index, shape, count, into: inputs[index])
            } catch {
                try request.problems.note(error)
            }
            position += 1
        }
    }

    private func readFields(_ input: JSONValue) throws(InferenceError) -> Fields {
        guard input.kind == .object else {
            throw .malformed("'inputs' has \(input.kindText); an object with a tensor is expected")
        }
        var fields = Fields()
        var seen = SeenKeys()
        for (key, value) in input.members {
            switch key {
            case "name":
                try meet(SeenKeys(rawValue: 1), "name", &seen)
                fields.name = value.string
            case "shape":
                try meet(SeenKeys(rawValue: 2), "shape", &seen)
                fields.shape = value
            case "datatype":
                try meet(SeenKeys(rawValue: 4), "datatype", &seen)
                fields.datatype = value.string
            case "data":
                try meet(SeenKeys(rawValue: 8), "data", &seen)
                fields.data = value
            case "parameters":
                try meet(SeenKeys(rawValue: 16), "parameters", &seen)
                fields.binaryByteCount = try readParameters(value)
            default: break
            }
        }
        return fields
    }

    /// - Returns: `binary_data_size`, if there is one.
    private func readParameters(_ parameters: JSONValue) throws(InferenceError) -> Int? {
        guard parameters.kind == .object || parameters.kind == .null else {
            throw .malformed("'parameters' is \(parameters.kindText); an object is expected")
        }
        var byteCount: Int?
        for (key, value) in parameters.members {
            switch key {
            case "binary_data_size":
                guard byteCount == nil, let count = value.count else {
                    throw .malformed("Unable to parse 'binary_data_size': one integer of 0 or more is expected")
                }
                byteCount = count
            case "shared_memory_region": throw .unsupported("shared memory is not supported by this server")
            default: break
            }
        }
        return byteCount
    }

    /// Which of the model's inputs it is, after its name and datatype were checked.
    private func identify(
        _ fields: Fields, position: Int, request: InferenceRequest
    ) throws(InferenceError) -> Int {
        guard let name = fields.name else {
            throw .malformed("Unable to parse 'name': input \(position) needs one, a string")
        }
        guard let index = inputNames.index(of: name, hint: position) else {
            throw .unknownInput(name: shown(name), model: schema.name, wanted: schema.inputs.map(\.name))
        }
        guard !request.seenInputs[index] else { throw .duplicateInput(name: schema.inputs[index].name) }
        request.seenInputs[index] = true
        request.givenInputs.append(index)
        guard let datatype = fields.datatype else {
            throw .malformed("Unable to parse 'datatype': input '\(schema.inputs[index].name)' needs one, a string")
        }
        guard schema.inputs[index].elementType.datatype ~= datatype else {
            throw .datatypeMismatch(
                input: schema.inputs[index].name, model: schema.name, found: shown(datatype),
                wanted: "\(schema.inputs[index].elementType.datatype)")
        }
        return index
    }

    /// The declared shape, after it was checked against the model's, and its number of elements.
    private func readShape(
        _ fields: Fields, _ spec: TensorSpec
    ) throws(InferenceError) -> (shape: Shape, count: Int) {
        guard let list = fields.shape, list.kind == .array else {
            throw .malformed("Unable to parse 'shape': input '\(spec.name)' needs one, a list of integers")
        }
        guard list.elementCount <= Shape.rankLimit else {
            throw .shapeMismatch(
                input: spec.name, model: schema.name, found: "\(list.elementCount) dimensions",
                wanted: spec.shapeText)
        }
        var shape = Shape()
        for dimension in list.elements {
            guard let size = dimension.count else {
                throw .malformed(
                    "invalid shape for input '\(spec.name)': it has \(dimension.kindText) where an integer of 0 "
                        + "or more is expected")
            }
            shape.append(size)
        }
        guard spec.admits(shape) else {
            throw .shapeMismatch(
                input: spec.name, model: schema.name, found: "\(shape)", wanted: spec.shapeText)
        }
        guard let count = shape.elementCount else {
            throw .malformed(
                "invalid shape for input '\(spec.name)': shape \(shape) causes total element count to exceed "
                    + "maximum size of \(Int.max)")
        }
        if count == 0 { try checkClaim(shape, spec) }
        return (shape, count)
    }

    /// Refuses a tensor without elements whose other dimensions say too much: no byte of the request bears them out,
    /// and the model may run once for each row of them, or give an element for each.
    /// - Throws: `batchTooLarge` where there are rows in them, else `malformed`.
    private func checkClaim(_ shape: Shape, _ spec: TensorSpec) throws(InferenceError) {
        let claim = spec.claim(of: shape)
        guard claim > Shape.emptyClaimLimit else { return }
        if schema.isBatchable, shape[0] > Shape.emptyClaimLimit {
            throw .batchTooLarge(found: shape[0], limit: Shape.emptyClaimLimit, model: schema.name)
        }
        throw .malformed(
            "invalid shape for input '\(spec.name)': shape \(shape) has no elements, and its other dimensions come to "
                + "\(claim); at most \(Shape.emptyClaimLimit) is expected")
    }

    private func readData(
        _ fields: Fields, _ bytes: UnsafeRawBufferPointer?, _ index: Int, _ shape: Shape, _ count: Int,
        into buffer: TensorBuffer
    ) throws(InferenceError) {
        if let bytes {
            let name = schema.inputs[index].name
            guard fields.data == nil else {
                throw .malformed("input '\(name)' has both 'data' and 'binary_data_size'; one is expected")
            }
            return try buffer.append(binary: bytes, count: count, input: name)
        }
        guard let data = fields.data, data.kind == .array else {
            let name = schema.inputs[index].name
            // A tensor without elements has no data to show.
            if count == 0, fields.data == nil { return }
            throw .malformed(
                "Unable to parse 'data': input '\(name)' needs a list of elements, or 'binary_data_size' in its "
                    + "parameters and the bytes behind the JSON")
        }
        switch buffer.elementType {
        case .float16, .bfloat16:
            throw .malformed(
                "receiving \(buffer.elementType.datatype) data via JSON is not supported. Please use the binary "
                    + "data format for input '\(schema.inputs[index].name)'")
        default:
            try tensors.append(data, shape: shape, count: count, to: buffer, input: schema.inputs[index].name)
        }
    }
}

extension TensorSpec {
    /// Whether a tensor of that shape is one of these.
    func admits(_ found: Shape) -> Bool {
        guard found.rank == shape.count else { return false }
        for index in 0..<found.rank {
            if let wanted = shape[index], wanted != found[index] { return false }
        }
        return true
    }

    /// What the dimensions that the model leaves open come to without those that are 0: their product, `Int.max` when
    /// it is more than that.
    /// - Parameter found: a shape that is admitted.
    func claim(of found: Shape) -> Int {
        var product = 1
        for index in 0..<found.rank where shape[index] == nil && found[index] > 0 {
            let (next, overflow) = product.multipliedReportingOverflow(by: found[index])
            guard !overflow else { return .max }
            product = next
        }
        return product
    }
}
