import ApusWire
import COnnxRuntime

// A sequence of maps from class label to score, read as a matrix.
extension Session {
    /// - Shape: `[rows, classes]`, float32. The first maps that are seen set the labels for good.
    func matrix(_ value: OpaquePointer?, _ index: Int) throws(OrtError) -> TensorView {
        let api = runtime.api
        var rows = 0
        try api.check(api.pointee.GetValueCount(value, &rows))
        let storage = memory.storage[index]
        for row in 0..<rows {
            let map = try element(value, row)
            if outputs[index].labels == nil { try learnLabels(map.raw, index) }
            try copyScores(map.raw, row, of: rows, index, storage)
        }
        let classes = outputs[index].labels?.count ?? 0
        let bytes = storage.bytes[..<(rows * classes * 4)]
        return TensorView(
            elementType: .float32, shape: Shape([rows, classes]),
            bytes: UnsafeRawBufferPointer(rebasing: bytes))
    }

    /// The scores of one map, which are in the order of its keys.
    private func copyScores(
        _ map: OpaquePointer, _ row: Int, of rows: Int, _ index: Int, _ storage: OutputStorage
    ) throws(OrtError) {
        guard let labels = outputs[index].labels, try self.labels(map, index) == labels else {
            throw broken(index, "other class labels than the first run gave")
        }
        let scores = try element(map, 1)
        var address: UnsafeMutableRawPointer?
        try runtime.api.check(runtime.api.pointee.GetTensorMutableData(scores.raw, &address))
        let byteCount = labels.count * 4
        if row == 0 {
            storage.reserve(byteCount: rows * byteCount, endCount: 0)
            memory.hasStored = true
        }
        guard let address else { return }
        let place = UnsafeMutableRawBufferPointer(rebasing: storage.bytes[(row * byteCount)...])
        place.copyMemory(from: UnsafeRawBufferPointer(start: address, count: byteCount))
    }

    private func learnLabels(_ map: OpaquePointer, _ index: Int) throws(OrtError) {
        let labels = try labels(map, index)
        outputs[index].labels = labels
        outputs[index].shape = [nil, labels.count]
    }

    /// The keys of one map.
    private func labels(_ map: OpaquePointer, _ index: Int) throws(OrtError) -> ClassLabels {
        let api = runtime.api
        let keys = try element(map, 0)
        var info: OpaquePointer?
        try api.check(api.pointee.GetTensorTypeAndShape(keys.raw, &info))
        defer { api.pointee.ReleaseTensorTypeAndShapeInfo(info) }
        var type: OrtElementType = 0
        try api.check(api.pointee.GetTensorElementType(info, &type))
        var count: Int64 = 0
        try api.check(api.pointee.GetDimensions(info, &count, 1))
        if type == ElementType.string.ortType {
            let shape = Shape([Int(count)])
            let storage = OutputStorage()
            let view = try strings(keys.raw, shape, count: Int(count), storage: storage)
            return withExtendedLifetime(storage) {
                .strings((0..<Int(count)).map { String(decoding: view.string($0), as: UTF8.self) })
            }
        }
        var address: UnsafeMutableRawPointer?
        try api.check(api.pointee.GetTensorMutableData(keys.raw, &address))
        let integers = UnsafeRawBufferPointer(start: address, count: Int(count) * 8)
        return .integers([Int64](integers.bindMemory(to: Int64.self)))
    }

    private func element(_ value: OpaquePointer?, _ index: Int) throws(OrtError) -> OrtObject {
        let api = runtime.api
        return try OrtObject(api, releasedBy: api.pointee.ReleaseValue) {
            api.pointee.GetValue(value, CInt(index), runtime.allocator, $0)
        }
    }
}
