/// When requests of a model may share a run.
package enum BatchingMode: UInt8, Sendable, CaseIterable {
    /// When the self-test has shown that the answers stay the same.
    case auto = 0
    case on = 1
    case off = 2
}

/// What becomes of NaN and infinities in a JSON answer.
package enum NonfiniteMode: UInt8, Sendable, CaseIterable {
    /// `null`, which every JSON reader takes.
    case null = 0
    /// The bare words NaN, Infinity, -Infinity, as TensorFlow Serving writes them.
    case token = 1
    /// The request fails.
    case error = 2
    /// As each protocol has it: `token` for TensorFlow Serving's, `null` for the others.
    case auto = 3
}

/// What a template needs to load one model version.
package struct TemplateSettings: Equatable, Sendable {
    package var name: String
    package var version: Int
    /// The .onnx file, as the user knows it.
    package var path: String
    /// The folder that the model was named by, in which an `MLmodel` may lie; empty when it was named by file.
    package var folder = ""
    /// Where the private copy is that the model is loaded from; empty to load it from `path`.
    package var snapshotFolder = ""
    /// The digest of the copy that a template before this has loaded, and that is loaded again; empty: a copy is made.
    package var snapshotDigest = ""
    /// The files of that copy, from which it is written anew when somebody has deleted it.
    package var keptFiles: [SnapshotFile] = []
    /// Nobody asked by hand: a model that is being written, or is one of `knownDigests`, is declined.
    package var isAutomatic = false
    package var knownDigests: [String] = []
    /// Where ONNX Runtime is, from the command line; empty for the usual search.
    package var onnxRuntimePath: String
    package var batching: BatchingMode
    package var nonfinite: NonfiniteMode
    package var maxBatchRowCount: Int
    /// How long a worker may wait for a batch to fill, counted from a request's arrival. 0: not at all.
    package var maxDelayNanoseconds: UInt64
    /// What a run may take before it gets fewer rows.
    package var maxRunNanoseconds: UInt64 = 100_000_000
    /// The largest body after unpacking.
    package var bodyByteLimit: Int
    /// `ModelSchema.encoded` of the version that this one is to follow, and its number; empty when it follows none.
    package var servingSchema: [UInt8] = []
    package var servingVersion = 0
    /// A schema that clients of the serving version cannot go on with is no reason to refuse.
    package var allowsSchemaChange = false
    package var outOfRange = OutOfRangeMode.warn
    /// A worker that alone holds more memory than this, or has answered more requests, is replaced. 0: no limit.
    package var workerByteLimit = 0
    package var workerRequestLimit = 0

    package init(
        name: String, version: Int, path: String, onnxRuntimePath: String, batching: BatchingMode,
        nonfinite: NonfiniteMode, maxBatchRowCount: Int, maxDelayNanoseconds: UInt64,
        bodyByteLimit: Int
    ) {
        self.name = name
        self.version = version
        self.path = path
        self.onnxRuntimePath = onnxRuntimePath
        self.batching = batching
        self.nonfinite = nonfinite
        self.maxBatchRowCount = maxBatchRowCount
        self.maxDelayNanoseconds = maxDelayNanoseconds
        self.bodyByteLimit = bodyByteLimit
    }
}

/// The supervisor's orders to a template.
package enum TemplateOrder: Equatable, Sendable {
    /// Once, first.
    case load(TemplateSettings)
    /// Fork a worker that listens on `socketPath`. `serial` is never used twice.
    case fork(serial: UInt32, slot: UInt32, socketPath: String)
}

extension TemplateOrder: ControlMessage {
    package func write(to writer: inout ControlWriter) {
        switch self {
        case .load(let settings):
            writer.write(UInt8(1))
            settings.write(to: &writer)
        case .fork(let serial, let slot, let socketPath):
            writer.write(UInt8(2))
            writer.write(serial)
            writer.write(slot)
            writer.write(socketPath)
        }
    }

    package init(reading reader: inout ControlReader) throws(ControlError) {
        switch try reader.read(UInt8.self) {
        case 1: self = .load(try TemplateSettings(reading: &reader))
        case 2:
            self = .fork(
                serial: try reader.read(), slot: try reader.read(), socketPath: try reader.readString())
        case let kind: throw .unknownKind(kind)
        }
    }
}

extension TemplateSettings {
    func write(to writer: inout ControlWriter) {
        writer.write(name)
        writer.write(version)
        writer.write(path)
        writer.write(folder)
        writer.write(snapshotFolder)
        writer.write(snapshotDigest)
        writer.write(keptFiles) { $1.write(to: &$0) }
        writer.write(isAutomatic)
        writer.write(knownDigests) { $0.write($1) }
        writer.write(onnxRuntimePath)
        writer.write(batching.rawValue)
        writer.write(nonfinite.rawValue)
        writer.write(maxBatchRowCount)
        writer.write(maxDelayNanoseconds)
        writer.write(maxRunNanoseconds)
        writer.write(bodyByteLimit)
        writer.write(servingSchema)
        writer.write(servingVersion)
        writer.write(allowsSchemaChange)
        writer.write(outOfRange.rawValue)
        writer.write(workerByteLimit)
        writer.write(workerRequestLimit)
    }

    init(reading reader: inout ControlReader) throws(ControlError) {
        name = try reader.readString()
        version = try reader.read()
        path = try reader.readString()
        folder = try reader.readString()
        snapshotFolder = try reader.readString()
        snapshotDigest = try reader.readString()
        keptFiles = try reader.readList { (reader) throws(ControlError) in try SnapshotFile(reading: &reader) }
        isAutomatic = try reader.readBool()
        knownDigests = try reader.readList { (reader) throws(ControlError) in try reader.readString() }
        onnxRuntimePath = try reader.readString()
        guard let batching = BatchingMode(rawValue: try reader.read()) else {
            throw .badValue("batching mode")
        }
        guard let nonfinite = NonfiniteMode(rawValue: try reader.read()) else {
            throw .badValue("nonfinite mode")
        }
        self.batching = batching
        self.nonfinite = nonfinite
        maxBatchRowCount = try reader.read()
        maxDelayNanoseconds = try reader.read()
        maxRunNanoseconds = try reader.read()
        bodyByteLimit = try reader.read()
        servingSchema = try reader.readBytes()
        servingVersion = try reader.read()
        allowsSchemaChange = try reader.readBool()
        guard let outOfRange = OutOfRangeMode(rawValue: try reader.read()) else {
            throw .badValue("out-of-range mode")
        }
        self.outOfRange = outOfRange
        workerByteLimit = try reader.read()
        workerRequestLimit = try reader.read()
    }
}

/// What a template found out about its model, for everybody who never loads it.
package struct ModelDescription: Equatable, Sendable {
    /// Requests share runs.
    package var isBatched: Bool
    /// Why they do or do not, for the log and for `apus status`.
    package var batchingReason: String
    /// The median of some single-row runs after warm-up.
    package var runNanoseconds: UInt64
    /// The V2 model metadata up to and from the list of versions, which only the proxy knows.
    package var metadataPrefix: [UInt8]
    package var metadataSuffix: [UInt8]
    /// The V2 model configuration, whole.
    package var config: [UInt8]
    /// TensorFlow Serving's model metadata, whole.
    package var tensorFlowMetadata: [UInt8]
    /// Members of the OpenAPI document's schemas, whose keys begin with `OpenAPINames.schemaPrefix`.
    package var openAPI: [UInt8]
    /// `ModelSchema.encoded`: what the next version is compared with.
    package var schema: [UInt8]

    package init(
        isBatched: Bool, batchingReason: String, runNanoseconds: UInt64, metadataPrefix: [UInt8],
        metadataSuffix: [UInt8], config: [UInt8], tensorFlowMetadata: [UInt8] = [], openAPI: [UInt8],
        schema: [UInt8] = []
    ) {
        self.isBatched = isBatched
        self.batchingReason = batchingReason
        self.runNanoseconds = runNanoseconds
        self.metadataPrefix = metadataPrefix
        self.metadataSuffix = metadataSuffix
        self.config = config
        self.tensorFlowMetadata = tensorFlowMetadata
        self.openAPI = openAPI
        self.schema = schema
    }

    func write(to writer: inout ControlWriter) {
        writer.write(isBatched)
        writer.write(batchingReason)
        writer.write(runNanoseconds)
        writer.write(metadataPrefix)
        writer.write(metadataSuffix)
        writer.write(config)
        writer.write(tensorFlowMetadata)
        writer.write(openAPI)
        writer.write(schema)
    }

    init(reading reader: inout ControlReader) throws(ControlError) {
        isBatched = try reader.readBool()
        batchingReason = try reader.readString()
        runNanoseconds = try reader.read()
        metadataPrefix = try reader.readBytes()
        metadataSuffix = try reader.readBytes()
        config = try reader.readBytes()
        tensorFlowMetadata = try reader.readBytes()
        openAPI = try reader.readBytes()
        schema = try reader.readBytes()
    }
}

/// A file of a model's private copy.
package struct SnapshotFile: Equatable, Sendable {
    /// Relative to the copy's folder.
    package var name: String
    /// Leads to the same bytes: where the user has the file, or a copy's file that is kept open.
    package var path: String

    package init(name: String, path: String) {
        self.name = name
        self.path = path
    }

    func write(to writer: inout ControlWriter) {
        writer.write(name)
        writer.write(path)
    }

    init(reading reader: inout ControlReader) throws(ControlError) {
        name = try reader.readString()
        path = try reader.readString()
    }
}

/// The private copy of a model's files.
package struct ModelSnapshot: Equatable, Sendable {
    /// The SHA-256 of what `sha256sum` prints of the files, sorted by name; hexadecimal.
    package var digest: String
    /// The ONNX file first, with where the user has them.
    package var files: [SnapshotFile]

    package init(digest: String, files: [SnapshotFile]) {
        self.digest = digest
        self.files = files
    }
}

/// A template's reports to the supervisor.
package enum TemplateReport: Equatable, Sendable {
    /// The model's files have been copied. Before they are loaded.
    case copied(ModelSnapshot)
    /// There is nothing to load, see `TemplateSettings.isAutomatic`. The template exits.
    /// Unfinished: somebody writes to the files.
    case declined(reason: String, isUnfinished: Bool)
    /// The model is loaded and has passed its self-test.
    case loaded(ModelDescription)
    /// It was not: the sentence says what to do. The template exits with `exitCode`.
    /// May pass: the model's files are not the reason (a full disk, say), and another try may load them.
    case failed(exitCode: Int32, sentence: String, mayPass: Bool = false)
    /// The worker's control socket comes with this message (SCM_RIGHTS).
    case forked(serial: UInt32, processID: Int32)
    case forkFailed(serial: UInt32, sentence: String)
}

extension TemplateReport: ControlMessage {
    package func write(to writer: inout ControlWriter) {
        switch self {
        case .loaded(let description):
            writer.write(UInt8(1))
            description.write(to: &writer)
        case .failed(let exitCode, let sentence, let mayPass):
            writer.write(UInt8(2))
            writer.write(exitCode)
            writer.write(sentence)
            writer.write(mayPass)
        case .forked(let serial, let processID):
            writer.write(UInt8(3))
            writer.write(serial)
            writer.write(processID)
        case .forkFailed(let serial, let sentence):
            writer.write(UInt8(4))
            writer.write(serial)
            writer.write(sentence)
        case .copied(let snapshot):
            writer.write(UInt8(5))
            writer.write(snapshot.digest)
            writer.write(snapshot.files) { $1.write(to: &$0) }
        case .declined(let reason, let isUnfinished):
            writer.write(UInt8(6))
            writer.write(reason)
            writer.write(isUnfinished)
        }
    }

    package init(reading reader: inout ControlReader) throws(ControlError) {
        switch try reader.read(UInt8.self) {
        case 1: self = .loaded(try ModelDescription(reading: &reader))
        case 2:
            self = .failed(
                exitCode: try reader.read(), sentence: try reader.readString(), mayPass: try reader.readBool())
        case 3: self = .forked(serial: try reader.read(), processID: try reader.read())
        case 4: self = .forkFailed(serial: try reader.read(), sentence: try reader.readString())
        case 5:
            let digest = try reader.readString()
            let files = try reader.readList { (reader) throws(ControlError) in try SnapshotFile(reading: &reader) }
            self = .copied(ModelSnapshot(digest: digest, files: files))
        case 6: self = .declined(reason: try reader.readString(), isUnfinished: try reader.readBool())
        case let kind: throw .unknownKind(kind)
        }
    }
}

/// The supervisor's orders to a worker. The end of the socket means: stop at once.
package enum WorkerOrder: UInt8, Sendable {
    /// Answer what you hold and what is still on the links, and leave when they are closed.
    case drain = 1
    /// Its socket was deleted: make it again, and keep the links.
    case listen = 2
}

extension WorkerOrder: ControlMessage {
    package func write(to writer: inout ControlWriter) { writer.write(rawValue) }

    package init(reading reader: inout ControlReader) throws(ControlError) {
        let kind = try reader.read(UInt8.self)
        guard let order = WorkerOrder(rawValue: kind) else { throw .unknownKind(kind) }
        self = order
    }
}
