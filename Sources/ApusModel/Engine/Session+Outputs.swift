import ApusWire
import COnnxRuntime

// How what the engine made becomes views.
extension Session {
    /// - Parameter index: which of the model's outputs it is.
    func view(_ value: OpaquePointer?, _ index: Int) throws(OrtError) -> TensorView {
        if mapOutputs[index] { return try matrix(value, index) }
        let (elementType, shape) = try describe(value, index)
        guard let count = shape.elementCount else { throw broken(index, "shape \(shape)") }
        guard let size = elementType.byteCount else {
            return try strings(value, shape, count: count, storage: memory.storage[index])
        }
        var address: UnsafeMutableRawPointer?
        try runtime.api.check(runtime.api.pointee.GetTensorMutableData(value, &address))
        let bytes = UnsafeRawBufferPointer(start: address, count: address == nil ? 0 : count * size)
        return TensorView(elementType: elementType, shape: shape, bytes: bytes)
    }

    /// Reads type and shape, and checks that they can be passed on.
    private func describe(
        _ value: OpaquePointer?, _ index: Int
    ) throws(OrtError) -> (ElementType, Shape) {
        let api = runtime.api
        var info: OpaquePointer?
        try api.check(api.pointee.GetTensorTypeAndShape(value, &info))
        defer { api.pointee.ReleaseTensorTypeAndShapeInfo(info) }
        var type: OrtElementType = 0
        try api.check(api.pointee.GetTensorElementType(info, &type))
        let elementType = outputs[index].elementType
        guard type == elementType.ortType else { throw broken(index, "element type \(type)") }
        var rank = 0
        try api.check(api.pointee.GetDimensionsCount(info, &rank))
        guard rank <= Shape.rankLimit else { throw broken(index, "\(rank) dimensions") }
        try api.check(api.pointee.GetDimensions(info, memory.dimensions.baseAddress, rank))
        var shape = Shape()
        for dimension in 0..<rank { shape.append(Int(memory.dimensions[dimension])) }
        return (elementType, shape)
    }

    /// The strings of a tensor, copied to `storage`.
    func strings(
        _ value: OpaquePointer?, _ shape: Shape, count: Int, storage: OutputStorage
    ) throws(OrtError) -> TensorView {
        let api = runtime.api
        var byteCount = 0
        try api.check(api.pointee.GetStringTensorDataLength(value, &byteCount))
        storage.reserve(byteCount: byteCount, endCount: count)
        memory.hasStored = true
        if count > 0 {
            try storage.ends.withMemoryRebound(to: Int.self) { ends throws(OrtError) in
                try api.check(
                    api.pointee.GetStringTensorContent(
                        value, storage.bytes.baseAddress, byteCount, ends.baseAddress, count))
            }
            // The engine gives where each string begins; we keep where each ends.
            for index in 1..<max(count, 1) { storage.ends[index - 1] = storage.ends[index] }
            storage.ends[count - 1] = byteCount
        }
        return TensorView(
            elementType: .string, shape: shape,
            bytes: UnsafeRawBufferPointer(rebasing: storage.bytes[..<byteCount]),
            ends: UnsafeBufferPointer(rebasing: storage.ends[..<count]))
    }

    /// An output that is not what the model said at load.
    func broken(_ index: Int, _ found: String) -> OrtError {
        OrtError(code: 1, message: "output '\(outputs[index].name)' came with \(found)")
    }
}
