import ApusLoop
import ApusWire
import Glibc

/// Memory for bodies that workers are given to read, so that nobody copies them on the way: one file without a name,
/// which every link passes to its worker once.
///
/// It is given out in blocks of a power of two (a buddy system whose blocks are put together only when a larger one is
/// wanted). Only pages that were written take memory; what nobody uses for a second is given back to the system. Until
/// then what follows writes to pages that are there: a page of new memory costs more than what is written to it.
final class BodyMemory {
    /// Bodies from here on; below, a copy costs less than another processor's memory.
    static let threshold = 4 << 10
    /// What is set aside, most of which is never touched. Where address space is limited there is none.
    static let byteCount = 1 << 30
    /// What nobody uses may keep so much.
    static let keptByteLimit = 64 << 20
    /// How long it is kept: a second.
    static let keptTicks = 10
    /// How long a block is used for nothing else that a lost worker may read: half a minute.
    static let mistrustTicks = 300
    /// Tensors are aligned so.
    static let alignment = 64

    struct Block {
        /// From the beginning of the memory on, a multiple of the page size.
        let offset: Int
        fileprivate let order: Int

        var byteCount: Int { leastBlockByteCount << order }
        fileprivate var regions: Range<Int> {
            offset / regionByteCount..<(offset + byteCount + regionByteCount - 1) / regionByteCount
        }
    }

    /// What is given back to the system as one.
    private struct Region {
        var blockCount = 0
        /// Something in it was written.
        var isResident = false
        var idleTicks = 0
    }

    private static let leastBlockByteCount = 4 << 10
    private static let regionByteCount = 1 << 20

    private let memory: SealedMemory?
    /// By order: `leastBlockByteCount << order` bytes each, the one used last is the last.
    private var free: [[Int]] = []
    private var regions: [Region] = []
    /// Those from here on are as they were at first.
    private var touchedRegionCount = 0
    private var mistrusted: [(block: Block, tickCount: Int)] = []
    /// How many blocks are in use.
    private(set) var lentCount = 0
    private var freeByteCount = 0
    private var idleRegionCount = 0
    /// Blocks were put together since the last tick: that is not tried for each body that finds no room.
    private var isCompact = false

    /// What nobody uses and the system has not back yet.
    var keptByteCount: Int { idleRegionCount * Self.regionByteCount }

    /// - Parameter byteCount: a power of two, of a region at least.
    init(byteCount: Int = BodyMemory.byteCount) {
        precondition(byteCount.nonzeroBitCount == 1 && byteCount >= Self.regionByteCount, "blocks have their halves")
        memory = Self.allows(byteCount) ? try? SealedMemory(byteCount: byteCount) : nil
        guard memory != nil else { return }
        free = Array(repeating: [], count: Self.order(byteCount) + 1)
        free[free.count - 1] = [0]
        freeByteCount = byteCount
        regions = Array(repeating: Region(), count: byteCount / Self.regionByteCount)
    }

    /// A worker has the same limits, and maps it once for each proxy.
    private static func allows(_ byteCount: Int) -> Bool {
        [RLIMIT_AS, RLIMIT_FSIZE].allSatisfy {
            var limit = rlimit()
            return getrlimit(__rlimit_resource_t($0.rawValue), &limit) == 0 && limit.rlim_cur == .max  // RLIM_INFINITY
        }
    }

    // MARK: Blocks

    /// At least `byteCount` bytes, which hold anything; nil when there is no room.
    func take(byteCount: Int) -> Block? {
        let order = Self.order(byteCount)
        guard order < free.count, let offset = place(order) else { return nil }
        let block = Block(offset: offset, order: order)
        let touched = block.regions
        touchedRegionCount = max(touchedRegionCount, touched.upperBound)
        for index in touched {
            if regions[index].isResident, regions[index].blockCount == 0 { idleRegionCount -= 1 }
            regions[index].blockCount += 1
            regions[index].isResident = true
        }
        lentCount += 1
        freeByteCount -= block.byteCount
        return block
    }

    /// Takes back what `take` gave.
    /// - Parameter isKept: it may be used again as it is; else the system gets it back now.
    func give(_ block: Block, isKept: Bool) {
        lentCount -= 1
        freeByteCount += block.byteCount
        free[block.order].append(block.offset)
        if !isKept { remove(block.offset, block.byteCount) }
        for index in block.regions {
            regions[index].blockCount -= 1
            guard regions[index].blockCount == 0 else { continue }
            regions[index].idleTicks = 0
            idleRegionCount += 1
            if !isKept || keptByteCount > Self.keptByteLimit { remove(region: index) }
        }
    }

    /// The same for what a worker that nothing is known of may still read, if only zeroes: it is used for nothing else for
    /// a while.
    func giveLater(_ block: Block) {
        remove(block.offset, block.byteCount)
        mistrusted.append((block, 0))
    }

    func address(of block: Block) -> UnsafeMutableRawPointer { bytes.baseAddress! + block.offset }

    /// All of it; empty when there is none.
    var bytes: UnsafeMutableRawBufferPointer { memory?.bytes ?? UnsafeMutableRawBufferPointer(start: nil, count: 0) }

    /// Lets go of what nobody has needed for a while. To be called ten times a second.
    func tick() {
        isCompact = false
        for index in mistrusted.indices { mistrusted[index].tickCount += 1 }
        while let first = mistrusted.first, first.tickCount >= Self.mistrustTicks {
            give(mistrusted.removeFirst().block, isKept: false)
        }
        guard idleRegionCount > 0 else { return }
        for index in 0..<touchedRegionCount where regions[index].isResident && regions[index].blockCount == 0 {
            regions[index].idleTicks += 1
            if regions[index].idleTicks >= Self.keptTicks { remove(region: index) }
        }
    }

    /// Passes it to the worker at the other end, before anything else is written there.
    /// - Returns: false when bodies have to go through the socket.
    func lend(to stream: Stream) -> Bool {
        guard let memory else { return false }
        return withUnsafeTemporaryAllocation(byteCount: MemoryFrame.byteCount, alignment: 8) { bytes in
            MemoryFrame().encode(into: bytes.baseAddress!)
            return stream.tryWrite(UnsafeRawBufferPointer(bytes), passing: memory.readOnlyDescriptor)
        }
    }

    // MARK: Room

    private static func order(_ byteCount: Int) -> Int {
        let blockCount = (max(byteCount, 1) - 1) / leastBlockByteCount
        return Int.bitWidth - blockCount.leadingZeroBitCount
    }

    private func place(_ order: Int) -> Int? {
        if let offset = free[order].popLast() ?? split(order) { return offset }
        guard !isCompact, freeByteCount >= Self.leastBlockByteCount << order else { return nil }
        putTogether()
        return split(order)
    }

    /// The first part of the next larger block; its other parts are free.
    private func split(_ order: Int) -> Int? {
        guard var larger = free[order...].firstIndex(where: { !$0.isEmpty }) else { return nil }
        let offset = free[larger].removeLast()
        while larger > order {
            larger -= 1
            free[larger].append(offset + Self.leastBlockByteCount << larger)
        }
        return offset
    }

    /// Makes one block of two halves wherever both are free.
    private func putTogether() {
        isCompact = true
        for order in free.indices.dropLast() {
            let size = Self.leastBlockByteCount << order
            let offsets = free[order].sorted()
            free[order].removeAll(keepingCapacity: true)
            var index = 0
            while index < offsets.count {
                let isPair = index + 1 < offsets.count && offsets[index + 1] == offsets[index] ^ size
                free[order + (isPair ? 1 : 0)].append(offsets[index])
                index += isPair ? 2 : 1
            }
        }
    }

    // MARK: The system's part

    private func remove(region index: Int) {
        regions[index].isResident = false
        idleRegionCount -= 1
        remove(index * Self.regionByteCount, Self.regionByteCount)
    }

    /// The next to write there finds new pages; who reads finds zeroes (madvise(2), MADV_REMOVE).
    private func remove(_ offset: Int, _ byteCount: Int) { madvise(bytes.baseAddress! + offset, byteCount, MADV_REMOVE) }
}
