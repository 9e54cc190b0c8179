import ApusLoop
import ApusWire

/// The socket on which `apus status` and `apus reload` reach the supervisor.
///
/// A request is one line; the answer is a line, `ok` or `error SENTENCE`, then a payload, then the end.
/// Only the owner of the runtime directory can connect: the socket has mode 0600, whatever others may do in the directory.
final class AdminSocket {
    /// A request line is a word or two.
    static let lineByteLimit = 256

    /// The listening socket, closed with this object.
    private(set) var descriptor: CInt
    private let loop: Loop
    private let answer: Answer
    private var listener: Listener?
    private var clients: [ObjectIdentifier: AdminClient] = [:]

    /// Makes the whole answer to a line, now or later, and gives it to the function it was passed, once.
    typealias Answer = (String, @escaping ([UInt8]) -> Void) -> Void

    convenience init(path: String, on loop: Loop, answer: @escaping Answer) throws(UVError) {
        try self.init(descriptor: try ListeningSocket.unix(path: path), on: loop, answer: answer)
    }

    /// - Parameter descriptor: a listening Unix socket.
    init(descriptor: CInt, on loop: Loop, answer: @escaping Answer) throws(UVError) {
        self.descriptor = descriptor
        self.loop = loop
        self.answer = answer
        try listen()
    }

    /// Listens there instead. Who is connected stays.
    func listen(path: String) throws(UVError) {
        let anew = try ListeningSocket.unix(path: path)
        listener?.close()
        descriptor = anew
        try listen()
    }

    private func listen() throws(UVError) {
        listener = try Listener(descriptor: descriptor, isUnix: true, on: loop) {
            [unowned self] listener in
            guard let stream = try? listener.accept() else { return }
            let client = AdminClient(stream, self.answer) { [unowned self] in
                clients.removeValue(forKey: ObjectIdentifier($0))
            }
            clients[ObjectIdentifier(client)] = client
        }
    }

    func close() {
        listener?.close()
        listener = nil
        for client in clients.values { client.close() }
    }
}

private final class AdminClient: StreamOwner {
    private let stream: Stream
    private let answer: AdminSocket.Answer
    private let onClose: (AdminClient) -> Void
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 1)
    private var line: [UInt8] = []
    private var isAnswered = false

    init(
        _ stream: Stream, _ answer: @escaping AdminSocket.Answer,
        onClose: @escaping (AdminClient) -> Void
    ) {
        self.stream = stream
        self.answer = answer
        self.onClose = onClose
        stream.setOwner(self)
        stream.startReading()
    }

    deinit { memory.deallocate() }

    func memory(for stream: Stream) -> UnsafeMutableRawBufferPointer { memory }

    func stream(_ stream: Stream, didRead bytes: UnsafeRawBufferPointer) {
        guard !isAnswered else { return }
        line.append(contentsOf: bytes)
        if let end = line.firstIndex(of: UInt8(ascii: "\n")) {
            isAnswered = true
            answer(String(decoding: line[..<end], as: UTF8.self)) { [weak self] in self?.reply($0) }
        } else if line.count > AdminSocket.lineByteLimit {
            reply(Array("error the request line is longer than \(AdminSocket.lineByteLimit) bytes\n".utf8))
        }
    }

    private func reply(_ bytes: [UInt8]) {
        isAnswered = true
        guard stream.isOpen else { return }
        bytes.withUnsafeBytes { try? stream.send($0) }  // a client that left needs no answer
        if stream.queuedByteCount == 0 { close() }
    }

    func streamDidDrain(_ stream: Stream) { close() }

    func stream(_ stream: Stream, didEnd error: UVError?) {
        close()  // nobody waits for an answer any more
    }

    func stream(_ stream: Stream, didFailToWrite error: UVError) { close() }

    func close() {
        guard stream.isOpen else { return }
        stream.close()
        onClose(self)
    }
}
