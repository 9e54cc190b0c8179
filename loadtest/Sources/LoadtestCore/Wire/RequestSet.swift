import ApusLoop

/// The requests of a run, as bytes ready to be written. Made before the run; sent round and round.
package final class RequestSet {
    /// One request for the socket.
    package struct Prepared {
        /// Head and body.
        package var bytes: [UInt8]
        /// How many inference rows it carries; 1 when that is not known.
        package var rowCount: Int
        /// Which of the run's models it asks; an index.
        package var modelIndex: Int

        package init(bytes: [UInt8], rowCount: Int = 1, modelIndex: Int = 0) {
            self.bytes = bytes
            self.rowCount = rowCount
            self.modelIndex = modelIndex
        }
    }

    package let count: Int
    package let rowCounts: [Int]
    package let modelIndices: [Int]
    package let byteCount: Int
    private let memory: UnsafeMutableRawBufferPointer
    private let buffers: UnsafeMutablePointer<IOBuffer>

    /// - Parameter requests: at least one.
    package init(_ requests: [Prepared]) {
        precondition(!requests.isEmpty, "a run has something to send")
        count = requests.count
        rowCounts = requests.map(\.rowCount)
        modelIndices = requests.map(\.modelIndex)
        byteCount = requests.reduce(0) { $0 + $1.bytes.count }
        memory = .allocate(byteCount: max(byteCount, 1), alignment: 16)
        buffers = .allocate(capacity: requests.count)
        var offset = 0
        for (index, request) in requests.enumerated() {
            let part = UnsafeMutableRawBufferPointer(
                start: memory.baseAddress! + offset, count: request.bytes.count)
            part.copyBytes(from: request.bytes)
            (buffers + index).initialize(to: IOBuffer(UnsafeRawBufferPointer(part)))
            offset += request.bytes.count
        }
    }

    deinit {
        buffers.deallocate()
        memory.deallocate()
    }

    /// The request as a gathered write of one piece. Valid as long as the set.
    @inline(__always)
    func buffer(_ index: Int) -> UnsafeBufferPointer<IOBuffer> {
        UnsafeBufferPointer(start: buffers + index, count: 1)
    }
}
