/// One block of a metrics region, checked: `name` and `values` lie within the region.
/// The layout is in `MetricsRegion`, the values' meaning in `SeriesKind`.
struct SeriesBlock {
    let kind: SeriesKind
    let key: UInt64
    /// Where the block begins in its region; what other blocks call it by.
    let offset: Int
    let name: UnsafeRawBufferPointer
    /// As many as the kind has.
    let values: SharedWords

    /// The block of a kind we know at `offset`; nil when the bytes there, up to `end`, are none.
    init?(_ memory: UnsafeMutableRawBufferPointer, at offset: Int, end: Int) {
        guard let base = memory.baseAddress,
            let byteCount = Self.byteCount(memory, at: offset, end: end)
        else { return nil }
        let words = SharedWords(base + offset)
        let header = words.load(0)
        let nameByteCount = Int(UInt16(truncatingIfNeeded: header >> 16))
        guard let kind = SeriesKind(rawValue: UInt16(truncatingIfNeeded: header)),
            nameByteCount <= MetricsRegion.nameByteLimit,
            byteCount == Self.byteCount(kind, nameByteCount: nameByteCount)
        else { return nil }
        self.kind = kind
        self.offset = offset
        key = words.load(1)
        let nameStart = offset + MetricsRegion.blockHeaderByteCount
        name = UnsafeRawBufferPointer(start: base + nameStart, count: nameByteCount)
        values = words.from(byteCount / 8 - kind.valueCount)
    }

    /// The first word of a block.
    static func header(_ kind: SeriesKind, nameByteCount: Int, byteCount: Int) -> UInt64 {
        UInt64(kind.rawValue) | UInt64(nameByteCount) << 16 | UInt64(byteCount) << 32
    }

    static func byteCount(_ kind: SeriesKind, nameByteCount: Int) -> Int {
        MetricsRegion.blockHeaderByteCount + (nameByteCount + 7) / 8 * 8 + kind.valueCount * 8
    }

    /// The length that the block at `offset` says it has; nil when that cannot be so.
    static func byteCount(_ memory: UnsafeMutableRawBufferPointer, at offset: Int, end: Int) -> Int?
    {
        guard let base = memory.baseAddress, end - offset >= MetricsRegion.blockHeaderByteCount
        else { return nil }
        let byteCount = Int(SharedWords(base + offset).load(0) >> 32)
        let isPossible =
            byteCount % 8 == 0 && byteCount <= end - offset
            && byteCount >= MetricsRegion.blockHeaderByteCount
        return isPossible ? byteCount : nil
    }
}

/// Goes through the blocks of a region. A block of an unknown kind is passed over; where the
/// lengths make no sense, the list is over.
struct SeriesBlocks: Sequence, IteratorProtocol {
    private let memory: UnsafeMutableRawBufferPointer
    private let end: Int
    /// Where the next block begins.
    private(set) var offset = MetricsRegion.headerByteCount

    init(memory: UnsafeMutableRawBufferPointer, end: Int) {
        self.memory = memory
        self.end = end
    }

    mutating func next() -> SeriesBlock? {
        while let byteCount = SeriesBlock.byteCount(memory, at: offset, end: end) {
            defer { offset += byteCount }
            if let block = SeriesBlock(memory, at: offset, end: end) { return block }
        }
        return nil
    }
}
