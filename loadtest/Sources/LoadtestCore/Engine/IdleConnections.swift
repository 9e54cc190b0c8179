import ApusLoop

/// Connections that are open beside the load and send nothing: what a server carries for clients that
/// think.
final class IdleConnections: StreamOwner {
    private let loop: Loop
    private let endpoint: Endpoint
    private let wanted: Int
    private var streams: [Stream] = []
    private var startedCount = 0
    private var finishedCount = 0
    private var onOpened: (() -> Void)?
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
    private(set) var openedCount = 0
    private(set) var leftCount = 0

    /// So many are being opened at any moment, so that no backlog overflows.
    private static let opensAtOnce = 64

    init(on loop: Loop, endpoint: Endpoint, count: Int) {
        self.loop = loop
        self.endpoint = endpoint
        wanted = count
    }

    deinit { memory.deallocate() }

    /// Opens them all. Calls back once, when each is open or has failed.
    func open(onOpened: @escaping () -> Void) {
        guard wanted > 0 else { return onOpened() }
        self.onOpened = onOpened
        for _ in 0..<min(IdleConnections.opensAtOnce, wanted) { openNext() }
    }

    func close() {
        streams.forEach { $0.close() }
        streams = []
    }

    private func openNext() {
        guard startedCount < wanted else { return }
        startedCount += 1
        let onResult: (Result<Stream, UVError>) -> Void = { [self] in didConnect($0) }
        do {
            switch endpoint.address {
            case .tcp(let host, let port):
                try Connector.connect(host: host, port: port, on: loop, onResult: onResult)
            case .unix(let path):
                try Connector.connect(path: path, on: loop, onResult: onResult)
            }
        } catch {
            didConnect(.failure(error))
        }
    }

    private func didConnect(_ result: Result<Stream, UVError>) {
        finishedCount += 1
        if case .success(let stream) = result {
            openedCount += 1
            leftCount += 1
            stream.setOwner(self)
            stream.startReading()
            streams.append(stream)
        }
        openNext()
        if finishedCount == wanted {
            onOpened?()
            onOpened = nil
        }
    }

    func memory(for stream: Stream) -> UnsafeMutableRawBufferPointer { memory }
    func stream(_ stream: Stream, didRead bytes: UnsafeRawBufferPointer) {}
    func streamDidDrain(_ stream: Stream) {}

    func stream(_ stream: Stream, didEnd error: UVError?) {
        leftCount -= 1
        stream.close()
    }

    func stream(_ stream: Stream, didFailToWrite error: UVError) {}
}
