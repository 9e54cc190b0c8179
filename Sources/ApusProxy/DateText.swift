import ApusWire
import Glibc

/// The Date field's text, made anew when the second has changed.
struct DateText {
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: HTTPDate.byteCount, alignment: 1)
    private var second = -1

    /// Unix time in milliseconds, by a coarse clock that costs a few nanoseconds to read.
    var unixMilliseconds: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }

    /// 29 bytes, valid until the next call.
    var text: UnsafeRawBufferPointer {
        mutating get {
            let now = Int(unixMilliseconds / 1000)
            if now != second {
                second = now
                var cursor = ByteCursor(memory)
                HTTPDate.write(unixSeconds: now, into: &cursor)
            }
            return UnsafeRawBufferPointer(memory)
        }
    }
}
