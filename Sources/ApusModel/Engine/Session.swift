import ApusWire
import COnnxRuntime

/// One loaded model, ready to run on the thread that calls it. It creates no thread, so a process that
/// holds one may fork, and its children may run it.
package final class Session {
    /// The name it is served under, for messages.
    package let name: String
    package let path: String
    package let info: ModelInfo
    /// In the model's own order.
    package let inputs: [TensorSpec]
    /// In the model's own order. A sequence of maps from class label to score (scikit-learn's ZipMap)
    /// is a float32 matrix `[rows, classes]` with `labels` here and in every run.
    package internal(set) var outputs: [TensorSpec]

    let runtime: OnnxRuntime
    let memory: RunMemory
    /// Outputs whose maps are read at run time, as no ZipMap could be cut off.
    let mapOutputs: [Bool]
    let object: OrtObject
    var isRunning = false

    /// Reads and optimises the model. Slow: seconds for a large one.
    ///
    /// A model that leaves an output's number of dimensions or its class labels open is run once on an
    /// example input to learn them.
    ///
    /// - Parameter path: an ONNX file; weights in files of their own are looked up in its folder.
    /// - Throws: `EngineError` of kind `model`.
    package init(_ runtime: OnnxRuntime, name: String, path: String) throws(EngineError) {
        let graph = try LoadedGraph(runtime, path: path)
        self.runtime = runtime
        self.name = name
        self.path = path
        info = graph.info
        inputs = try graph.inputSpecs()
        let described = try graph.outputSpecs()
        outputs = described.map(\.spec)
        mapOutputs = described.map(\.isSequenceOfMaps)
        let engineNames = zip(described, outputs).map { (name: $0.engineName, elementType: $1.elementType) }
        memory = RunMemory(inputNames: inputs.map(\.name), outputs: engineNames)
        object = graph.takeSession()
        try learnOutputs()
    }
}
