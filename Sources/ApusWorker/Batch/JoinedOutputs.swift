import ApusWire

/// The outputs of a request that took several runs, joined along dimension 0.
final class JoinedOutputs {
    private var buffers: [TensorBuffer] = []
    private var shapes: [Shape] = []
    private var isFirst = true

    /// Starts a request with these outputs.
    func begin(_ outputs: [TensorSpec]) {
        if buffers.isEmpty { buffers = outputs.map { TensorBuffer($0.elementType) } }
        for buffer in buffers { buffer.removeAll() }
        shapes = outputs.map { _ in Shape() }
        isFirst = true
    }

    /// Adds the outputs of the next `rowCount` rows.
    /// - Returns: false when one that is wanted does not have those rows, or has another shape than before.
    func append(_ views: UnsafeBufferPointer<TensorView>, wanted: [Bool], rowCount: Int) -> Bool {
        for index in views.indices where wanted[index] {
            let view = views[index]
            guard view.shape.rank > 0, view.shape[0] == rowCount, fits(view.shape, index) else { return false }
            append(view, to: buffers[index])
        }
        isFirst = false
        return true
    }

    /// One view per output, valid inside `body`.
    func withViews<R>(_ body: (UnsafeBufferPointer<TensorView>) -> R) -> R {
        let ends = buffers.map { buffer in
            let copy = UnsafeMutableBufferPointer<Int>.allocate(capacity: buffer.ends.count)
            _ = copy.initialize(from: buffer.ends)
            return copy
        }
        defer { for copy in ends { copy.deallocate() } }
        let views = buffers.indices.map { index in
            TensorView(
                elementType: buffers[index].elementType, shape: shapes[index], bytes: buffers[index].bytes,
                ends: UnsafeBufferPointer(ends[index]))
        }
        return views.withUnsafeBufferPointer(body)
    }

    /// Gives all memory back.
    func release() {
        buffers.removeAll()
        shapes.removeAll()
    }

    private func fits(_ shape: Shape, _ index: Int) -> Bool {
        guard !isFirst else {
            shapes[index] = shape
            return true
        }
        var wanted = shapes[index]
        guard wanted.rank == shape.rank else { return false }
        let rowCount = wanted[0]
        wanted[0] = shape[0]
        guard wanted == shape else { return false }
        shapes[index][0] = rowCount + shape[0]
        return true
    }

    private func append(_ view: TensorView, to buffer: TensorBuffer) {
        if view.elementType == .string {
            for index in 0..<view.ends.count { buffer.append(string: view.string(index)) }
        } else if let base = view.bytes.baseAddress, let size = view.elementType.byteCount {
            let memory = buffer.extend(elements: view.bytes.count / size)
            memory.copyMemory(from: base, byteCount: view.bytes.count)
        }
    }
}
