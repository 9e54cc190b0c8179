import ApusLoop

/// Memory for large bodies that workers are given to read, so that nobody copies them on the way.
///
/// It is kept for a second after its use: what follows writes to pages that are there. A page of new memory costs
/// more than what is written to it.
final class BodyMemory {
    /// Bodies from here on; below, passing memory costs more than copying.
    static let threshold = 256 << 10
    /// How many there are at most, as each has a descriptor; beyond it bodies are copied.
    static let mostCount = 64
    /// Of the descriptors that connections leave, the part that these may have: links need some, too.
    static let spareDivisor = 4
    /// What all that are kept may have.
    static let keptByteLimit = 64 << 20
    /// How long one is kept: a second.
    static let keptTicks = 10
    /// Tensors are aligned so.
    static let alignment = 64
    /// Sizes are multiples of it, so that they fit the next body, too.
    private static let step = 512 << 10

    private struct Kept {
        let memory: SealedMemory
        var tickCount = 0
    }

    /// The one used last is the last.
    private var kept: [Kept] = []
    private(set) var keptByteCount = 0
    /// How many are in use.
    private(set) var lentCount = 0
    private let countLimit: Int

    var keptCount: Int { kept.count }

    /// - Parameter spareDescriptorCount: what this process may have open beside its connections.
    init(spareDescriptorCount: Int = .max) {
        countLimit = min(Self.mostCount, max(0, spareDescriptorCount / Self.spareDivisor))
    }

    /// Memory of at least `byteCount` bytes, which hold anything; nil when there is none to be had.
    func take(byteCount: Int) -> SealedMemory? {
        let fitting = byteCount...max(byteCount, byteCount.multipliedReportingOverflow(by: 4).partialValue)
        if let index = kept.lastIndex(where: { fitting.contains($0.memory.bytes.count) }) {
            lentCount += 1
            return remove(at: index)
        }
        if lentCount + kept.count >= countLimit {
            guard !kept.isEmpty else { return nil }
            _ = remove(at: 0)
        }
        let size = (byteCount + Self.step - 1) / Self.step * Self.step
        guard let memory = try? SealedMemory(byteCount: size) else { return nil }
        lentCount += 1
        return memory
    }

    /// Takes back what `take` gave.
    /// - Parameter isKept: it may be lent again.
    func give(_ memory: SealedMemory, isKept: Bool) {
        lentCount -= 1
        guard isKept, keptByteCount + memory.bytes.count <= Self.keptByteLimit else { return }
        keptByteCount += memory.bytes.count
        kept.append(Kept(memory: memory))
    }

    /// Lets go of what nobody has needed for a while. To be called ten times a second.
    func tick() {
        guard !kept.isEmpty else { return }
        for index in kept.indices { kept[index].tickCount += 1 }
        while let first = kept.first, first.tickCount >= Self.keptTicks { _ = remove(at: 0) }
    }

    private func remove(at index: Int) -> SealedMemory {
        let memory = kept.remove(at: index).memory
        keptByteCount -= memory.bytes.count
        return memory
    }
}
