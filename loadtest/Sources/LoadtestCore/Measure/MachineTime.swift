import Glibc

/// The machine's processor time since it started, in ticks, from /proc/stat.
struct MachineTime {
    var total: UInt64 = 0
    /// Time in which a virtual machine was ready to run and its host ran something else.
    var stolen: UInt64 = 0

    static var now: MachineTime {
        guard let text = try? TextFile.read("/proc/stat"),
            let line = text.split(separator: "\n").first
        else { return MachineTime() }
        let fields = line.split(separator: " ").dropFirst().compactMap { UInt64($0) }
        // proc(5): user nice system idle iowait irq softirq steal …; guest time is within user.
        return MachineTime(
            total: fields.prefix(8).reduce(0, +), stolen: fields.count > 7 ? fields[7] : 0)
    }

    func stolenShare(since earlier: MachineTime) -> Double {
        guard total > earlier.total else { return 0 }
        return Double(stolen - earlier.stolen) / Double(total - earlier.total)
    }
}
