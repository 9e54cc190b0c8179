/// Memory of our own for one output whose elements the engine does not hand out in place: strings, and
/// the scores of a sequence of maps. Grows, and is used again by the next run.
final class OutputStorage {
    private(set) var bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 16)
    private(set) var ends = UnsafeMutableBufferPointer<Int>.allocate(capacity: 16)

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
}
