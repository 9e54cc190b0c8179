extension TensorBuffer {
    /// Appends one value that a schema or an example names.
    /// - Returns: false, with nothing appended, when an element of this type cannot hold it without loss. A fraction
    ///   is rounded to the precision of a float.
    package func append(_ value: FeatureValue) -> Bool {
        switch (elementType, value) {
        case (.string, .text(var text)):
            text.withUTF8 { append(string: UnsafeRawBufferPointer($0)) }
            return true
        case (.string, _), (_, .text): return false
        case (_, .bool(let truth)): return append(truth ? 1 : 0)
        case (_, .integer(let integer)): return append(integer)
        case (_, .number(let number)):
            if !elementType.isFloatingPoint {
                guard let integer = Int(exactly: number) else { return false }
                return append(integer)
            }
            put(number)
            return true
        }
    }

    /// Appends what stands for a value that is not there: NaN, or no text.
    /// - Returns: false, with nothing appended, for a type that has neither.
    package func appendMissing() -> Bool {
        if elementType == .string {
            append(string: UnsafeRawBufferPointer(start: nil, count: 0))
            return true
        }
        guard elementType.isFloatingPoint else { return false }
        put(.nan)
        return true
    }

    private func append(_ integer: Int) -> Bool {
        switch elementType {
        case .bool: return integer == 0 || integer == 1 ? store(UInt8(integer)) : false
        case .uint8: return UInt8(exactly: integer).map(store) ?? false
        case .uint16: return UInt16(exactly: integer).map(store) ?? false
        case .uint32: return UInt32(exactly: integer).map(store) ?? false
        case .uint64: return UInt64(exactly: integer).map(store) ?? false
        case .int8: return Int8(exactly: integer).map(store) ?? false
        case .int16: return Int16(exactly: integer).map(store) ?? false
        case .int32: return Int32(exactly: integer).map(store) ?? false
        case .int64: return store(Int64(integer))
        case .float16, .bfloat16, .float32, .float64:
            put(Double(integer))
            return true
        case .string: return false
        }
    }

    private func put(_ number: Double) {
        switch elementType {
        case .float16: _ = store(Float16(number).bitPattern)
        case .bfloat16: _ = store(Self.bfloat16(number))
        case .float32: _ = store(Float(number))
        case .float64: _ = store(number)
        case .bool, .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64, .string:
            preconditionFailure("only floats take a fraction")
        }
    }

    /// The bits of the nearest bfloat16, ties to even: as requests are rounded (apus_json_float16.h).
    private static func bfloat16(_ number: Double) -> UInt16 {
        if number.isNaN { return 0x7FC0 }
        let narrow = Float(number)
        var word = narrow.bitPattern
        // Rounding twice must not turn a near tie into a tie: the float goes off the tie towards the number.
        if word & 0xFFFF == 0x8000, Double(narrow) != number {
            word = number.magnitude > Double(narrow).magnitude ? word + 1 : word - 1
        }
        return UInt16(truncatingIfNeeded: (word + 0x7FFF + (word >> 16 & 1)) >> 16)
    }

    private func store<T: BitwiseCopyable>(_ value: T) -> Bool {
        extend(elements: 1).storeBytes(of: value, as: T.self)
        return true
    }
}

extension TensorView {
    /// Element `index` as a number; nil for a string. Integers beyond 2^53 are rounded.
    package func number(_ index: Int) -> Double? {
        func load<T: BitwiseCopyable>(_: T.Type) -> T {
            bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self)
        }
        return switch elementType {
        case .bool, .uint8: Double(load(UInt8.self))
        case .uint16: Double(load(UInt16.self))
        case .uint32: Double(load(UInt32.self))
        case .uint64: Double(load(UInt64.self))
        case .int8: Double(load(Int8.self))
        case .int16: Double(load(Int16.self))
        case .int32: Double(load(Int32.self))
        case .int64: Double(load(Int64.self))
        case .float16: Double(Float16(bitPattern: load(UInt16.self)))
        case .bfloat16: Double(Float(bitPattern: UInt32(load(UInt16.self)) << 16))
        case .float32: Double(load(Float.self))
        case .float64: load(Double.self)
        case .string: nil
        }
    }
}
