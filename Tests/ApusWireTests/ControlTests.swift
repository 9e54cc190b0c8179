import Testing

@testable import ApusWire

/// A message of any kind, with what reads it.
struct ControlSample: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let wire: [UInt8]
    /// Takes the next message from a stream; true when it is the one that was written.
    let read: @Sendable (inout ControlStream) throws -> Bool?

    init<Message: ControlMessage & Equatable & Sendable>(_ description: String, _ message: Message) {
        testDescription = description
        wire = message.encoded()
        read = { stream in try stream.next(Message.self).map { $0 == message } }
    }

    static let settings: TemplateSettings = {
        var settings = TemplateSettings(
            name: "größe", version: 7, path: "/models/größe/7/model.onnx", onnxRuntimePath: "", batching: .off,
            nonfinite: .token, maxBatchRowCount: 64, maxDelayNanoseconds: 1 << 40, bodyByteLimit: .max)
        settings.maxRunNanoseconds = 1 << 41
        settings.snapshotDigest = "00ff"
        settings.keptFiles = [SnapshotFile(name: "model.onnx", path: "/proc/1/fd/9"), SnapshotFile(name: "ä/b", path: "")]
        return settings
    }()
    static let description = ModelDescription(
        isBatched: true, batchingReason: "rows give the same answers", runNanoseconds: 5_000,
        metadataPrefix: Array("{".utf8), metadataSuffix: Array("}".utf8), config: [0, 1, 255],
        openAPI: Array("\"größe.7.Row\":{}".utf8))

    static let proxySettings: ProxySettings = {
        var settings = ProxySettings()
        settings.slot = 3
        settings.processorCount = 48
        settings.serverName = "triton"
        settings.defaultModel = "iris"
        settings.logsAccess = true
        settings.allowsModelControl = true
        settings.idleMilliseconds = 12
        return settings
    }()

    static let routes: [ModelRoute] = {
        var limits = ModelLimits()
        limits.bodyByteLimit = 1
        limits.queueCapacity = 2
        limits.requestMilliseconds = 3
        let workers = [
            WorkerRoute(serial: 9, socketPath: "/run/a.sock"), WorkerRoute(serial: .max, socketPath: ""),
        ]
        var labeled = ModelRoute(
            name: "iris", version: 3, generation: 4, state: .ready, reason: "", limits: limits,
            description: description, workers: workers)
        labeled.labels = ["stable", ""]
        return [
            labeled,
            ModelRoute(
                name: "", version: -1, generation: 0, state: .unavailable, reason: "no file",
                limits: ModelLimits(), description: nil, workers: []),
        ]
    }()

    static let all = [
        ControlSample("load", TemplateOrder.load(settings)),
        ControlSample("fork", TemplateOrder.fork(serial: 1, slot: 2, socketPath: "/run/1.sock")),
        ControlSample("loaded", TemplateReport.loaded(description)),
        ControlSample("copied", TemplateReport.copied(ModelSnapshot(digest: "ab12", files: settings.keptFiles))),
        ControlSample("declined", TemplateReport.declined(reason: "as it was", isUnfinished: true)),
        ControlSample("failed", TemplateReport.failed(exitCode: -1, sentence: "no file")),
        ControlSample("failed, may pass", TemplateReport.failed(exitCode: 73, sentence: "full", mayPass: true)),
        ControlSample("forked", TemplateReport.forked(serial: .max, processID: .max)),
        ControlSample("fork failed", TemplateReport.forkFailed(serial: 0, sentence: "")),
        ControlSample("worker ready", WorkerReport.ready),
        ControlSample("worker worn", WorkerReport.worn), ControlSample("worker over limit", WorkerReport.overLimit),
        ControlSample("worker drain", WorkerOrder.drain),
        ControlSample("configure", ProxyOrder.configure(proxySettings)),
        ControlSample("routes", ProxyOrder.routes(routes)),
        ControlSample("no routes", ProxyOrder.routes([])),
        ControlSample("worker exited", ProxyOrder.workerExited(serial: 5, death: .deadline)),
        ControlSample("proxy drain", ProxyOrder.drain(milliseconds: 30_000)),
        ControlSample("model changed", ProxyOrder.modelChanged(id: .max, refusal: "no version")),
        ControlSample("change a model", ProxyReport.changeModel(id: 7, name: "iris", loads: true)),
        ControlSample("proxy ready", ProxyReport.ready),
        ControlSample("worker stuck", ProxyReport.workerStuck(serial: 77)),
    ]
}

@Suite("Control messages")
struct ControlTests {
    static func stream(_ bytes: some Sequence<UInt8>) -> ControlStream {
        var stream = ControlStream()
        Array(bytes).withUnsafeBytes { stream.append($0) }
        return stream
    }

    @Test("a message reads as it was written", arguments: ControlSample.all)
    func roundTrip(_ sample: ControlSample) throws {
        var stream = Self.stream(sample.wire)
        #expect(try sample.read(&stream) == true)
        #expect(try sample.read(&stream) == nil)
    }

    @Test("wherever the bytes are cut, the message comes out once and whole", arguments: ControlSample.all)
    func everyCut(_ sample: ControlSample) throws {
        for cut in sample.wire.indices {
            var stream = Self.stream(sample.wire[..<cut])
            #expect(try sample.read(&stream) == nil, "cut \(cut)")
            Array(sample.wire[cut...]).withUnsafeBytes { stream.append($0) }
            #expect(try sample.read(&stream) == true, "cut \(cut)")
        }
    }

    @Test("byte by byte and many at once, each message comes out once", arguments: ControlSample.all)
    func many(_ sample: ControlSample) throws {
        var stream = ControlStream()
        var count = 0
        for byte in sample.wire + sample.wire {
            withUnsafeBytes(of: byte) { stream.append($0) }
            if try sample.read(&stream) == true { count += 1 }
        }
        #expect(count == 2)
        var whole = Self.stream((0..<20).flatMap { _ in sample.wire })
        for _ in 0..<20 { #expect(try sample.read(&whole) == true) }
        #expect(try sample.read(&whole) == nil)
    }

    @Test("a message that ends inside a field is refused", arguments: ControlSample.all)
    func truncated(_ sample: ControlSample) {
        for byteCount in 0..<sample.wire.count - 4 {
            var wire = Array(sample.wire[4..<4 + byteCount])
            wire.insert(contentsOf: withUnsafeBytes(of: UInt32(byteCount).littleEndian) { Array($0) }, at: 0)
            var stream = Self.stream(wire)
            #expect(throws: ControlError.self, "\(byteCount) bytes") { try sample.read(&stream) }
        }
    }

    @Test("a message with bytes too many is refused", arguments: ControlSample.all)
    func trailing(_ sample: ControlSample) {
        var wire = sample.wire + [0]
        wire.replaceSubrange(0..<4, with: withUnsafeBytes(of: UInt32(wire.count - 4).littleEndian) { Array($0) })
        var stream = Self.stream(wire)
        #expect(throws: ControlError.trailing(byteCount: 1)) { try sample.read(&stream) }
    }

    @Test("a kind that nobody sends is refused", arguments: ControlSample.all)
    func unknownKind(_ sample: ControlSample) {
        var wire = sample.wire
        wire[4] = 99
        var stream = Self.stream(wire)
        #expect(throws: ControlError.unknownKind(99)) { try sample.read(&stream) }
    }

    @Test("a length over the limit is refused before anything is kept for it")
    func tooLarge() {
        var stream = Self.stream([1, 0, 0, 4])
        let limit = ControlStream.messageByteLimit
        #expect(throws: ControlError.tooLarge(byteCount: limit + 1, limit: limit)) {
            try stream.next(TemplateOrder.self)
        }
    }

    @Test("a list that announces more than the message has is refused")
    func hugeList() {
        var stream = Self.stream([5, 0, 0, 0, 2, 0xFF, 0xFF, 0xFF, 0xFF])
        #expect(throws: ControlError.truncated) { try stream.next(ProxyOrder.self) }
    }

    @Test("garbage is refused or waited for; nothing else happens", arguments: ControlSample.all)
    func garbage(_ sample: ControlSample) {
        var random = WireRandom(state: 0xC0DE)
        for _ in 0..<300 {
            var wire = sample.wire
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                wire[Int.random(in: wire.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            var stream = Self.stream(wire)
            do {
                _ = try sample.read(&stream)
            } catch {
                #expect(error is ControlError)
            }
        }
    }
}
