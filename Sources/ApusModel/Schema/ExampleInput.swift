import ApusWire

/// A made-up input that fits a model: one tensor per input, in the model's order, owned by this object.
///
/// A dimension of any size is `rowCount` where it is the first, 1 elsewhere. Values look random and are
/// small: integers 0 to 3 (zeros alone hide too much, and small numbers are valid indices in most models),
/// floats from 0 up to 4 in steps of 1/16, strings `a` to `d`.
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
        ends = Self.copies(buffers)
    }

    /// Of tensors that are there already.
    /// - Parameter buffers: one for each input, in the model's order, with the elements of its shape and no others.
    package init(_ buffers: [TensorBuffer], shapes: [Shape]) {
        self.buffers = buffers
        self.shapes = shapes
        ends = Self.copies(buffers)
    }

    deinit { for copy in ends { copy.deallocate() } }

    /// Lends the tensors to `body`.
    package func withViews<R, Failure: Error>(
        _ body: ([TensorView]) throws(Failure) -> R
    ) throws(Failure) -> R {
        // Nothing else keeps this object, whose memory they are, alive while they are used.
        defer { withExtendedLifetime(self) {} }
        return try body(
            buffers.indices.map { index in
                TensorView(
                    elementType: buffers[index].elementType, shape: shapes[index],
                    bytes: buffers[index].bytes, ends: UnsafeBufferPointer(ends[index]))
            })
    }

    private static func copies(_ buffers: [TensorBuffer]) -> [UnsafeMutableBufferPointer<Int>] {
        buffers.map { buffer in
            let copy = UnsafeMutableBufferPointer<Int>.allocate(capacity: buffer.ends.count)
            _ = copy.initialize(from: buffer.ends)
            return copy
        }
    }

    private static func shape(_ spec: TensorSpec, rowCount: Int) -> Shape {
        Shape(spec.shape.enumerated().map { index, size in size ?? (index == 0 ? rowCount : 1) })
    }

    private static func fill(_ buffer: TensorBuffer, count: Int, seed: Int) {
        guard let size = buffer.elementType.byteCount else {
            for index in 0..<count {
                let letter = UInt8(ascii: "a") + UInt8(number(index, seed) / 16)
                withUnsafeBytes(of: letter) { buffer.append(string: $0) }
            }
            return
        }
        let memory = buffer.extend(elements: count)
        for index in 0..<count {
            store(number(index, seed), as: buffer.elementType, at: memory + index * size)
        }
    }

    /// 0 to 63, by multiplication with the golden ratio (Knuth, *TAOCP* 3, §6.4).
    private static func number(_ index: Int, _ seed: Int) -> Int {
        let mixed = UInt64(truncatingIfNeeded: index &+ 1 &+ seed &* 1000) &* 0x9E37_79B9_7F4A_7C15
        return Int(mixed >> 58)
    }

    /// - Parameter number: 0 to 63; a sixteenth of it is stored.
    private static func store(_ number: Int, as type: ElementType, at address: UnsafeMutableRawPointer) {
        func put<T: BitwiseCopyable>(_ value: T) { address.storeBytes(of: value, as: T.self) }
        let (integer, fraction) = (number / 16, Float(number) / 16)
        switch type {
        case .bool: put(UInt8(integer & 1))
        case .uint8, .int8: put(UInt8(integer))
        case .uint16, .int16: put(UInt16(integer))
        case .uint32, .int32: put(UInt32(integer))
        case .uint64, .int64: put(UInt64(integer))
        case .float16: put(Float16(fraction).bitPattern)
        case .bfloat16: put(UInt16(fraction.bitPattern >> 16))
        case .float32: put(fraction)
        case .float64: put(Double(fraction))
        case .string: preconditionFailure("strings have no fixed size")
        }
    }
}
