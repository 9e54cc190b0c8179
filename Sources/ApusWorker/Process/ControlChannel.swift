import ApusWire
import Glibc

/// Our end of a control socket: whole orders in, whole reports out.
struct ControlChannel: ~Copyable {
    let socket: Socket
    private var incoming = ControlStream()

    init(_ socket: consuming Socket) { self.socket = socket }

    /// An order that has come, without waiting.
    mutating func pending<Order: ControlMessage>(_: Order.Type = Order.self) throws(ControlError) -> Order? {
        try incoming.next()
    }

    /// Takes in what has come.
    /// - Returns: false when the supervisor is gone.
    mutating func receive() -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { memory in
            switch socket.receive(into: memory) {
            case .moved(let byteCount): incoming.append(UnsafeRawBufferPointer(rebasing: memory[..<byteCount]))
            case .wouldBlock: break
            case .closed: return false
            }
            return true
        }
    }

    /// Waits for the next order; nil when the supervisor is gone.
    mutating func next<Order: ControlMessage>(_: Order.Type = Order.self) throws -> Order? {
        var set = PollSet()
        set.add(socket.descriptor)
        while true {
            if let order: Order = try pending() { return order }
            _ = try set.wait()
            guard receive() else { return nil }
        }
    }

    /// Sends a report, and `descriptor` with it unless it is -1.
    func send(_ report: some ControlMessage, passing descriptor: Int32 = -1) throws(SystemError) {
        try socket.sendAll(report.encoded(), passing: descriptor)
    }
}
