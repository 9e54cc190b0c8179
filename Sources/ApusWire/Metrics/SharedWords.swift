import Synchronization

/// Aligned 64-bit words in memory that several processes map. One process writes them, any number
/// read.
///
/// A word of zeros is a valid `Atomic<UInt64>` of 0, so memory fresh from the kernel needs no
/// initialising. As there is one writer, it adds by load and store without a bus lock: what matters
/// is that no reader sees half a word, and that `publish` comes after everything it publishes. The
/// memory outlives every copy of this value; who maps it sees to that.
struct SharedWords {
    private let base: UnsafeMutablePointer<Atomic<UInt64>>

    /// - Parameter memory: aligned to 8 bytes.
    init(_ memory: UnsafeMutableRawPointer) {
        base = memory.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// The words from `index` on.
    func from(_ index: Int) -> SharedWords { SharedWords(UnsafeMutableRawPointer(base + index)) }

    /// The word as it is now, with no promise about other words.
    @inline(__always)
    func load(_ index: Int) -> UInt64 { base[index].load(ordering: .relaxed) }

    @inline(__always)
    func store(_ value: UInt64, at index: Int) { base[index].store(value, ordering: .relaxed) }

    /// Only for the one writer. Wraps around, as a corrupt word may hold anything.
    @inline(__always)
    func add(_ amount: UInt64, at index: Int) { store(load(index) &+ amount, at: index) }

    /// Stores the word after everything this process stored before.
    func publish(_ value: UInt64, at index: Int) { base[index].store(value, ordering: .releasing) }

    /// Loads the word; what was stored before it was published is visible from here on.
    func loadPublished(_ index: Int) -> UInt64 { base[index].load(ordering: .acquiring) }
}
