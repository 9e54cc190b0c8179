import ApusWire
import COnnxRuntime

/// What the engine says one input or output of a loaded model is.
enum ValueType: Equatable {
    case tensor(ElementType, shape: [Int?])
    /// A sequence of maps from class label to float: what scikit-learn's ZipMap makes.
    case sequenceOfMaps
    /// Anything else, in ONNX's words.
    case other(String)
}

extension ValueType {
    /// Reads a type that the engine described. A dimension without a fixed size is -1 there.
    init(_ api: UnsafePointer<OrtApi>, typeInfo: OpaquePointer) throws(OrtError) {
        var kind: OrtOnnxType = 0
        try api.check(api.pointee.GetOnnxTypeFromTypeInfo(typeInfo, &kind))
        // ONNXType in onnxruntime_c_api.h
        switch kind {
        case 1: self = try Self.tensor(api, typeInfo)
        case 2: self = try Self.sequence(api, typeInfo)
        case 3: self = .other("a map")
        case 4: self = .other("an opaque value")
        case 5: self = .other("a sparse tensor")
        case 6: self = .other("an optional value")
        default: self = .other("a value of unknown type \(kind)")
        }
    }

    private static func tensor(
        _ api: UnsafePointer<OrtApi>, _ typeInfo: OpaquePointer
    ) throws(OrtError) -> ValueType {
        var info: OpaquePointer?
        try api.check(api.pointee.CastTypeInfoToTensorInfo(typeInfo, &info))
        var type: OrtElementType = 0
        try api.check(api.pointee.GetTensorElementType(info, &type))
        guard let elementType = ElementType(ortType: type) else {
            return .other(ElementType.onnxName(type))
        }
        var rank = 0
        try api.check(api.pointee.GetDimensionsCount(info, &rank))
        var dimensions = [Int64](repeating: 0, count: rank)
        try api.check(api.pointee.GetDimensions(info, &dimensions, rank))
        return .tensor(elementType, shape: dimensions.map { $0 < 0 ? nil : Int($0) })
    }

    private static func sequence(
        _ api: UnsafePointer<OrtApi>, _ typeInfo: OpaquePointer
    ) throws(OrtError) -> ValueType {
        var sequence: OpaquePointer?
        try api.check(api.pointee.CastTypeInfoToSequenceTypeInfo(typeInfo, &sequence))
        let element = try OrtObject(api, releasedBy: api.pointee.ReleaseTypeInfo) {
            api.pointee.GetSequenceElementType(sequence, $0)
        }
        var map: OpaquePointer?
        try api.check(api.pointee.CastTypeInfoToMapTypeInfo(element.raw, &map))
        guard let map else { return .other("a sequence of tensors") }
        var key: OrtElementType = 0
        try api.check(api.pointee.GetMapKeyType(map, &key))
        let value = try OrtObject(api, releasedBy: api.pointee.ReleaseTypeInfo) {
            api.pointee.GetMapValueType(map, $0)
        }
        guard case .tensor(.float32, _) = try ValueType(api, typeInfo: value.raw),
            key == ElementType.string.ortType || key == ElementType.int64.ortType
        else { return .other("a sequence of maps to something else than float") }
        return .sequenceOfMaps
    }
}
