import ApusWire

/// What a supervisor leaves to the program that takes its place in the same process (SIGUSR2).
///
/// Written by one version of Apus and read by another, so its form is checked first. A program that does not know
/// `formVersion` is not started.
package struct TakeoverDocument: Equatable, Sendable {
    /// Raised when the form changes.
    package static let formVersion: UInt32 = 2

    /// A process that goes on serving.
    package struct Child: Equatable, Sendable {
        package enum Kind: UInt8, Sendable { case proxy = 1, template = 2, worker = 3 }

        package var kind: Kind
        package var processID: Int32
        /// A worker's number; 0 for the others.
        package var serial: UInt32 = 0
        /// Our end of its control socket; -1 when that is closed already.
        package var control: Int32
        /// What came by it and is no whole message yet.
        package var unread: [UInt8] = []
    }

    /// The version of Apus that wrote it. Another one may speak differently to its processes.
    package var writer = ApusVersion.text
    package var listener: Int32
    /// The listening admin socket, and the lock of the runtime directory.
    package var admin: Int32
    package var lock: Int32
    package var runtimeDirectory: String
    /// The two ends of what children write to standard error.
    package var outputReading: Int32
    package var outputWriting: Int32
    package var lastGeneration: UInt32
    package var nextSerial: UInt32
    package var workerAdjustment: Int
    /// The log's level that a client has set; empty when none has.
    package var logLevel: String
    /// The versions of models that had a worker, `NAME/VERSION`.
    package var servedVersions: [String]
    /// Models that a client has unloaded, with the versions that they had.
    package var unloadedModels: [String: [Int]]
    package var children: [Child]

    /// Everything that must stay open for the next program.
    package var descriptors: [Int32] {
        [listener, admin, lock, outputReading, outputWriting] + children.map(\.control).filter { $0 >= 0 }
    }
}

extension TakeoverDocument {
    package func encoded() -> [UInt8] {
        var writer = ControlWriter()
        writer.write(Self.formVersion)
        writer.write(self.writer)
        for descriptor in [listener, admin, lock] { writer.write(descriptor) }
        writer.write(runtimeDirectory)
        writer.write(outputReading)
        writer.write(outputWriting)
        writer.write(lastGeneration)
        writer.write(nextSerial)
        writer.write(workerAdjustment)
        writer.write(logLevel)
        writer.write(servedVersions) { $0.write($1) }
        writer.write(unloadedModels.sorted { $0.key < $1.key }) { writer, model in
            writer.write(model.key)
            writer.write(model.value) { $0.write($1) }
        }
        writer.write(children) { writer, child in
            writer.write(child.kind.rawValue)
            writer.write(child.processID)
            writer.write(child.serial)
            writer.write(child.control)
            writer.write(child.unread)
        }
        return writer.bytes
    }

    /// - Throws: when `bytes` is not whole, or of another form.
    package init(_ bytes: [UInt8]) throws(ControlError) {
        var reader = ControlReader(bytes[...])
        guard try reader.read(UInt32.self) == Self.formVersion else { throw .badValue("form version") }
        writer = try reader.readString()
        listener = try reader.read()
        admin = try reader.read()
        lock = try reader.read()
        runtimeDirectory = try reader.readString()
        outputReading = try reader.read()
        outputWriting = try reader.read()
        lastGeneration = try reader.read()
        nextSerial = try reader.read()
        workerAdjustment = try reader.read()
        logLevel = try reader.readString()
        servedVersions = try reader.readList { (reader) throws(ControlError) in try reader.readString() }
        unloadedModels = [:]
        for model in try reader.readList(Self.readUnloaded) { unloadedModels[model.name] = model.versions }
        children = try reader.readList { (reader) throws(ControlError) in
            guard let kind = Child.Kind(rawValue: try reader.read()) else { throw .badValue("kind of process") }
            return Child(
                kind: kind, processID: try reader.read(), serial: try reader.read(),
                control: try reader.read(), unread: try reader.readBytes())
        }
        try reader.finish()
    }

    private static func readUnloaded(
        _ reader: inout ControlReader
    ) throws(ControlError) -> (name: String, versions: [Int]) {
        (try reader.readString(), try reader.readList { (reader) throws(ControlError) in try reader.read() })
    }
}
