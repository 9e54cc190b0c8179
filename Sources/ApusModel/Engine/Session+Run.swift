import ApusWire
import COnnxRuntime

extension Session {
    /// Runs the model once. Slow as the model is; nothing else happens meanwhile.
    ///
    /// - Parameter tensors: one per input, in the model's order, of the input's element type. Numbers are
    ///   read in place, so they must be aligned to their size; a bool is 0 or 1. Borrowed for the call.
    /// - Parameter wanted: one per output: whether to compute it. Empty means all. At least one is true.
    /// - Parameter body: gets one view per output, in the model's order, valid until it returns; an
    ///   output that was not wanted is there with no elements. It must not run this session again.
    /// - Throws: `runFailed` with the engine's words (for the log), or what `body` throws.
    package func run<R>(
        _ tensors: UnsafeBufferPointer<TensorView>, wanted: UnsafeBufferPointer<Bool>,
        _ body: (UnsafeBufferPointer<TensorView>) throws(InferenceError) -> R
    ) throws(InferenceError) -> R {
        precondition(!isRunning, "a session is run by one caller at a time")
        isRunning = true
        defer {
            releaseValues()
            isRunning = false
        }
        let count = memory.select(wanted)
        do {
            try setInputs(tensors)
            try compute(outputCount: count)
            for slot in 0..<count {
                let index = memory.wantedIndices[slot]
                memory.views[index] = try view(memory.outputValues[slot], index)
            }
        } catch {
            throw .runFailed(model: name, reason: error.description)
        }
        return try body(UnsafeBufferPointer(memory.views))
    }

    /// The same for callers that have arrays and want every output.
    package func run<R>(
        _ tensors: [TensorView],
        _ body: (UnsafeBufferPointer<TensorView>) throws(InferenceError) -> R
    ) throws(InferenceError) -> R {
        let all = UnsafeBufferPointer<Bool>(start: nil, count: 0)
        return try tensors.withUnsafeBufferPointer { tensors throws(InferenceError) in
            try run(tensors, wanted: all, body)
        }
    }
}

extension Session {
    /// The same on a made-up input, with every output wanted.
    package func run<R>(
        _ example: ExampleInput,
        _ body: (UnsafeBufferPointer<TensorView>) throws(InferenceError) -> R
    ) throws(InferenceError) -> R {
        try example.withViews { tensors throws(InferenceError) in try run(tensors, body) }
    }
}

// MARK: In

extension Session {
    private func setInputs(_ tensors: UnsafeBufferPointer<TensorView>) throws(OrtError) {
        precondition(tensors.count == inputs.count, "a run has one tensor per input")
        for index in 0..<tensors.count {
            let tensor = tensors[index]
            precondition(
                tensor.elementType == inputs[index].elementType, "the caller checked the element type")
            memory.inputValues[index] =
                tensor.elementType == .string ? try strings(tensor) : try numbers(tensor)
        }
    }

    /// Wraps the caller's memory; nothing is copied.
    private func numbers(_ tensor: TensorView) throws(OrtError) -> OpaquePointer? {
        guard let size = tensor.elementType.byteCount, let count = tensor.shape.elementCount,
            tensor.bytes.count == count * size
        else { preconditionFailure("a tensor has the bytes that its shape says") }
        // The engine wants an address even for no elements.
        let address = tensor.bytes.baseAddress ?? UnsafeRawPointer(memory.dimensions.baseAddress!)
        var value: OpaquePointer?
        try runtime.api.check(
            runtime.api.pointee.CreateTensorWithDataAsOrtValue(
                runtime.memoryInfo, UnsafeMutableRawPointer(mutating: address), tensor.bytes.count,
                dimensions(tensor.shape), tensor.shape.rank, tensor.elementType.ortType, &value))
        return value
    }

    /// Copies each string, with its length: a NUL or any other byte stays as it is.
    private func strings(_ tensor: TensorView) throws(OrtError) -> OpaquePointer? {
        precondition(tensor.ends.count == tensor.shape.elementCount, "a tensor has a string per element")
        let api = runtime.api
        var value: OpaquePointer?
        try api.check(
            api.pointee.CreateTensorAsOrtValue(
                runtime.allocator, dimensions(tensor.shape), tensor.shape.rank,
                tensor.elementType.ortType, &value))
        do {
            for index in 0..<tensor.ends.count {
                let string = tensor.string(index)
                var text: UnsafeMutablePointer<CChar>?
                try api.check(
                    api.pointee.GetResizedStringTensorElementBuffer(value, index, string.count, &text))
                guard let text, let source = string.baseAddress else { continue }
                UnsafeMutableRawPointer(text).copyMemory(from: source, byteCount: string.count)
            }
        } catch {
            api.pointee.ReleaseValue(value)
            throw error
        }
        return value
    }

    private func dimensions(_ shape: Shape) -> UnsafePointer<Int64>? {
        for index in 0..<shape.rank { memory.dimensions[index] = Int64(shape[index]) }
        return UnsafePointer(memory.dimensions.baseAddress)
    }
}

// MARK: Run and release

extension Session {
    private func compute(outputCount: Int) throws(OrtError) {
        precondition(outputCount > 0, "a run has an output")
        try runtime.api.check(
            runtime.api.pointee.Run(
                object.raw, nil, memory.inputNames.baseAddress, memory.inputValues.baseAddress,
                memory.inputValues.count, memory.wantedNames.baseAddress, outputCount,
                memory.outputValues.baseAddress))
    }

    private func releaseValues() {
        let release = runtime.api.pointee.ReleaseValue!
        for index in 0..<memory.inputValues.count where memory.inputValues[index] != nil {
            release(memory.inputValues[index])
            memory.inputValues[index] = nil
        }
        for slot in 0..<memory.outputValues.count where memory.outputValues[slot] != nil {
            release(memory.outputValues[slot])
            memory.outputValues[slot] = nil
            memory.clearView(memory.wantedIndices[slot])
        }
        guard memory.hasStored else { return }
        memory.hasStored = false
        for storage in memory.storage { storage.shrink() }
    }
}
