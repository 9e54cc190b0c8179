import ApusWire

/// The JSON object of a request, around its inputs.
extension OpenInferenceCodec {
    private static let id = SeenKeys(rawValue: 1)
    private static let parameters = SeenKeys(rawValue: 2)
    private static let inputs = SeenKeys(rawValue: 4)
    private static let outputs = SeenKeys(rawValue: 8)
    /// The longest `id`, in bytes. It is kept for the answer.
    static let idByteLimit = 1024

    func decodeObject(
        _ root: JSONValue, tail: inout BinaryTail, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        guard root.kind == .object else { throw .malformed("the body is \(root.kindText); an object is expected") }
        var seen = SeenKeys()
        var parameters: JSONValue?
        var given: JSONValue?
        var wanted: JSONValue?
        for (key, value) in root.members {
            switch key {
            case "inputs":
                try meet(Self.inputs, "inputs", &seen)
                given = value
            case "outputs":
                try meet(Self.outputs, "outputs", &seen)
                wanted = value
            case "parameters":
                try meet(Self.parameters, "parameters", &seen)
                parameters = value
            case "id":
                try meet(Self.id, "id", &seen)
                try decodeID(value, request)
            default: break
            }
        }
        // The keys may come in any order; what they mean depends on one another in this one.
        var isBinary = false
        do throws(InferenceError) {
            isBinary = try decodeParameters(parameters, request)
        } catch {
            try request.problems.note(error)
        }
        guard let given else { throw .malformed("the request has no 'inputs'; a list of tensors is expected") }
        try decodeInputs(given, tail: &tail, inputs: inputs, request: request)
        do throws(InferenceError) {
            try decodeOutputs(wanted, isBinary: isBinary, request: request)
        } catch {
            try request.problems.note(error)
        }
    }

    func meet(_ key: SeenKeys, _ name: StaticString, _ seen: inout SeenKeys) throws(InferenceError) {
        guard seen.meet(key) else { throw .malformed("'\(name)' is given twice; once is expected") }
    }

    private func decodeID(_ value: JSONValue, _ request: InferenceRequest) throws(InferenceError) {
        if value.kind == .null { return }
        guard let id = value.string else {
            throw .malformed("Unable to parse 'id': found \(value.kindText), a string is expected")
        }
        guard id.count <= Self.idByteLimit else {
            throw .malformed("'id' has \(id.count) bytes; at most \(Self.idByteLimit) are expected")
        }
        request.id.append(contentsOf: id)
    }

    /// - Returns: whether outputs are binary unless they say otherwise.
    private func decodeParameters(
        _ parameters: JSONValue?, _ request: InferenceRequest
    ) throws(InferenceError) -> Bool {
        var isBinary = false
        guard let parameters, parameters.kind != .null else { return isBinary }
        guard parameters.kind == .object else {
            throw .malformed("'parameters' is \(parameters.kindText); an object is expected")
        }
        for (key, value) in parameters.members {
            switch key {
            case "binary_data_output": isBinary = try bool(value, "binary_data_output")
            case "priority": request.priority = try unsigned(value, "priority")
            case "timeout": request.timeoutMicroseconds = try unsigned(value, "timeout")
            // The models served keep no state between requests, so a sequence is a row of single requests.
            case "sequence_start": _ = try bool(value, "sequence_start")
            case "sequence_end": _ = try bool(value, "sequence_end")
            case "sequence_id":
                if value.unsigned == nil && value.string == nil {
                    throw .malformed("Unable to parse 'sequence_id': an integer or a string is expected")
                }
            default: try checkFree(key)
            }
        }
        return isBinary
    }

    /// Other keys are the caller's, but for one prefix.
    private func checkFree(_ key: UnsafeRawBufferPointer) throws(InferenceError) {
        if "triton_" ~= UnsafeRawBufferPointer(rebasing: key.prefix(7)) {
            throw .malformed(
                "parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified.")
        }
    }

    private func decodeOutputs(
        _ wanted: JSONValue?, isBinary: Bool, request: InferenceRequest
    ) throws(InferenceError) {
        if let wanted, wanted.kind != .null {
            guard wanted.kind == .array else {
                throw .malformed("Unable to parse 'outputs': found \(wanted.kindText), a list is expected")
            }
            for output in wanted.elements {
                do throws(InferenceError) {
                    try decodeOutput(output, isBinary: isBinary, request: request)
                } catch {
                    try request.problems.note(error)
                }
            }
            if wanted.elementCount > 0 { return }
        }
        // None named means all (Open Inference Protocol, "Inference Request JSON Object").
        for index in schema.outputs.indices {
            try want(OutputRequest(index: index, isBinary: isBinary), request)
        }
    }

    private func decodeOutput(
        _ output: JSONValue, isBinary: Bool, request: InferenceRequest
    ) throws(InferenceError) {
        guard output.kind == .object else {
            throw .malformed("'outputs' has \(output.kindText); an object with a 'name' is expected")
        }
        var name: UnsafeRawBufferPointer?
        var seen = SeenKeys()
        var wanted = OutputRequest(index: 0, isBinary: isBinary)
        for (key, value) in output.members {
            switch key {
            case "name":
                try meet(Self.id, "name", &seen)
                name = value.string
            case "parameters":
                try meet(Self.parameters, "parameters", &seen)
                try decodeOutputParameters(value, &wanted)
            default: break
            }
        }
        guard let name else { throw .malformed("Unable to parse 'name': each output needs one, a string") }
        guard let index = outputNames.index(of: name, hint: request.outputs.count) else {
            throw .unknownOutput(name: shown(name), model: schema.name, wanted: schema.outputs.map(\.name))
        }
        wanted.index = index
        guard !request.wantedOutputs[index] else {
            throw .malformed("output '\(schema.outputs[index].name)' is requested twice; once is expected")
        }
        try want(wanted, request)
    }

    private func decodeOutputParameters(
        _ parameters: JSONValue, _ wanted: inout OutputRequest
    ) throws(InferenceError) {
        guard parameters.kind == .object || parameters.kind == .null else {
            throw .malformed("'parameters' is \(parameters.kindText); an object is expected")
        }
        for (key, value) in parameters.members {
            switch key {
            case "binary_data": wanted.isBinary = try bool(value, "binary_data")
            case "classification":
                guard let count = value.count else {
                    throw .malformed("Unable to set 'classification': an integer of 0 or more is expected")
                }
                wanted.classCount = count
            case "shared_memory_region": throw .unsupported("shared memory is not supported by this server")
            default: break
            }
        }
    }

    private func want(_ output: OutputRequest, _ request: InferenceRequest) throws(InferenceError) {
        let spec = schema.outputs[output.index]
        if output.classCount > 0 {
            switch spec.elementType {
            case .bool, .string, .float16, .bfloat16:
                throw .malformed(
                    "class result not available for output '\(spec.name)' due to unsupported type "
                        + "'\(spec.elementType.datatype)'")
            case .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64, .float32, .float64: break
            }
        } else if !output.isBinary, spec.elementType == .float16 || spec.elementType == .bfloat16 {
            throw .malformed(
                "sending \(spec.elementType.datatype) data via JSON is not supported. Please use the binary "
                    + "data format for output '\(spec.name)'")
        }
        request.want(output)
    }

    func bool(_ value: JSONValue, _ name: StaticString) throws(InferenceError) -> Bool {
        guard let bool = value.bool else {
            throw .malformed("Unable to parse '\(name)': found \(value.kindText), true or false is expected")
        }
        return bool
    }

    private func unsigned(_ value: JSONValue, _ name: StaticString) throws(InferenceError) -> UInt64 {
        guard let number = value.unsigned else {
            throw .malformed("Unable to parse '\(name)': an integer of 0 or more is expected")
        }
        return number
    }
}
