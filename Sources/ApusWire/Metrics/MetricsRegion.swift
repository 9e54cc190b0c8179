/// One process' metrics in shared memory: a header, then a list of blocks that only grows. Exactly
/// one process writes a region; any process reads it, at any time, and believes nothing it reads.
///
///     offset  size  field of the header
///          0     4  magic 0x4D535041, "APSM"
///          4     4  layout version, 1
///          8     8  used bytes: where the next block goes; stored last when a block is made
///         16    48  zero
///         64        the blocks
///
///     offset  size  field of a block
///          0     2  kind (`SeriesKind`)
///          2     2  name byte count, 0 … 255
///          4     4  byte count of the whole block, a multiple of 8
///          8     8  key, by kind
///         16        name, filled up with zeros to a multiple of 8
///          …        values: 64-bit words, by kind
///
/// All numbers are in the machine's byte order: a region never leaves the machine. A block counts
/// once `used` includes it, so a writer that dies halfway through making one leaves nothing to be
/// seen; the next writer of the region makes its block over it. Values are words of their own, each
/// whole at any time, so a process that dies between two of them leaves at most one request half
/// counted.
package struct MetricsRegion {
    static let magic: UInt64 = 0x4D53_5041
    static let layoutVersion: UInt64 = 1
    static let headerByteCount = 64
    static let blockHeaderByteCount = 16
    static let nameByteLimit = 255

    private static let signature = magic | layoutVersion << 32
    private static let usedWord = 1

    let memory: UnsafeMutableRawBufferPointer
    private let words: SharedWords

    /// - Parameter memory: aligned to 8 bytes, at least 8 KiB, zeros at birth; it outlives this
    ///   value.
    package init(_ memory: UnsafeMutableRawBufferPointer) {
        guard let base = memory.baseAddress, memory.count >= 8192, UInt(bitPattern: base) % 8 == 0
        else {
            preconditionFailure("a metrics region is 8 KiB or more, aligned to 8 bytes")
        }
        self.memory = memory
        words = SharedWords(base)
    }

    /// Whether a writer has been here and wrote this layout.
    var isFormatted: Bool { words.loadPublished(0) == Self.signature }

    /// Where the blocks end: aligned, and never beyond the region, whatever it holds.
    private var end: Int {
        guard isFormatted else { return 0 }
        return Int(min(words.loadPublished(Self.usedWord), UInt64(memory.count))) / 8 * 8
    }

    /// The blocks there are now, each once. Ends early where the region is corrupt.
    var blocks: SeriesBlocks { SeriesBlocks(memory: memory, end: end) }
}

extension MetricsRegion {
    /// Makes the region ready for its one writer: formats it if it is new or not to be understood,
    /// and else goes on with what is there, with all gauges at zero.
    func open() {
        guard isFormatted, isWhole else { return format() }
        clearGauges()
    }

    /// Sets every gauge to zero: what stood so while the region's writer lived stands so no longer.
    /// Only for the region's writer, or for the supervisor when the writer is dead.
    package func clearGauges() {
        for block in blocks {
            for gauge in block.kind.gauges { block.values.store(0, at: gauge) }
        }
    }

    /// The block of that kind, key and name, made if it is missing; nil when there is no room for
    /// it. Only for the region's writer.
    func block(_ kind: SeriesKind, key: UInt64 = 0, name: String = "") -> SeriesBlock? {
        var name = name
        return name.withUTF8 { utf8 in
            let name = UnsafeRawBufferPointer(utf8)
            let found = blocks.first {
                $0.kind == kind && $0.key == key && $0.name.elementsEqual(name)
            }
            return found ?? append(kind, key: key, name: name)
        }
    }

    private func append(_ kind: SeriesKind, key: UInt64, name: UnsafeRawBufferPointer)
        -> SeriesBlock?
    {
        let start = end
        let byteCount = SeriesBlock.byteCount(kind, nameByteCount: name.count)
        guard name.count <= Self.nameByteLimit, start + byteCount <= memory.count else {
            return nil
        }
        let block = UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + byteCount])
        // A writer that died here may have left half a block.
        block.initializeMemory(as: UInt8.self, repeating: 0)
        let header = SharedWords(block.baseAddress!)  // a block is never empty
        header.store(
            SeriesBlock.header(kind, nameByteCount: name.count, byteCount: byteCount), at: 0)
        header.store(key, at: 1)
        UnsafeMutableRawBufferPointer(rebasing: block[Self.blockHeaderByteCount...]).copyMemory(
            from: name)
        words.publish(UInt64(start + byteCount), at: Self.usedWord)
        return SeriesBlock(memory, at: start, end: start + byteCount)
    }

    /// Whether the blocks lead exactly to `used`.
    private var isWhole: Bool {
        var blocks = self.blocks
        while blocks.next() != nil {}
        return end >= Self.headerByteCount && blocks.offset == end
    }

    private func format() {
        words.publish(0, at: 0)
        words.store(UInt64(Self.headerByteCount), at: Self.usedWord)
        words.publish(Self.signature, at: 0)
    }
}
