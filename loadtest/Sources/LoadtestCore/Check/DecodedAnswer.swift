/// An answer read into JSON values, whatever form it came in.
struct DecodedAnswer {
    /// The whole answer; a binary tensor stands as its `data`, as it would in JSON.
    var json: JSON

    init(_ body: [UInt8], _ head: ResponseHead, _ format: RequestFormat?) throws(WrongAnswer) {
        let count = head.inferenceHeaderByteCount
        guard format == .v2Binary, count >= 0 else {
            json = try DecodedAnswer.parse(body)
            return
        }
        guard count <= body.count else {
            throw WrongAnswer("the JSON header is longer than the answer")
        }
        json = try DecodedAnswer.fill(DecodedAnswer.parse(Array(body[..<count])), body[count...])
    }

    private static func parse(_ bytes: [UInt8]) throws(WrongAnswer) -> JSON {
        do {
            return try JSON.parse(bytes)
        } catch {
            throw WrongAnswer("the answer is not JSON: \(error)")
        }
    }

    /// Puts the binary tensors behind the header into it.
    private static func fill(_ header: JSON, _ data: ArraySlice<UInt8>) throws(WrongAnswer) -> JSON
    {
        guard var members = header.members,
            let at = members.firstIndex(where: { $0.name == "outputs" }),
            let outputs = members[at].value.array
        else { throw WrongAnswer("the answer has no \"outputs\"") }
        var rest = data
        var filled: [JSON] = []
        for output in outputs {
            guard let size = output["parameters"]?["binary_data_size"]?.int,
                var parts = output.members
            else {
                filled.append(output)
                continue
            }
            guard size >= 0, size <= rest.count,
                let type = output["datatype"]?.string.flatMap(Datatype.init(rawValue:))
            else { throw WrongAnswer("the answer's binary tensors are longer than its body") }
            let values = try elements(Array(rest.prefix(size)), type)
            rest = rest.dropFirst(size)
            parts.removeAll { $0.name == "parameters" }
            parts.append(JSON.Member("data", .array(values)))
            filled.append(.object(parts))
        }
        guard rest.isEmpty else {
            throw WrongAnswer("\(rest.count) bytes follow the last binary tensor")
        }
        members[at].value = .array(filled)
        return .object(members)
    }

    private static func elements(_ bytes: [UInt8], _ type: Datatype) throws(WrongAnswer) -> [JSON] {
        guard let size = type.byteCount else { return try strings(bytes) }
        guard bytes.count % size == 0 else {
            throw WrongAnswer("a binary tensor ends within an element")
        }
        return bytes.withUnsafeBytes { raw in
            func load<T: BitwiseCopyable & FixedWidthInteger>(_ index: Int, _: T.Type) -> T {
                T(littleEndian: raw.loadUnaligned(fromByteOffset: index * size, as: T.self))
            }
            return (0..<bytes.count / size).map { index in
                switch type {
                case .bool: .bool(load(index, UInt8.self) != 0)
                case .uint8: JSON(Int(load(index, UInt8.self)))
                case .uint16: JSON(Int(load(index, UInt16.self)))
                case .uint32: JSON(Int(load(index, UInt32.self)))
                case .uint64: .number(String(load(index, UInt64.self)))
                case .int8: JSON(Int(load(index, Int8.self)))
                case .int16: JSON(Int(load(index, Int16.self)))
                case .int32: JSON(Int(load(index, Int32.self)))
                case .int64: .number(String(load(index, Int64.self)))
                case .fp16: number(Double(half: load(index, UInt16.self)))
                case .bf16:
                    number(Double(Float(bitPattern: UInt32(load(index, UInt16.self)) << 16)))
                case .fp32: number(Float(bitPattern: load(index, UInt32.self)))
                case .fp64: number(Double(bitPattern: load(index, UInt64.self)))
                case .bytes: .null
                }
            }
        }
    }

    /// A float's own shortest text, so that it equals what a JSON answer says.
    private static func number<F: BinaryFloatingPoint & LosslessStringConvertible>(_ value: F)
        -> JSON
    {
        if value.isNaN { return .number("NaN") }
        if value.isInfinite { return .number(value < 0 ? "-Infinity" : "Infinity") }
        return .number("\(value)")
    }

    private static func strings(_ bytes: [UInt8]) throws(WrongAnswer) -> [JSON] {
        var rest = bytes[...]
        var result: [JSON] = []
        while !rest.isEmpty {
            guard rest.count >= 4 else { throw WrongAnswer("a string tensor ends within a length") }
            let count = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            guard count <= rest.count else {
                throw WrongAnswer("a string tensor ends within a string")
            }
            result.append(.string(String(decoding: rest.prefix(count), as: UTF8.self)))
            rest = rest.dropFirst(count)
        }
        return result
    }
}

extension Double {
    /// IEEE 754 binary16.
    fileprivate init(half bits: UInt16) {
        let fraction = Double(bits & 0x3ff)
        let exponent = Int(bits >> 10 & 0x1f)
        let magnitude: Double =
            switch exponent {
            case 0: fraction * 0x1p-24
            case 31: fraction == 0 ? .infinity : .nan
            default:
                (1 + fraction / 1024) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
            }
        self = bits & 0x8000 == 0 ? magnitude : -magnitude
    }
}
