import FoundationEssentials
import Glibc

/// The processors of this machine.
package enum Processors {
    /// How many this process may run on; at least 1. It heeds `taskset` and a container's `cpuset`.
    package static let usable: Int = {
        let status = FileManager.default.contents(atPath: "/proc/self/status") ?? Data()
        return allowed(byStatus: String(decoding: status, as: UTF8.self))
            ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }()

    /// The bits of `Cpus_allowed`, which are hexadecimal digits and commas (proc(5)).
    static func allowed(byStatus status: String) -> Int? {
        let label = "Cpus_allowed:"
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(label) }) else { return nil }
        let count = line.dropFirst(label.count).reduce(0) { $0 + ($1.hexDigitValue ?? 0).nonzeroBitCount }
        return count > 0 ? count : nil
    }
}
