import ApusWire

/// The tensors behind the JSON of a request, taken one after the other in the order of the JSON's inputs
/// (Triton, "Binary Tensor Data Extension").
struct BinaryTail {
    private let bytes: UnsafeRawBufferPointer
    private let model: String
    /// Whether the request said where its JSON ends.
    private let isDeclared: Bool
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer, isDeclared: Bool, model: String) {
        self.bytes = bytes
        self.isDeclared = isDeclared
        self.model = model
    }

    /// The next `byteCount` bytes.
    mutating func take(_ byteCount: Int, input: String) throws(InferenceError) -> UnsafeRawBufferPointer {
        let left = bytes.count - offset
        guard byteCount == 0 || isDeclared else {
            throw .malformed(
                "must specify valid 'Inference-Header-Content-Length' in request header and 'binary_data_size' "
                    + "when passing inputs in binary data format")
        }
        guard byteCount <= left else {
            throw .malformed(
                "unexpected size for input '\(input)', expecting \(byteCount - left) additional bytes "
                    + "for model '\(model)'")
        }
        defer { offset += byteCount }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + byteCount])
    }

    /// - Throws: when bytes are left that belong to no input.
    func finish() throws(InferenceError) {
        guard offset == bytes.count else {
            throw .malformed(
                "unexpected additional input data for model '\(model)': "
                    + "\(bytes.count - offset) bytes belong to no input")
        }
    }
}

extension TensorBuffer {
    /// Tensors of fewer bytes are copied: that costs less than to find out whether it is needed.
    private static let borrowedByteCount = 64 << 10

    /// Appends a tensor of `count` elements that came as bytes: little-endian and row-major, a bool one byte of 0
    /// or 1, a string its length as 32 bits and then its bytes. A large one is borrowed where it can be.
    ///
    /// - Throws: `sizeMismatch`, `malformed`, `unrepresentable`.
    func append(binary bytes: UnsafeRawBufferPointer, count: Int, input: String) throws(InferenceError) {
        guard let size = elementType.byteCount else {
            return try append(binaryStrings: bytes, count: count, input: input)
        }
        let (wanted, isTooMuch) = count.multipliedReportingOverflow(by: size)
        guard !isTooMuch, wanted == bytes.count else {
            throw .sizeMismatch(
                input: input, found: bytes.count, wanted: isTooMuch ? Int.max : wanted, unit: "bytes")
        }
        guard let base = bytes.baseAddress else { return }
        if elementType == .bool { try Self.check(bools: bytes, input) }
        if wanted >= Self.borrowedByteCount, borrow(bytes) { return }
        extend(elements: count).copyMemory(from: base, byteCount: wanted)
    }

    /// - Throws: `unrepresentable` for every byte that is no bool.
    private static func check(bools bytes: UnsafeRawBufferPointer, _ input: String) throws(InferenceError) {
        guard bytes.contains(where: { $0 > 1 }) else { return }
        var problems = ProblemList()
        for (element, byte) in bytes.enumerated() where byte > 1 {
            try problems.note(
                .unrepresentable(
                    input: input, found: "a byte other than 0 and 1 at element \(element)", wanted: "0 or 1 (BOOL)"))
        }
        try problems.finish()
    }

    private func append(
        binaryStrings bytes: UnsafeRawBufferPointer, count: Int, input: String
    ) throws(InferenceError) {
        var offset = 0
        var found = 0
        while offset < bytes.count {
            let left = bytes.count - offset
            guard left >= 4 else {
                throw .malformed(
                    "incomplete string length indicator for inference input '\(input)', expecting 4 bytes "
                        + "but only \(left) bytes available")
            }
            let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            guard length <= left - 4 else {
                throw .malformed(
                    "incomplete string data for inference input '\(input)', expecting string of length "
                        + "\(length) but only \(left - 4) bytes available")
            }
            found += 1
            if found <= count {
                append(string: UnsafeRawBufferPointer(rebasing: bytes[offset + 4..<offset + 4 + length]))
            }
            offset += 4 + length
        }
        guard found == count else {
            throw .sizeMismatch(input: input, found: found, wanted: count, unit: "strings")
        }
    }
}
