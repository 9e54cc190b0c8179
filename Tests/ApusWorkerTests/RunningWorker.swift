import ApusLog
import ApusWire
import Foundation

@testable import ApusWorker

/// A worker on a thread of its own, with the supervisor's end of its control socket in the test's hands.
final class RunningWorker {
    let path: String
    private let control: Int32
    private let outcome = Outcome()
    private var isStopped = false

    /// What the worker came to, from its thread to the test's.
    private final class Outcome: @unchecked Sendable {
        let ended = DispatchSemaphore(value: 0)
        var code: ExitStatus?
    }

    /// The only thing that passes to the worker's thread, which owns it from then on.
    private struct Transfer: @unchecked Sendable {
        let model: WorkerModel
    }

    init(_ model: WorkerModel) throws {
        path = "/tmp/apus-test-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
        let (ours, theirs) = try Socket.pair()
        control = ours
        let listener = try Socket.listening(at: path).release()
        let transfer = Transfer(model: model)
        let outcome = outcome
        let path = path
        Thread.detachNewThread {
            let worker = Worker(
                transfer.model, control: ControlChannel(Socket(owning: theirs)),
                listener: Socket(owning: listener), socketPath: path)
            outcome.code = try? worker.serve()
            outcome.ended.signal()
        }
    }

    deinit { stop() }

    func connect() throws -> TestLink { try TestLink(self) }

    func drain() { _ = WorkerOrder.drain.encoded().withUnsafeBytes { write(control, $0.baseAddress, $0.count) } }

    /// Waits for the end; nil when there is none within 10 s.
    func exitCode() -> ExitStatus? { outcome.ended.wait(timeout: .now() + 10) == .success ? outcome.code : nil }

    /// Closes the control socket, as a supervisor's death does.
    func stop() {
        if !isStopped {
            close(control)
            unlink(path)
        }
        isStopped = true
    }
}

/// A proxy's end of a link: blocking, for tests.
final class TestLink {
    struct Answer {
        var frame: ResultFrame
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    let descriptor: Int32
    /// Lives as long as its links.
    private let worker: RunningWorker
    private var pending: [UInt8] = []

    init(_ worker: RunningWorker) throws {
        self.worker = worker
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: worker.path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try SystemError.check(result, "connect")
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            sent += try SystemError.check(count, "send")
        }
    }

    /// Sends bytes, and a descriptor with the first of them.
    func send(_ bytes: [UInt8], passing passed: Int32) throws {
        try Socket(owning: dup(descriptor)).sendAll(bytes, passing: passed)
    }

    /// The next answer; nil when the worker closed the link.
    func receive() throws -> Answer? {
        while true {
            if let answer = try next() { return answer }
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            let count = try SystemError.check(recv(descriptor, &chunk, chunk.count, 0), "recv")
            if count == 0 { return nil }
            pending += chunk[..<count]
        }
    }

    /// Sends all requests at once and gives all answers, in the order in which they come.
    func exchange(_ requests: [TestRequest]) throws -> [Answer] {
        try send(requests.flatMap(\.bytes))
        return try requests.compactMap { _ in try receive() }
    }

    private func next() throws -> Answer? {
        let answer: Answer? = try pending.withUnsafeBytes { bytes in
            switch try FrameHeader.decode(bytes, bodyLimit: 1 << 30) {
            case .incomplete: return nil
            case .frame(let header, let body):
                return Answer(frame: try ResultFrame(header, bytes), body: Array(bytes[body]))
            }
        }
        if let answer { pending.removeFirst(ResultFrame.byteCount + answer.body.count) }
        return answer
    }
}

extension CancelFrame {
    var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.byteCount)
        bytes.withUnsafeMutableBytes { encode(into: $0.baseAddress!) }
        return bytes
    }
}

/// A request as a proxy sends it.
struct TestRequest {
    var frame: InferFrame
    var body: [UInt8]

    /// In time, unpacked, by V2.
    init(_ id: UInt64, _ body: [UInt8], flags: FrameFlags = []) {
        let now = MonotonicClock.now()
        frame = InferFrame(
            requestID: id, flags: flags, bodyByteCount: UInt32(body.count), deadline: now + 60_000_000_000,
            arrivedAt: now, inferenceHeaderByteCount: -1, endpoint: .openInference, coding: .identity,
            accepted: [])
        self.body = body
    }

    var bytes: [UInt8] {
        var head = [UInt8](repeating: 0, count: InferFrame.byteCount)
        head.withUnsafeMutableBytes { frame.encode(into: $0.baseAddress!) }
        return head + body
    }
}
