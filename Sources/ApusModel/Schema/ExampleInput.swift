import ApusWire

/// A made-up input that fits a model: one tensor per input, in the model's order, owned by this object.
///
/// A dimension of any size is `rowCount` where it is the first, 1 elsewhere. Values are small: numbers
/// cycle through 0, 1, 2, 3 (a run of zeros hides too much, and small numbers are valid indices in most
/// models), strings are `a`, `b`, …
package final class ExampleInput {
    private let buffers: [TensorBuffer]
    private let shapes: [Shape]
    private let ends: [UnsafeMutableBufferPointer<Int>]

    /// - Parameter seed: shifts the values, so that two examples differ.
    package init(_ inputs: [TensorSpec], rowCount: Int, seed: Int = 0) {
        shapes = inputs.map { Self.shape($0, rowCount: rowCount) }
        buffers = inputs.map { TensorBuffer($0.elementType) }
        for (buffer, shape) in zip(buffers, shapes) {
            Self.fill(buffer, count: shape.elementCount ?? 0, seed: seed)
        }
        ends = buffers.map { buffer in
            let copy = UnsafeMutableBufferPointer<Int>.allocate(capacity: buffer.ends.count)
            _ = copy.initialize(from: buffer.ends)
            return copy
        }
    }

    deinit { for copy in ends { copy.deallocate() } }

    /// Valid as long as this object.
    package var views: [TensorView] {
        buffers.indices.map { index in
            TensorView(
                elementType: buffers[index].elementType, shape: shapes[index],
                bytes: buffers[index].bytes, ends: UnsafeBufferPointer(ends[index]))
        }
    }

    private static func shape(_ spec: TensorSpec, rowCount: Int) -> Shape {
        Shape(spec.shape.enumerated().map { index, size in size ?? (index == 0 ? rowCount : 1) })
    }

    private static func fill(_ buffer: TensorBuffer, count: Int, seed: Int) {
        guard let size = buffer.elementType.byteCount else {
            for index in 0..<count {
                withUnsafeBytes(of: UInt8(ascii: "a") + UInt8((index + seed) % 4)) { buffer.append(string: $0) }
            }
            return
        }
        let memory = buffer.extend(elements: count)
        for index in 0..<count {
            store((index + seed) % 4, as: buffer.elementType, at: memory + index * size)
        }
    }

    private static func store(_ value: Int, as type: ElementType, at address: UnsafeMutableRawPointer) {
        func put<T: BitwiseCopyable>(_ value: T) { address.storeBytes(of: value, as: T.self) }
        switch type {
        case .bool: put(UInt8(value & 1))
        case .uint8, .int8: put(UInt8(value))
        case .uint16, .int16: put(UInt16(value))
        case .uint32, .int32: put(UInt32(value))
        case .uint64, .int64: put(UInt64(value))
        case .float16: put(Float16(value).bitPattern)
        case .bfloat16: put(UInt16(Float(value).bitPattern >> 16))
        case .float32: put(Float(value))
        case .float64: put(Double(value))
        case .string: preconditionFailure("strings have no fixed size")
        }
    }
}
