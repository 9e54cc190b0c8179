/// The memory that all processes of a server count in, divided into regions: one for the
/// supervisor, then one for each proxy's slot. A proxy that is started again gets the slot of the
/// one before it and goes on counting there, so a sum over all regions never goes backwards.
///
/// The supervisor maps it before it starts anything. It is sparse: what nobody writes costs
/// nothing.
package struct MetricsMemory {
    /// Room for about 600 model versions.
    package static let regionByteCount = 1 << 20

    private let memory: UnsafeMutableRawBufferPointer

    /// - Parameter memory: shared by all processes, zeros at birth, `byteCount(proxies:)` long; it
    ///   outlives this value and all that is made from it.
    package init(_ memory: UnsafeMutableRawBufferPointer) {
        precondition(
            memory.count >= Self.regionByteCount, "metrics have at least the supervisor's region")
        self.memory = memory
    }

    /// How much memory a server with that many proxies maps.
    package static func byteCount(proxies: Int) -> Int { (proxies + 1) * regionByteCount }

    package var supervisor: MetricsRegion { region(0) }

    /// - Parameter slot: from 0.
    package func proxy(slot: Int) -> MetricsRegion { region(slot + 1) }

    /// The supervisor's region, then the proxies' by slot.
    package var regions: [MetricsRegion] { (0..<memory.count / Self.regionByteCount).map(region) }

    private func region(_ index: Int) -> MetricsRegion {
        let start = index * Self.regionByteCount
        return MetricsRegion(
            UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + Self.regionByteCount]))
    }
}
