import ApusWire

/// A copy of one output, to be compared after the run.
struct CapturedTensor {
    let elementType: ElementType
    let shape: [Int]
    private let bytes: [UInt8]
    private let ends: [Int]

    init(_ view: TensorView) {
        elementType = view.elementType
        shape = view.shape.array
        bytes = Array(view.bytes)
        ends = Array(view.ends)
    }

    private var elementCount: Int { shape.reduce(1, *) }

    /// This tensor of one row is row `row` of `all`: same shape, and the same values as far as floats can
    /// be expected to be.
    func isRow(_ row: Int, of all: CapturedTensor) -> Bool {
        guard shape.dropFirst() == all.shape.dropFirst() else { return false }
        let offset = row * elementCount
        return (0..<elementCount).allSatisfy { isEqual($0, all, offset + $0) }
    }

    private func isEqual(_ index: Int, _ other: CapturedTensor, _ otherIndex: Int) -> Bool {
        guard elementType.isFloatingPoint else {
            return element(index).elementsEqual(other.element(otherIndex))
        }
        let (left, right) = (float(index), other.float(otherIndex))
        if left == right || (left.isNaN && right.isNaN) { return true }
        return abs(left - right) <= max(absoluteTolerance, relativeTolerance * max(abs(left), abs(right)))
    }

    private var absoluteTolerance: Double { 1e-6 }

    /// 1e-5, or one step of a type that is coarser than that.
    private var relativeTolerance: Double {
        switch elementType {
        case .float16: 0x1p-10
        case .bfloat16: 0x1p-7
        default: 1e-5
        }
    }

    private func element(_ index: Int) -> ArraySlice<UInt8> {
        if let size = elementType.byteCount { return bytes[index * size..<(index + 1) * size] }
        return bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    private func float(_ index: Int) -> Double {
        func load<T: BitwiseCopyable>(_: T.Type) -> T {
            bytes.withUnsafeBytes {
                $0.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self)
            }
        }
        return switch elementType {
        case .float16: Double(Float16(bitPattern: load(UInt16.self)))
        case .bfloat16: Double(Float(bitPattern: UInt32(load(UInt16.self)) << 16))
        case .float32: Double(load(Float.self))
        default: load(Double.self)
        }
    }
}
