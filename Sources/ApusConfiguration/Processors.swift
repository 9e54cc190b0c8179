import FoundationEssentials
import Glibc

/// The processors of this machine.
package enum Processors {
    /// The numbers of those that this process may run on; at least one. It heeds `taskset` and a container's
    /// `cpuset`.
    package static let numbers: [Int] = {
        let status = FileManager.default.contents(atPath: "/proc/self/status") ?? Data()
        return allowed(byStatus: String(decoding: status, as: UTF8.self))
            ?? Array(0..<max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }()

    /// The bits of `Cpus_allowed`, which are hexadecimal digits and commas, the lowest last (proc(5)).
    static func allowed(byStatus status: String) -> [Int]? {
        let label = "Cpus_allowed:"
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(label) }) else { return nil }
        let digits = line.dropFirst(label.count).reversed().compactMap(\.hexDigitValue)
        let numbers = digits.enumerated().flatMap { place, digit in
            (0..<4).filter { digit & 1 << $0 != 0 }.map { place * 4 + $0 }
        }
        return numbers.isEmpty ? nil : numbers
    }
}
