/// Memory of our own for one output whose elements the engine does not hand out in place: strings, and
/// the scores of a sequence of maps. Grows, and is used again by the next run.
final class OutputStorage {
    private static let restingByteCount = 256
    private static let restingEndCount = 16
    /// What a run needs beyond this is given back after it.
    private static let keptByteCount = 8 << 20

    private(set) var bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: restingByteCount, alignment: 16)
    private(set) var ends = UnsafeMutableBufferPointer<Int>.allocate(capacity: restingEndCount)

    deinit {
        bytes.deallocate()
        ends.deallocate()
    }

    /// Makes room; what was there is lost.
    func reserve(byteCount: Int, endCount: Int) {
        if byteCount > bytes.count {
            bytes.deallocate()
            bytes = .allocate(byteCount: max(byteCount, bytes.count * 2), alignment: 16)
        }
        if endCount > ends.count {
            ends.deallocate()
            ends = .allocate(capacity: max(endCount, ends.count * 2))
        }
    }

    /// Gives the memory of a huge run back; what was there is lost.
    func shrink() {
        if bytes.count > Self.keptByteCount {
            bytes.deallocate()
            bytes = .allocate(byteCount: Self.restingByteCount, alignment: 16)
        }
        if ends.count > Self.keptByteCount / MemoryLayout<Int>.size {
            ends.deallocate()
            ends = .allocate(capacity: Self.restingEndCount)
        }
    }
}
