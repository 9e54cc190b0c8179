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
        if isShort { return writeShort(into: &cursor) }
        write("queue;dur=", queue, &cursor)
        write(", decode;dur=", decode, &cursor)
        write(", batch;dur=", batch, &cursor)
        write(", compute;dur=", compute, &cursor)
        write(", encode;dur=", encode, &cursor)
    }

    /// Every part takes less than ten milliseconds, as most do.
    private var isShort: Bool {
        let most = max(queue, decode, batch, compute, encode)
        return min(queue, decode, batch, compute, encode) >= 0 && most < 10_000
    }

    /// Then every number has its place.
    private func writeShort(into cursor: inout ByteCursor) {
        let form: StaticString =
            "queue;dur=0.000, decode;dur=0.000, batch;dur=0.000, compute;dur=0.000, encode;dur=0.000"
        let start = cursor.byteCount
        cursor.append(form)
        cursor.overwrite(at: start + 10, fourDigits: queue)
        cursor.overwrite(at: start + 28, fourDigits: decode)
        cursor.overwrite(at: start + 45, fourDigits: batch)
        cursor.overwrite(at: start + 64, fourDigits: compute)
        cursor.overwrite(at: start + 82, fourDigits: encode)
    }

    private func write(_ label: StaticString, _ microseconds: Int, _ cursor: inout ByteCursor) {
        let (whole, rest) = max(0, microseconds).quotientAndRemainder(dividingBy: 1000)
        cursor.append(label)
        cursor.append(decimal: whole)
        cursor.append(UInt8(ascii: "."))
        cursor.append(threeDigits: UInt(rest))
    }
}
