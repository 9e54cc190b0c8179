import ApusWire
import COnnxRuntime

/// A model on its way to a `Session`: loaded by the engine, its inputs and outputs not yet looked at.
struct LoadedGraph: ~Copyable {
    struct Output {
        var spec: TensorSpec
        /// The name the engine knows it by: another one where a ZipMap was cut off.
        var engineName: String
        var isSequenceOfMaps: Bool
    }

    let info: ModelInfo
    private let path: String
    private let runtime: OnnxRuntime
    private let session: OrtObject
    private let cuts: [ZipMapCut.Output]

    init(_ runtime: OnnxRuntime, path: String) throws(EngineError) {
        let file = try ModelFile(path)
        let (info, cut) = try Self.read(file)
        do {
            session = try Self.create(runtime, file, cut?.modelProto)
        } catch {
            throw EngineError(refusal: error, path: path, info: info)
        }
        self.info = info
        self.path = path
        self.runtime = runtime
        cuts = cut?.outputs ?? []
    }

    private static func read(
        _ file: borrowing ModelFile
    ) throws(EngineError) -> (ModelInfo, ZipMapCut?) {
        do {
            let info = try ModelInfo(modelProto: file.bytes)
            if info.hasGraph, info.irVersion > 0 { return (info, try ZipMapCut(modelProto: file.bytes)) }
        } catch {
            throw .notONNX(path: file.path, reason: "it is damaged or of another format")
        }
        throw .notONNX(path: file.path, reason: "it holds no graph")
    }

    consuming func takeSession() -> OrtObject { session }

    private static func create(
        _ runtime: OnnxRuntime, _ file: borrowing ModelFile, _ edited: [UInt8]?
    ) throws(OrtError) -> OrtObject {
        let api = runtime.api
        let options = try SessionOptions.create(api, externalDataFolder: file.folder)
        let bytes = file.bytes
        return try OrtObject(api, releasedBy: api.pointee.ReleaseSession) { out in
            func create(_ bytes: UnsafeRawBufferPointer) -> OpaquePointer? {
                api.pointee.CreateSessionFromArray(
                    runtime.environment, bytes.baseAddress, bytes.count, options.raw, out)
            }
            return edited.map { $0.withUnsafeBytes(create) } ?? create(bytes)
        }
    }
}

// MARK: Inputs and outputs

extension LoadedGraph {
    func inputSpecs() throws(EngineError) -> [TensorSpec] {
        let api = runtime.api.pointee
        var specs: [TensorSpec] = []
        for index in 0..<(try count(api.SessionGetInputCount)) {
            let name = try name(index, api.SessionGetInputName)
            switch try type(index, api.SessionGetInputTypeInfo) {
            case .tensor(let elementType, let shape):
                try checkRank(.input, name, shape.count)
                if info.graphInputs.contains(where: { $0.name == name && !$0.hasShape }) {
                    throw .rankUnknown(path: path, role: .input, name: name)
                }
                specs.append(TensorSpec(name: name, elementType: elementType, shape: shape))
            case .sequenceOfMaps:
                throw unsupported(.input, name, "a sequence of maps")
            case .other(let found):
                throw unsupported(.input, name, found)
            }
        }
        return specs
    }

    func outputSpecs() throws(EngineError) -> [Output] {
        let api = runtime.api.pointee
        var outputs: [Output] = []
        for index in 0..<(try count(api.SessionGetOutputCount)) {
            let engineName = try name(index, api.SessionGetOutputName)
            let type = try type(index, api.SessionGetOutputTypeInfo)
            outputs.append(try output(engineName, type))
        }
        return outputs
    }

    private func output(_ engineName: String, _ type: ValueType) throws(EngineError) -> Output {
        let cut = cuts.first { $0.tensor == engineName }
        let name = cut?.name ?? engineName
        switch type {
        case .tensor(let elementType, var shape):
            try checkRank(.output, name, shape.count)
            // The engine rarely infers the number of classes; the labels tell it.
            if let cut, !shape.isEmpty { shape[shape.count - 1] = cut.labels.count }
            let spec = TensorSpec(
                name: name, elementType: elementType, shape: shape, labels: cut?.labels)
            return Output(spec: spec, engineName: engineName, isSequenceOfMaps: false)
        case .sequenceOfMaps:
            let spec = TensorSpec(name: name, elementType: .float32, shape: [nil, nil])
            return Output(spec: spec, engineName: engineName, isSequenceOfMaps: true)
        case .other(let found):
            throw unsupported(.output, name, found)
        }
    }

    private func checkRank(
        _ role: EngineError.Role, _ name: String, _ rank: Int
    ) throws(EngineError) {
        guard rank > Shape.rankLimit else { return }
        throw .rankTooLarge(
            path: path, role: role, name: name, found: rank, limit: Shape.rankLimit)
    }

    private func unsupported(
        _ role: EngineError.Role, _ name: String, _ found: String
    ) -> EngineError {
        .unsupportedType(path: path, role: role, name: name, found: found)
    }
}

// MARK: Questions to the engine

extension LoadedGraph {
    private typealias CountCall =
        @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int>?) -> OpaquePointer?
    private typealias NameCall = @convention(c) (
        OpaquePointer?, Int, OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> OpaquePointer?
    private typealias TypeCall =
        @convention(c) (OpaquePointer?, Int, UnsafeMutablePointer<OpaquePointer?>?) -> OpaquePointer?

    private func count(_ call: CountCall) throws(EngineError) -> Int {
        var count = 0
        try refusing { () throws(OrtError) in try runtime.api.check(call(session.raw, &count)) }
        return count
    }

    private func name(_ index: Int, _ call: NameCall) throws(EngineError) -> String {
        var text: UnsafeMutablePointer<CChar>?
        return try refusing { () throws(OrtError) in
            try runtime.api.check(call(session.raw, index, runtime.allocator, &text))
            guard let text else { preconditionFailure("the name is set when the status is null") }
            let name = String(cString: text)
            try runtime.api.check(runtime.api.pointee.AllocatorFree(runtime.allocator, text))
            return name
        }
    }

    private func type(_ index: Int, _ call: TypeCall) throws(EngineError) -> ValueType {
        try refusing { () throws(OrtError) in
            let api = runtime.api
            let info = try OrtObject(api, releasedBy: api.pointee.ReleaseTypeInfo) {
                call(session.raw, index, $0)
            }
            return try ValueType(api, typeInfo: info.raw)
        }
    }

    private func refusing<R>(_ body: () throws(OrtError) -> R) throws(EngineError) -> R {
        do { return try body() } catch { throw .refused(path: path, error) }
    }
}
