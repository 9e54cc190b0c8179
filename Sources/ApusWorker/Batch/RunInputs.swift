import ApusWire

/// The inputs of one run, as views on the elements that the turn's requests were decoded into.
///
/// Requests that lie side by side are viewed where they lie. Only when others lie between them (those were
/// late, or priorities changed the order) are their elements copied together.
final class RunInputs {
    private static let restingEndCount = 64

    private let buffers: [TensorBuffer]
    /// Where scattered requests are copied together.
    private let gathered: [TensorBuffer]
    /// The ends of an input's strings, counted from the run's first byte.
    private var ends: [UnsafeMutableBufferPointer<Int>]
    /// What a run is given; `count` of them.
    let views: UnsafeMutableBufferPointer<TensorView>

    /// - Parameter buffers: one per input, which the turn's requests are decoded into.
    init(_ buffers: [TensorBuffer]) {
        self.buffers = buffers
        gathered = buffers.map { TensorBuffer($0.elementType) }
        ends = buffers.map { _ in .allocate(capacity: Self.restingEndCount) }
        views = .allocate(capacity: buffers.count)
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        for (index, buffer) in buffers.enumerated() {
            let view = TensorView(elementType: buffer.elementType, shape: Shape(), bytes: nothing)
            (views.baseAddress! + index).initialize(to: view)
        }
    }

    deinit {
        views.deinitialize()
        views.deallocate()
        for list in ends { list.deallocate() }
    }

    /// Views all of `members`' elements as one run of `rowCount` rows.
    /// - Parameter rowCount: replaces dimension 0; nil leaves the only member's shapes as they are.
    func select(_ members: ArraySlice<PendingRequest>, rowCount: Int?) {
        for input in buffers.indices {
            var shape = members[members.startIndex].inference.inputShapes[input]
            if let rowCount { shape[0] = rowCount }
            let first = members[members.startIndex].firstElements[input]
            let count = shape.elementCount ?? 0
            if isAdjacent(members, input) {
                view(input, buffers[input], first..<first + count, shape)
            } else {
                gather(members, input)
                view(input, gathered[input], 0..<count, shape)
            }
        }
    }

    /// Views some rows of one request.
    func select(_ member: PendingRequest, rows: Range<Int>) {
        for input in buffers.indices {
            var shape = member.inference.inputShapes[input]
            let perRow = (shape.elementCount ?? 0) / max(shape[0], 1)
            let first = member.firstElements[input] + rows.lowerBound * perRow
            shape[0] = rows.count
            view(input, buffers[input], first..<first + rows.count * perRow, shape)
        }
    }

    /// Memory of its own, in use or not.
    var reservedByteCount: Int {
        ends.reduce(0) { $0 + $1.count * MemoryLayout<Int>.size } + gathered.reduce(0) { $0 + $1.reservedByteCount }
    }

    /// Gives the memory of a big run back. What was selected is invalid from here on.
    func shrink(toByteCount limit: Int) {
        for input in ends.indices where ends[input].count > limit / MemoryLayout<Int>.size {
            ends[input].deallocate()
            ends[input] = .allocate(capacity: Self.restingEndCount)
        }
        for buffer in gathered {
            buffer.removeAll()
            buffer.shrink(toByteCount: limit)
        }
    }

    private func isAdjacent(_ members: ArraySlice<PendingRequest>, _ input: Int) -> Bool {
        var next = members[members.startIndex].firstElements[input]
        for member in members {
            guard member.firstElements[input] == next else { return false }
            next += member.inference.inputShapes[input].elementCount ?? 0
        }
        return true
    }

    private func gather(_ members: ArraySlice<PendingRequest>, _ input: Int) {
        let source = buffers[input]
        let target = gathered[input]
        target.removeAll()
        for member in members {
            let first = member.firstElements[input]
            let count = member.inference.inputShapes[input].elementCount ?? 0
            if let size = source.elementType.byteCount {
                guard count > 0, let base = source.bytes.baseAddress else { continue }
                target.extend(elements: count).copyMemory(from: base + first * size, byteCount: count * size)
            } else {
                for index in first..<first + count { target.append(string: source.string(index)) }
            }
        }
    }

    private func view(_ input: Int, _ buffer: TensorBuffer, _ elements: Range<Int>, _ shape: Shape) {
        views[input].shape = shape
        if let size = buffer.elementType.byteCount {
            let bytes = elements.lowerBound * size..<elements.upperBound * size
            views[input].bytes = UnsafeRawBufferPointer(rebasing: buffer.bytes[bytes])
            return
        }
        let start = elements.lowerBound == 0 ? 0 : buffer.ends[elements.lowerBound - 1]
        if ends[input].count < elements.count {
            ends[input].deallocate()
            ends[input] = .allocate(capacity: elements.count * 2)
        }
        for (place, element) in elements.enumerated() { ends[input][place] = buffer.ends[element] - start }
        let end = elements.isEmpty ? start : buffer.ends[elements.upperBound - 1]
        views[input].bytes = UnsafeRawBufferPointer(rebasing: buffer.bytes[start..<end])
        views[input].ends = UnsafeBufferPointer(rebasing: ends[input][..<elements.count])
    }
}
