import ApusWire
import CSimdJSON

/// An output's best classes as texts: Triton's classification extension, `value:index[:label]`.
///
/// Its memory is used again from answer to answer.
final class ClassTexts {
    private let bytes = ResponseBuffer(capacity: 256)
    private var ends: [Int] = []
    private var order: [Int] = []
    private var shape = Shape()
    /// What more there is of each part of its memory is given back.
    private static let keptByteCount = 4 << 20

    /// Calls `body` with the texts as a BYTES tensor.
    func withView<Result>(_ body: (TensorRows) throws(InferenceError) -> Result) throws(InferenceError) -> Result {
        let outcome = ends.withUnsafeBufferPointer { ends -> Swift.Result<Result, InferenceError> in
            let view = TensorView(elementType: .string, shape: shape, bytes: bytes.bytes, ends: ends)
            do throws(InferenceError) {
                return .success(try body(TensorRows(view)))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Makes the texts of the `count` best classes, best first; of each row when `hasRows`, else of the whole
    /// tensor. Of equal values the lower index comes first; NaN comes last.
    func collect(_ part: TensorRows, count: Int, hasRows: Bool, labels: ClassLabels?) {
        bytes.removeAll()
        ends.removeAll(keepingCapacity: true)
        let rowCount = hasRows && part.shape.rank > 0 ? part.shape[0] : 1
        let perRow = rowCount > 0 ? part.elements.count / rowCount : 0
        let kept = min(count, perRow)
        for row in 0..<rowCount {
            let first = part.elements.lowerBound + row * perRow
            sort(part.view, first: first, count: perRow)
            for index in order.prefix(kept) { append(part.view, element: first + index, index: index, labels) }
        }
        shape = Shape()
        if hasRows { shape.append(rowCount) }
        shape.append(kept)
    }

    /// Memory that it has, in use or not.
    var reservedByteCount: Int { bytes.capacity + (ends.capacity + order.capacity) * MemoryLayout<Int>.size }

    /// Gives back the memory that a huge answer took. What was collected is gone.
    func shrink() {
        let countLimit = Self.keptByteCount / MemoryLayout<Int>.size
        if ends.capacity > countLimit { ends = [] }
        if order.capacity > countLimit { order = [] }
        bytes.removeAll()
        bytes.shrink(toByteCount: Self.keptByteCount)
    }

    private func append(_ view: TensorView, element: Int, index: Int, _ labels: ClassLabels?) {
        // Texts, so that "NaN" can be said whatever the policy for numbers is.
        _ = bytes.append(json: view, elements: element..<element + 1, nonfinite: .token)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(decimal: index)
        if let labels, index < labels.count {
            bytes.append(UInt8(ascii: ":"))
            var label = labels.text(index)
            label.withUTF8 { bytes.append(UnsafeRawBufferPointer($0)) }
        }
        ends.append(bytes.count)
    }

    private func sort(_ view: TensorView, first: Int, count: Int) {
        order.removeAll(keepingCapacity: true)
        order.append(contentsOf: 0..<count)
        switch view.elementType {
        case .uint8: sort(view, first, UInt8.self)
        case .uint16: sort(view, first, UInt16.self)
        case .uint32: sort(view, first, UInt32.self)
        case .uint64: sort(view, first, UInt64.self)
        case .int8: sort(view, first, Int8.self)
        case .int16: sort(view, first, Int16.self)
        case .int32: sort(view, first, Int32.self)
        case .int64: sort(view, first, Int64.self)
        case .float32: sort(view, first, Float.self)
        case .float64: sort(view, first, Double.self)
        case .bool, .float16, .bfloat16, .string:
            preconditionFailure("classes of such an output are refused when the request is read")
        }
    }

    private func sort<T: Comparable & BitwiseCopyable>(_ view: TensorView, _ first: Int, _: T.Type) {
        let size = MemoryLayout<T>.size
        func value(_ index: Int) -> T {
            view.bytes.loadUnaligned(fromByteOffset: (first + index) * size, as: T.self)
        }
        order.sort { left, right in
            let (a, b) = (value(left), value(right))
            // Only NaN differs from itself.
            if a == b || (a != a && b != b) { return left < right }
            return a > b || b != b
        }
    }
}
