import Glibc

/// What the kernel has counted of processes and processors (proc(5)).
enum ProcessorTime {
    /// How long a process of one thread has run, and how long it has waited to, in nanoseconds; nil when it is gone, or
    /// the kernel does not count.
    static func of(_ process: pid_t) -> (run: UInt64, wait: UInt64)? {
        guard let text = KernelFile.text(of: "/proc/\(process)/schedstat") else { return nil }
        let fields = text.split(separator: " ").compactMap { UInt64($0) }
        return fields.count >= 2 ? (fields[0], fields[1]) : nil
    }

    /// The processor that a process has run on last.
    static func processor(of process: pid_t) -> Int? {
        guard let fields = KernelFile.fields(ofProcess: process), fields.count > 36 else { return nil }
        return Int(fields[36])  // field 39
    }

    /// How long `processors` have done nothing, together, in nanoseconds; 0 when that is not told.
    static func idle(_ processors: [Int]) -> UInt64 {
        guard let text = KernelFile.text(of: "/proc/stat") else { return 0 }
        return idleTicks(processors, text) * (1_000_000_000 / UInt64(max(1, sysconf(Int32(_SC_CLK_TCK)))))
    }

    /// - Parameter text: of `/proc/stat`: `cpu3 user nice system idle iowait …`.
    static func idleTicks(_ processors: [Int], _ text: String) -> UInt64 {
        var ticks: UInt64 = 0
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 5, fields[0].hasPrefix("cpu"), let number = Int(fields[0].dropFirst(3)) else { continue }
            if processors.contains(number) { ticks += (UInt64(fields[4]) ?? 0) + (UInt64(fields[5]) ?? 0) }
        }
        return ticks
    }
}
