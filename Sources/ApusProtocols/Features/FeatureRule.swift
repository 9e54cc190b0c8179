import ApusWire

/// What one feature's values have to be beyond the tensor's type, compiled from its `FeatureSpec`.
struct FeatureRule {
    /// Integers beyond this are not all told apart by a float of that type.
    private static func exactLimit(_ type: ElementType) -> Double {
        switch type {
        case .float16: 2048
        case .bfloat16: 256
        case .float32: 0x1p24
        case _: 0x1p53
        }
    }

    let feature: FeatureSpec
    /// Whole numbers within these, in a tensor of another type.
    private var integers: ClosedRange<Double>?
    /// As bits of the tensor's type widened to a double, as that is what they are compared with.
    private var numbers: Set<Double>?
    private var texts: Set<[UInt8]>?

    /// - Returns: nil when the tensor's type says it all.
    init?(_ feature: FeatureSpec, in tensor: ElementType) {
        self.feature = feature
        if feature.elementType != tensor, tensor != .string { integers = Self.integers(feature.elementType, in: tensor) }
        if !feature.categories.isEmpty {
            if tensor == .string {
                texts = Set(feature.categories.map { Array($0.description.utf8) })
            } else {
                numbers = Set(feature.categories.compactMap { Self.rounded($0, tensor) })
            }
        }
        guard integers != nil || numbers != nil || texts != nil || hasRange else { return nil }
    }

    private var hasRange: Bool { feature.minimum != nil || feature.maximum != nil }

    /// The whole numbers of a type that a tensor of another type holds exactly; nil when it is no type of whole numbers.
    static func integers(_ type: ElementType, in tensor: ElementType) -> ClosedRange<Double>? {
        let whole: ClosedRange<Double>
        switch type {
        case .bool: return 0...1
        case .uint8: whole = 0...255
        case .uint16: whole = 0...65_535
        case .uint32: whole = 0...4_294_967_295
        case .uint64: whole = 0...0x1p64
        case .int8: whole = -128...127
        case .int16: whole = -32_768...32_767
        case .int32: whole = -2_147_483_648...2_147_483_647
        case .int64: whole = -0x1p63...0x1p63
        case .float16, .bfloat16, .float32, .float64, .string: return nil
        }
        guard tensor.isFloatingPoint else { return whole }
        let limit = exactLimit(tensor) - 1
        return whole.clamped(to: -limit...limit)
    }

    /// As the tensor holds it.
    private static func rounded(_ value: FeatureValue, _ tensor: ElementType) -> Double? {
        let buffer = TensorBuffer(tensor)
        guard buffer.append(value) else { return nil }
        return TensorView(elementType: tensor, shape: Shape([1]), bytes: buffer.bytes).number(0)
    }

    enum Verdict: Equatable {
        case fits
        /// In words, without the value.
        case fault(found: String, wanted: String)
        /// Refused whatever is done with ranges, and counted with them.
        case otherCategory(found: String, wanted: String)
        case outOfRange(found: String, wanted: String)
    }

    func judge(_ number: Double) -> Verdict {
        if number.isNaN {
            // A missing value, where values may be missing; a whole number or a category is never NaN.
            let isMissing = !feature.isRequired || (integers == nil && numbers == nil)
            return isMissing ? .fits : .fault(found: "null or NaN", wanted: wanted)
        }
        if let integers {
            guard number == number.rounded(.towardZero) else { return .fault(found: "a number with a fraction", wanted: wanted) }
            guard integers.contains(number) else {
                return .fault(found: "a number out of range", wanted: "\(wanted) from \(Self.text(integers.lowerBound)) to \(Self.text(integers.upperBound))")
            }
        }
        if let numbers, !numbers.contains(number) { return .otherCategory(found: "another value", wanted: categoryText) }
        if let minimum = feature.minimum, number < minimum { return .outOfRange(found: "a number below the range", wanted: rangeText) }
        if let maximum = feature.maximum, number > maximum { return .outOfRange(found: "a number above the range", wanted: rangeText) }
        return .fits
    }

    func judge(_ text: UnsafeRawBufferPointer) -> Verdict {
        guard let texts, !texts.contains(Array(text)) else { return .fits }
        if text.isEmpty, !feature.isRequired { return .fits }
        return .otherCategory(found: "another text", wanted: categoryText)
    }

    private var wanted: String {
        if integers == nil { return categoryText }
        return feature.elementType == .bool ? "0 or 1 (BOOL)" : "a whole number (\(feature.elementType.datatype))"
    }

    private var rangeText: String {
        switch (feature.minimum, feature.maximum) {
        case (let minimum?, let maximum?): "a number from \(Self.text(minimum)) to \(Self.text(maximum))"
        case (let minimum?, nil): "a number of \(Self.text(minimum)) or more"
        case (_, let maximum): "a number of \(Self.text(maximum ?? 0)) or less"
        }
    }

    private var categoryText: String {
        let shown = feature.categories.prefix(10).map { "'\($0.description)'" }.joined(separator: ", ")
        let more = feature.categories.count > 10 ? " or \(feature.categories.count - 10) others" : ""
        return "one of \(shown)\(more)"
    }

    private static func text(_ number: Double) -> String {
        number == number.rounded() && number.magnitude < 0x1p53 ? "\(Int(number))" : "\(number)"
    }
}
