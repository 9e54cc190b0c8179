import ApusModel
import ApusWire
import Foundation

/// Where the tests find what they load.
enum TestEngine {
    /// The checkout's root.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// `APUS_ONNXRUNTIME`, else where deploy/onnxruntime.sh puts the library.
    static let libraryPath =
        ProcessInfo.processInfo.environment["APUS_ONNXRUNTIME"]
        ?? root + "/.build/onnxruntime/libonnxruntime.so.1.28.0"

    static func fixture(_ name: String) -> String { root + "/Tests/Fixtures/" + name }

    /// Opened once; ONNX Runtime's environment may be used by all the tests' threads.
    nonisolated(unsafe) private static let runtime = Result { try OnnxRuntime.load(libraryPath) }

    static func session(path: String) throws -> Session {
        try Session(runtime.get(), name: "test", path: path)
    }

    static func session(_ fixture: String) throws -> Session { try session(path: Self.fixture(fixture)) }

    /// One of the hand-made models in Tests/Fixtures/small.
    static func small(_ name: String) throws -> Session { try session("small/\(name).onnx") }
}

/// A tensor with memory of its own, to write inputs down and to keep outputs.
struct OwnedTensor: Equatable {
    var elementType: ElementType
    var shape: [Int]
    var bytes: [UInt8]
    var ends: [Int] = []

    init(_ elementType: ElementType, _ shape: [Int], bytes: [UInt8], ends: [Int] = []) {
        self.elementType = elementType
        self.shape = shape
        self.bytes = bytes
        self.ends = ends
    }

    init<T: BitwiseCopyable>(_ elementType: ElementType, _ shape: [Int], _ values: [T]) {
        self.init(elementType, shape, bytes: values.withUnsafeBytes { Array($0) })
    }

    init(_ shape: [Int], strings: [String]) {
        self.init(shape, byteStrings: strings.map { Array($0.utf8) })
    }

    init(_ shape: [Int], byteStrings: [[UInt8]]) {
        var ends: [Int] = []
        for string in byteStrings { ends.append((ends.last ?? 0) + string.count) }
        self.init(.string, shape, bytes: byteStrings.flatMap { $0 }, ends: ends)
    }

    init(_ view: TensorView) {
        self.init(view.elementType, view.shape.array, bytes: Array(view.bytes), ends: Array(view.ends))
    }

    func values<T: BitwiseCopyable>(as type: T.Type) -> [T] {
        bytes.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count, by: MemoryLayout<T>.size).map {
                raw.loadUnaligned(fromByteOffset: $0, as: T.self)
            }
        }
    }

    var strings: [String] {
        ends.indices.map { index in
            String(decoding: bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]], as: UTF8.self)
        }
    }
}

extension Session {
    /// Runs on tensors that own their memory; gives copies of the outputs.
    func answers(_ tensors: [OwnedTensor], wanted: [Bool] = []) throws -> [OwnedTensor] {
        var copies: [UnsafeMutableRawBufferPointer] = []
        var ends: [UnsafeMutableBufferPointer<Int>] = []
        defer {
            copies.forEach { $0.deallocate() }
            ends.forEach { $0.deallocate() }
        }
        let views = tensors.map { tensor in
            let copy = UnsafeMutableRawBufferPointer.allocate(
                byteCount: tensor.bytes.count, alignment: 64)
            copy.copyBytes(from: tensor.bytes)
            copies.append(copy)
            let end = UnsafeMutableBufferPointer<Int>.allocate(capacity: tensor.ends.count)
            _ = end.initialize(from: tensor.ends)
            ends.append(end)
            return TensorView(
                elementType: tensor.elementType, shape: Shape(tensor.shape),
                bytes: UnsafeRawBufferPointer(copy), ends: UnsafeBufferPointer(end))
        }
        return try views.withUnsafeBufferPointer { views in
            try wanted.withUnsafeBufferPointer { wanted in
                try run(views, wanted: wanted) { outputs in outputs.map { OwnedTensor($0) } }
            }
        }
    }
}
