/// Where a request's time went, for the Server-Timing field (W3C Server Timing). Microseconds.
package struct ServerTiming: Sendable, Equatable {
    /// Waiting in the proxy for a worker that has room.
    package var queue: Int
    /// From bytes to tensors.
    package var decode: Int
    /// Waiting in the worker for the batch to form.
    package var batch: Int
    /// The model's run.
    package var compute: Int
    /// From tensors to bytes.
    package var encode: Int

    package init(queue: Int, decode: Int, batch: Int, compute: Int, encode: Int) {
        self.queue = queue
        self.decode = decode
        self.batch = batch
        self.compute = compute
        self.encode = encode
    }

    /// The most bytes that `write` appends.
    static let byteCountLimit = 5 * 40

    /// Writes `queue;dur=0.012, …`, in milliseconds as the format wants.
    func write(into cursor: inout ByteCursor) {
        write("queue;dur=", queue, &cursor)
        write(", decode;dur=", decode, &cursor)
        write(", batch;dur=", batch, &cursor)
        write(", compute;dur=", compute, &cursor)
        write(", encode;dur=", encode, &cursor)
    }

    private func write(_ label: StaticString, _ microseconds: Int, _ cursor: inout ByteCursor) {
        let (whole, rest) = max(0, microseconds).quotientAndRemainder(dividingBy: 1000)
        cursor.append(label)
        cursor.append(decimal: whole)
        cursor.append(UInt8(ascii: "."))
        cursor.append(threeDigits: UInt(rest))
    }
}
