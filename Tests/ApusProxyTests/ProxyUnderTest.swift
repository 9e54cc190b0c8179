import ApusControl
import ApusLoop
import ApusWire
import Glibc
import LoopTesting
import Logging
import Testing

@testable import ApusProxy

/// A proxy that serves on the test's own loop. The test is its supervisor, its workers (`FakeWorker`) and its clients
/// (`TestClient`), so each event comes when the test wants it.
final class ProxyUnderTest {
    let loop: Loop
    let process: ProxyProcess
    /// What the supervisor was told.
    private(set) var reports: [ProxyReport] = []
    private let memory = UnsafeMutableRawBufferPointer.zeros(MetricsMemory.byteCount(proxies: 1))
    private var supervisor: ControlLink<ProxyReport>?
    fileprivate var clients: [TestClient] = []

    init(_ routes: [ModelRoute], settings: ProxySettings = ProxySettings(), on loop: Loop) throws {
        self.loop = loop
        process = ProxyProcess(settings, loop: loop, metrics: MetricsMemory(memory), log: .silent)
        let listener = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
        let (ours, theirs) = try SocketPair.make()
        let process = process
        let control = ControlLink<ProxyOrder>(
            try .adopt(theirs, on: loop), on: loop, onReport: { process.handle($0) }, onEnd: {})
        supervisor = ControlLink<ProxyReport>(
            try .adopt(ours, on: loop), on: loop, onReport: { [unowned self] in reports.append($0) }, onEnd: {})
        try process.start(control, listener: listener)
        order(.routes(routes))
    }

    deinit { free(memory.baseAddress) }

    /// The supervisor's word, now.
    func order(_ order: ProxyOrder) { process.handle(order) }

    /// What another proxy says of requests with that body.
    func suspicion(_ verdict: Suspicion.Verdict, of body: String) throws -> Suspicion {
        let model = try #require(process.catalog.models.first)
        let request = ProxyRequest()
        Array(body.utf8).withUnsafeBytes { request.append($0) }
        return Suspicion(fingerprint: process.fingerprint(of: request, model), verdict: verdict, model: "m")
    }

    /// The serials of the workers that were reported as stuck.
    var stuckWorkers: [UInt32] {
        reports.compactMap { if case .workerStuck(let serial) = $0 { serial } else { nil } }
    }

    func run(
        until what: String, within milliseconds: UInt64 = 10_000, _ condition: () throws -> Bool
    ) throws {
        var problem: (any Error)?
        try loop.run(until: what, within: milliseconds) {
            do { return try condition() } catch {
                problem = error
                return true
            }
        }
        if let problem { throw problem }
    }

    /// What `worker` is given next; it is still to be answered.
    @discardableResult
    func nextRequest(at worker: FakeWorker) throws -> InferFrame {
        try run(until: "a request at the worker") { try worker.take() > 0 }
        return worker.jobs[0].frame
    }

    /// The value of a metric's series whose line begins like that; nil when there is none.
    func metric(_ series: String) -> Double? {
        String(decoding: process.metricsText(), as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix(series) }?.split(separator: " ").last.flatMap { Double($0) }
    }

    /// Lets the loop run for a time.
    func run(milliseconds: UInt64) throws {
        let end = Loop.nanoseconds + milliseconds * 1_000_000
        let timer = Timer(on: loop) {}
        timer.start(milliseconds: milliseconds + 1)
        defer { timer.close() }
        while Loop.nanoseconds < end { loop.runOnce() }
    }

    /// Closes everything: the proxy ends as it does when its supervisor has gone.
    func stop() {
        for client in clients { client.close() }
        clients.removeAll()
        process.controlEnded()
        supervisor?.close()
        supervisor = nil
        loop.runOnce()  // it was told to stop
    }
}

/// A worker as a proxy sees it: it says what the test wants, when the test wants it.
final class FakeWorker {
    /// One request that has come.
    struct Job {
        let frame: InferFrame
        let body: [UInt8]
        fileprivate let stream: Stream
    }

    let route: WorkerRoute
    /// Those that were not answered yet, in the order in which they came.
    private(set) var jobs: [Job] = []
    /// How often a proxy has connected.
    private(set) var linkCount = 0
    private let loop: Loop
    private let folder = "/tmp/apus-proxy-\(getpid())-\(UInt32.random(in: 0...(.max)))"
    private var listener: Listener?
    private var links: [RecordedStream] = []

    init(serial: UInt32 = 1, listens: Bool = true, on loop: Loop) throws {
        self.loop = loop
        mkdir(folder, 0o700)
        route = WorkerRoute(serial: serial, socketPath: "\(folder)/\(serial).sock")
        if listens { try listen() }
    }

    deinit {
        unlink(route.socketPath)
        rmdir(folder)
    }

    func listen() throws {
        let descriptor = try ListeningSocket.unix(path: route.socketPath)
        listener = try Listener(descriptor: descriptor, isUnix: true, on: loop) { [unowned self] in
            guard let stream = try? $0.accept() else { return }
            links.append(RecordedStream(stream))
            linkCount += 1
        }
    }

    /// Looks what has come.
    /// - Returns: how many requests are not answered.
    func take() throws -> Int {
        for link in links {
            while let used = try takeFrame(link.stream, link.recorder.received) { link.recorder.take(used) }
        }
        return jobs.count
    }

    private func takeFrame(_ stream: Stream, _ received: [UInt8]) throws -> Int? {
        try received.withUnsafeBytes { bytes in
            guard case .frame(let header, let body) = try FrameHeader.decode(bytes, bodyLimit: 1 << 20) else { return nil }
            if header.kind == .infer {
                jobs.append(Job(frame: try InferFrame(header, bytes), body: Array(bytes[body]), stream: stream))
            }
            return body.upperBound
        }
    }

    /// Answers the request that came first, or another.
    func answer(_ index: Int = 0, _ change: (inout ResultFrame) -> Void = { _ in }) throws {
        let job = jobs.remove(at: index)
        var frame = ResultFrame(
            requestID: job.frame.requestID, bodyByteCount: 2, status: 200, requestRowCount: 1, runRowCount: 1)
        change(&frame)
        var bytes = [UInt8](repeating: 0, count: ResultFrame.byteCount) + Array("{}".utf8)
        bytes.withUnsafeMutableBytes { frame.encode(into: $0.baseAddress!) }
        try bytes.withUnsafeBytes { try job.stream.send($0) }
    }

    /// All links were closed by their proxy.
    var isLeft: Bool { links.allSatisfy { $0.recorder.hasEnded } }

    /// Closes the links, as a worker does that ends, or that was sent what is no frame.
    func drop() {
        for link in links { link.stream.close() }
        links.removeAll()
        jobs.removeAll()
    }

    /// Lets everything go.
    func close() {
        drop()
        listener?.close()
        listener = nil
    }
}

/// A client, which a pair of sockets connects with the proxy, and the proxy's side of its connection. It sends when it
/// is told to, and writes down what comes.
final class TestClient {
    let connection: ClientConnection
    private let proxy: ProxyUnderTest
    private let end: RecordedStream

    /// It is closed with the proxy, if not before.
    init(_ proxy: ProxyUnderTest) throws {
        let (ours, theirs) = try SocketPair.make()
        self.proxy = proxy
        connection = ClientConnection(try .adopt(ours, on: proxy.loop), proxy: proxy.process)
        end = RecordedStream(try .adopt(theirs, on: proxy.loop))
        proxy.clients.append(self)
    }

    /// A request for the model `m`.
    static let infer = request("POST", "/v2/models/m/infer", body: "{}")

    static func request(_ method: String, _ path: String, fields: String = "", body: String = "") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: h\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    /// Sends requests to a model, one behind the other without waiting, in one write.
    func ask(_ bodies: String..., model: String = "m") throws {
        try send(bodies.map { Self.request("POST", "/v2/models/\(model)/infer", body: $0) }.joined())
    }

    func send(_ text: String) throws { try end.send(Array(text.utf8)) }

    /// All that came from the proxy.
    var received: String { String(decoding: end.recorder.received, as: UTF8.self) }

    /// The statuses of the answers that came, interim ones among them.
    var statuses: [Int] { received.matches(of: #/HTTP\/1\.1 (\d{3}) /#).compactMap { Int($0.output.1) } }

    var hasEnded: Bool { end.recorder.hasEnded }

    func wait(forAnswers count: Int) throws { try proxy.run(until: "answer \(count)") { statuses.count >= count } }

    func waitForEnd() throws { try proxy.run(until: "the proxy's end") { hasEnded } }

    /// It will send no more.
    func shutdown() { end.stream.shutdownWriting() }

    /// Its own end: nobody reads what comes.
    func leave() { end.stream.close() }

    func close() {
        connection.close()
        end.stream.close()
    }
}

/// Runs a test with a loop and at most as many workers as it wants, and closes what it opened.
func withProxy(
    _ settings: ProxySettings = ProxySettings(), workers count: Int = 1, limits: ModelLimits = ModelLimits(),
    description: ModelDescription = .test, _ body: (ProxyUnderTest, [FakeWorker]) throws -> Void
) throws {
    try withLoop { loop in
        let workers = try (0..<count).map { try FakeWorker(serial: UInt32($0 + 1), on: loop) }
        let route = ModelRoute.test("m", description: description, limits: limits, workers: workers.map(\.route))
        let proxy = try ProxyUnderTest([route], settings: settings, on: loop)
        try proxy.run(until: "the workers are connected") { workers.allSatisfy { $0.linkCount == 1 } }
        try body(proxy, workers)
        for worker in workers { worker.close() }
        proxy.stop()
    }
}
