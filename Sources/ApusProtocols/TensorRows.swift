import ApusWire
import CSimdJSON

/// The rows of an output tensor that belong to one request.
struct TensorRows {
    let view: TensorView
    /// With dimension 0 cut down to the rows.
    let shape: Shape
    /// Its elements within the view's.
    let elements: Range<Int>

    /// All of `view`.
    init(_ view: TensorView) {
        self.view = view
        shape = view.shape
        elements = 0..<(view.shape.elementCount ?? 0)
    }

    /// - Returns: nil when the tensor has no such rows.
    init?(_ view: TensorView, rows: Range<Int>) {
        guard view.shape.rank > 0, rows.upperBound <= view.shape[0] else { return nil }
        var shape = view.shape
        shape[0] = rows.count
        let total = view.shape.elementCount ?? 0
        let perRow = view.shape[0] > 0 ? total / view.shape[0] : 0
        self.view = view
        self.shape = shape
        elements = rows.lowerBound * perRow..<rows.upperBound * perRow
    }

    /// The bytes they take in the binary tensor extension.
    var binaryByteCount: Int {
        if let size = view.elementType.byteCount { return elements.count * size }
        var count = 4 * elements.count
        for index in elements { count += view.string(index).count }
        return count
    }
}

extension ResponseBuffer {
    /// Elements are converted this many at a time, so that what is reserved stays near what is used.
    private static let stride = 4096

    /// Appends elements as JSON values with commas between.
    /// - Returns: false when one is not finite and the policy refuses that.
    func append(json view: TensorView, elements: Range<Int>, nonfinite: NonfinitePolicy) -> Bool {
        guard let size = view.elementType.byteCount else {
            appendStrings(view, elements)
            return true
        }
        guard let base = view.bytes.baseAddress else { return true }
        var start = elements.lowerBound
        while start < elements.upperBound {
            let count = min(ResponseBuffer.stride, elements.upperBound - start)
            let out = reserve(count * (Int(APUS_JSON_NUMBER_LIMIT) + 1) + 1)
            let isFirst = start == elements.lowerBound
            if !isFirst { out[0] = UInt8(ascii: ",") }
            let written = apus_json_write_numbers(
                isFirst ? out : out + 1, view.elementType.rawValue, base + start * size, count, nonfinite.raw)
            guard written != Int(bitPattern: UInt.max) else { return false }
            commit(isFirst ? written : written + 1)
            start += count
        }
        return true
    }

    /// Appends a JSON string.
    func append(quoted text: UnsafeRawBufferPointer) {
        let out = reserve(text.count * 6 + 2)
        commit(apus_json_write_string(out, text.bindMemory(to: UInt8.self).baseAddress, text.count))
    }

    /// Appends an integer in decimal.
    func append(decimal value: Int) {
        let out = reserve(Int(APUS_JSON_NUMBER_LIMIT))
        withUnsafePointer(to: Int64(value)) {
            commit(apus_json_write_numbers(out, ElementType.int64.rawValue, $0, 1, APUS_NONFINITE_NULL))
        }
    }

    /// Appends elements as the binary tensor extension has them.
    func append(binary rows: TensorRows) {
        let view = rows.view
        if let size = view.elementType.byteCount {
            let range = rows.elements.lowerBound * size..<rows.elements.upperBound * size
            return append(UnsafeRawBufferPointer(rebasing: view.bytes[range]))
        }
        for index in rows.elements {
            let string = view.string(index)
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: string.count).littleEndian) { append($0) }
            append(string)
        }
    }

    private func appendStrings(_ view: TensorView, _ elements: Range<Int>) {
        for index in elements {
            if index > elements.lowerBound { append(UInt8(ascii: ",")) }
            append(quoted: view.string(index))
        }
    }
}

extension NonfinitePolicy {
    var raw: apus_nonfinite {
        switch self {
        case .null: APUS_NONFINITE_NULL
        case .token: APUS_NONFINITE_TOKEN
        case .error: APUS_NONFINITE_REFUSE
        }
    }
}
