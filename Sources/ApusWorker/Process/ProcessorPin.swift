import CProcess
import Glibc

/// Keeps processes where their caches are warm.
package enum ProcessorPin {
    /// Keeps `process`, which has one thread, on the processors of these numbers.
    /// - Returns: why that cannot be; nil when it is done.
    package static func keep(_ process: pid_t, on processors: [Int]) -> String? {
        do throws(SystemError) {
            let numbers = processors.map(Int32.init)
            try SystemError.check(apus_keep_on(process, numbers, numbers.count), "sched_setaffinity")
            return nil
        } catch {
            return "\(error)"
        }
    }
}
