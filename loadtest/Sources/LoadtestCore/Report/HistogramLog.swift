/// HdrHistogram's interval log, `.hlog` (HdrHistogram, HistogramLogWriter, format version 1.3), which its
/// viewers and libraries read.
package enum HistogramLog {
    package static func text(_ run: Measurement) -> String {
        var lines = [
            "#[loadtest \(Report.version), latency from the due time]",
            "#[Histogram log format version 1.3]",
            "#[StartTime: \(Quantity.fixed(run.startedAt, 3)) (seconds since epoch)]",
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"HistogramCompressed\"",
        ]
        for interval in run.intervals {
            let from = Double(Int64(bitPattern: interval.start &- run.windowStart)) / 1e9
            // The maximum is in milliseconds, as the reference writer has it for nanosecond histograms.
            let longest = Double(interval.histogram.longest) / 1e6
            lines.append(
                "\(Quantity.fixed(from, 3)),\(Quantity.fixed(interval.seconds, 3)),"
                    + "\(Quantity.fixed(longest, 3)),\(compressed(interval.histogram))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: The histogram's bytes

    /// A power of two at or below `lowestDiscernibleValue`, as an exponent.
    private static let unitMagnitude = 10
    private static let subBucketHalfMagnitude = 10
    private static let subBucketHalfCount = 1 << subBucketHalfMagnitude
    private static let subBucketMask = UInt64(2 * subBucketHalfCount - 1) << UInt64(unitMagnitude)

    /// Big-endian throughout:
    ///
    ///     offset  size  field
    ///          0     4  cookie 0x1c849314
    ///          4     4  bytes of what follows
    ///          8     …  zlib of: cookie 0x1c849313, payload length, normalizing offset 0, significant
    ///                   digits (4 bytes each), lowest value, highest value (8 bytes each), ratio (a
    ///                   double, 8), then the counts as ZigZag LEB128, a run of n zeros as -n
    private static func compressed(_ histogram: SparseHistogram) -> String {
        let payload = counts(histogram)
        var inner: [UInt8] = []
        put(UInt32(0x1c84_9313), &inner)
        put(UInt32(payload.count), &inner)
        put(UInt32(0), &inner)
        put(UInt32(3), &inner)
        put(UInt64(1024), &inner)
        put(LatencyHistogram.longest, &inner)
        put((1.0).bitPattern, &inner)
        let zlib = Gzip.zlib(inner + payload)
        var outer: [UInt8] = []
        put(UInt32(0x1c84_9314), &outer)
        put(UInt32(zlib.count), &outer)
        return Base64.encode(outer + zlib)
    }

    private static func put<T: FixedWidthInteger>(_ value: T, _ bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func counts(_ histogram: SparseHistogram) -> [UInt8] {
        var bytes: [UInt8] = []
        var next = 0
        for cell in histogram.cells {
            let index = index(of: cell.value)
            if index > next { putZigZag(Int64(next - index), &bytes) }
            putZigZag(Int64(cell.count), &bytes)
            next = index + 1
        }
        return bytes
    }

    /// Where the reference implementation counts a value (AbstractHistogram.countsArrayIndex).
    static func index(of value: UInt64) -> Int {
        let ceiling = 64 - (value | subBucketMask).leadingZeroBitCount
        let bucket = ceiling - unitMagnitude - (subBucketHalfMagnitude + 1)
        let subBucket = Int(value >> UInt64(bucket + unitMagnitude))
        return (bucket + 1) << subBucketHalfMagnitude + subBucket - subBucketHalfCount
    }

    /// LEB128 of at most nine bytes: the ninth carries eight bits.
    private static func putZigZag(_ value: Int64, _ bytes: inout [UInt8]) {
        var rest = UInt64(bitPattern: value << 1 ^ value >> 63)
        for _ in 0..<8 {
            if rest < 0x80 {
                bytes.append(UInt8(rest))
                return
            }
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}

/// RFC 4648 §4.
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = (0..<3).map { start + $0 < bytes.count ? Int(bytes[start + $0]) : 0 }
            let word = part[0] << 16 | part[1] << 8 | part[2]
            let known = min(3, bytes.count - start)
            for place in 0..<4 {
                result.append(
                    place <= known ? letters[word >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
