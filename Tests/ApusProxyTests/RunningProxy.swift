import ApusControl
import ApusLoop
import ApusWire
import Glibc
import LoopTesting

@testable import ApusProxy

/// A proxy that runs on the test's thread, and its supervisor's end, which does nothing. It serves the model `m`,
/// whose one worker answers when the test says so.
final class RunningProxy {
    let process: ProxyProcess
    let worker: TestWorker
    let supervisor: Recorder
    private let idle: IdleProxy
    private let control: RecordedStream
    private var clients: [PairedClient] = []

    /// Runs `body` with a proxy and closes all that is open after it.
    static func with(
        limits: ModelLimits = ModelLimits(), settings: ProxySettings = ProxySettings(),
        _ body: (RunningProxy) throws -> Void
    ) throws {
        SignalWatch.ignoreBrokenPipes()
        let proxy = try RunningProxy(limits, settings)
        do {
            try body(proxy)
        } catch {
            // What the test left open would end this process in `Loop.deinit`, and hide the failure.
            _ = Unmanaged.passRetained(proxy)
            throw error
        }
        proxy.stop()
    }

    private init(_ limits: ModelLimits, _ settings: ProxySettings) throws {
        idle = try IdleProxy([], settings: settings)
        process = idle.process
        worker = try TestWorker(on: process.loop)
        let (ours, theirs) = try SocketPair.make()
        control = RecordedStream(try .adopt(theirs, on: process.loop))
        supervisor = control.recorder
        let link = ControlLink<ProxyOrder>(
            try .adopt(ours, on: process.loop), on: process.loop, onReport: { _ in }, onEnd: {})
        // It is bound to a free port when it listens.
        try process.start(link, listener: socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0))
        let route = WorkerRoute(serial: 1, socketPath: worker.path)
        process.handle(.routes([.test("m", limits: limits, workers: [route])]))
        try run(until: "the worker has its link") { worker.isConnected }
    }

    private func stop() {
        for client in clients { client.close() }
        process.controlEnded()
        worker.close()
        control.stream.close()
        process.loop.run()
    }

    func connect() throws -> PairedClient {
        let client = try PairedClient(process)
        clients.append(client)
        return client
    }

    func run(until what: String, _ condition: () throws -> Bool) throws {
        try process.loop.run(until: what) { (try? condition()) ?? false }
    }

    /// Runs for at least so long.
    func run(milliseconds: UInt64) throws {
        var isOver = false
        let timer = Timer(on: process.loop) { isOver = true }
        process.loop.updateTime()
        timer.start(milliseconds: milliseconds)
        defer { timer.close() }
        try run(until: "\(milliseconds) ms are over") { isOver }
    }

    /// What the worker is given next.
    func nextRequest() throws -> InferFrame {
        try run(until: "a request at the worker") { try worker.readRequests() > 0 }
        return worker.requests.removeFirst()
    }

    /// The value of a metric's series whose line begins like that; nil when there is none.
    func metric(_ series: String) -> Double? {
        String(decoding: process.metricsText(), as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix(series) }?.split(separator: " ").last.flatMap { Double($0) }
    }
}

/// The worker's end of a link.
final class TestWorker {
    let path = "/tmp/apus-proxy-test-\(getpid())-\(UInt32.random(in: 0...(.max))).sock"
    /// Those that came and were not taken.
    var requests: [InferFrame] = []
    private var listener: Listener?
    private var link: RecordedStream?

    init(on loop: Loop) throws {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        listener = try Listener(descriptor: descriptor, isUnix: true, on: loop) { [unowned self] in
            link = (try? $0.accept()).map { RecordedStream($0) }
        }
    }

    var isConnected: Bool { link != nil }

    /// - Returns: how many there are.
    func readRequests() throws -> Int {
        guard let recorder = link?.recorder else { return 0 }
        while true {
            let byteCount = try recorder.received.withUnsafeBytes { bytes in
                guard case .frame(let header, let body) = try FrameHeader.decode(bytes, bodyLimit: 1 << 20) else { return 0 }
                if header.kind == .infer { requests.append(try InferFrame(header, bytes)) }
                return body.upperBound
            }
            guard byteCount > 0 else { return requests.count }
            recorder.take(byteCount)
        }
    }

    /// Answers with an empty object, as a run of one row.
    func answer(_ request: InferFrame, status: UInt16 = 200) throws {
        var bytes = [UInt8](repeating: 0, count: ResultFrame.byteCount)
        bytes.withUnsafeMutableBytes {
            ResultFrame(
                requestID: request.requestID, flags: .firstOfRun, bodyByteCount: 2, status: status,
                requestRowCount: 1, runRowCount: 1
            ).encode(into: $0.baseAddress!)
        }
        try link?.send(bytes + Array("{}".utf8))
    }

    func close() {
        listener?.close()
        link?.stream.close()
        unlink(path)
    }
}

/// A client, which a pair of sockets connects with the proxy, and the proxy's side of its connection.
final class PairedClient {
    let connection: ClientConnection
    private let proxy: ProxyProcess
    private let end: RecordedStream

    init(_ proxy: ProxyProcess) throws {
        let (ours, theirs) = try SocketPair.make()
        self.proxy = proxy
        connection = ClientConnection(try .adopt(ours, on: proxy.loop), proxy: proxy)
        end = RecordedStream(try .adopt(theirs, on: proxy.loop))
    }

    func send(_ text: String) throws { try end.send(Array(text.utf8)) }

    /// A request for the model `m`.
    static let infer = request("POST", "/v2/models/m/infer", body: "{}")

    static func request(_ method: String, _ path: String, fields: String = "", body: String = "") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: h\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    /// All that came from the proxy.
    var received: String { String(decoding: end.recorder.received, as: UTF8.self) }

    /// The statuses of the answers that came, interim ones among them.
    var statuses: [Int] { received.matches(of: #/HTTP\/1\.1 (\d{3}) /#).compactMap { Int($0.output.1) } }

    var hasEnded: Bool { end.recorder.hasEnded }

    func wait(forAnswers count: Int) throws {
        try proxy.loop.run(until: "answer \(count)") { statuses.count >= count }
    }

    func waitForEnd() throws { try proxy.loop.run(until: "the proxy's end") { hasEnded } }

    /// It will send no more.
    func shutdown() { end.stream.shutdownWriting() }

    /// Its own end: nobody reads what comes.
    func leave() { end.stream.close() }

    func close() {
        connection.close()
        end.stream.close()
    }
}
