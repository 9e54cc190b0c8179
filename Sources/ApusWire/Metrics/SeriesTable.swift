/// The words of a model's series by a small number, found without hashing a string or allocating.
///
/// Open addressing with linear probing, never more than half full, so a search meets a free slot
/// soon. The slots are allocated once and not in an `InlineArray`: as a stored property of a class,
/// Swift 6.3.1 copies that as a whole for each search, which cost 200 ns a request.
struct SeriesTable: ~Copyable {
    /// The most series that it holds. Who has more shares one for the rest.
    static let capacity = 64

    private struct Slot {
        /// 0 is a free slot.
        var key: UInt32 = 0
        var words: SharedWords?
    }

    private static let slotCount = 128

    private let slots = UnsafeMutablePointer<Slot>.allocate(capacity: slotCount)
    private(set) var count = 0

    init() { slots.initialize(repeating: Slot(), count: Self.slotCount) }

    deinit { slots.deallocate() }

    var isFull: Bool { count == Self.capacity }

    /// - Parameter key: not 0.
    @inline(__always)
    func find(_ key: UInt32) -> SharedWords? {
        var index = Self.start(key)
        while slots[index].key != key {
            guard slots[index].key != 0 else { return nil }
            index = (index + 1) % Self.slotCount
        }
        return slots[index].words
    }

    /// Adds what `find` did not have. The table is not full.
    mutating func insert(_ key: UInt32, _ words: SharedWords) {
        precondition(!isFull && key != 0, "a series table has room and no key 0")
        var index = Self.start(key)
        while slots[index].key != 0 { index = (index + 1) % Self.slotCount }
        slots[index] = Slot(key: key, words: words)
        count += 1
    }

    /// The top seven bits of Knuth's multiplicative hash (TAOCP vol. 3, §6.4).
    @inline(__always)
    private static func start(_ key: UInt32) -> Int { Int((key &* 0x9E37_79B1) >> 25) }
}
