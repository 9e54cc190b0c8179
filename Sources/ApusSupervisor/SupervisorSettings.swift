import ApusWire
import Glibc

/// One model version that is to be served.
package struct WantedModel: Equatable, Sendable {
    package var name: String
    package var version: Int
    /// Names for this version.
    package var labels: [String] = []
    /// The .onnx file.
    package var path: String
    /// What the model was named by, or its place in the repository, as it was given: a file, a folder, or a link.
    package var source = ""
    /// `source` when it is a folder, without links; else empty.
    package var folder = ""
    /// Nil: as many as `Placement` finds.
    package var workerCount: Int?
    /// The files that are there for it; the ONNX file first.
    package var files: [String] = []
    /// Named on the command line or in the configuration: when it cannot be loaded at the start, that is the
    /// end. A model found in a repository is reported instead, and the others are served.
    package var isRequired: Bool
    package var limits = ModelLimits()
    package var batching = BatchingMode.auto
    package var outOfRange = OutOfRangeMode.warn
    package var nonfinite = NonfiniteMode.auto
    package var maxBatchRowCount = 256
    /// How long a request may wait for its batch to fill.
    package var maxDelayMilliseconds = 0
    /// What a run may take before it gets fewer rows.
    package var maxRunMilliseconds = 100
    /// A worker that alone holds more memory than this, or has answered more requests, is replaced. 0: no limit.
    package var workerByteLimit = 0
    package var workerRequestLimit = 0

    /// What tells it from all others.
    var label: String { "\(name)/\(version)" }

    package init(name: String, version: Int, path: String, workerCount: Int?, isRequired: Bool) {
        self.name = name
        self.version = version
        self.path = path
        self.workerCount = workerCount
        self.isRequired = isRequired
    }
}

/// The memory in which all processes count, see `ApusWire/Metrics`.
package struct SharedMetrics {
    /// Inherited by every proxy.
    package var descriptor: CInt
    package var memory: UnsafeMutableRawBufferPointer

    package init(descriptor: CInt, memory: UnsafeMutableRawBufferPointer) {
        self.descriptor = descriptor
        self.memory = memory
    }
}

/// Everything that the supervisor is told at its start.
package struct SupervisorSettings {
    /// Numeric address, and a port; 0 picks one.
    package var host = "127.0.0.1"
    package var port: UInt16 = 8080
    package var runtimeDirectory = ""
    /// Where the copies of models are; nil: in the runtime directory.
    package var snapshotDirectory: String?
    package var models: [WantedModel] = []
    /// Reads the configuration again and looks for the model files, for a reload.
    package var locateAgain: () throws(ReloadError) -> [WantedModel]? = { () throws(ReloadError) in [] }
    /// Looks for the model files alone, and gives those that are there; nil when the repository cannot be read.
    package var look: () -> [WantedModel]? = { [] }
    /// The folder of which every model is served.
    package var repository: () -> String? = { nil }
    /// Changed model files are loaded without being asked.
    package var watchesModels = false
    /// How long a new generation is watched for crashes while the one before it is kept; 0: not at all.
    package var probationMilliseconds = 30_000
    /// How many proxies there are; with `placesProxies` the most that there may be.
    package var proxyCount = 1
    /// How many proxies there are is found out when the models are loaded.
    package var placesProxies = false
    /// The numbers of the processors that may be used; at least one.
    package var processors = [0]
    /// Keeps a process on the processors of these numbers, and says why it cannot; nil keeps none anywhere.
    package var keep: ((pid_t, [Int]) -> String?)?
    /// Each proxy and each worker is kept on a processor.
    package var pins = false
    /// A proxy and the workers that it prefers are kept together where that pays.
    package var colocates = false
    package var proxy = ProxySettings()
    package var onnxRuntimePath = ""
    /// A new version may change its schema so that clients of the serving one cannot go on.
    package var allowsSchemaChange = false
    package var drainMilliseconds = 30_000
    /// How long a model may take to load before its template is killed.
    package var loadMilliseconds = 600_000
    /// `NAME=value` for every child.
    package var environment: [String] = []
    package var metrics: SharedMetrics?
    /// What the service manager passed.
    package var service = ServiceEnvironment()
    /// How to start this program again; nil: SIGUSR2 does nothing.
    package var program: Program?
    /// What the program before left, when this one took its place.
    package var takeover: TakeoverDocument?

    package init() {}
}
