import CProcess
import Glibc

/// Keeps processes where their caches are warm.
package enum ProcessorPin {
    /// Keeps `process`, which has one thread, on the processor of that number.
    /// - Returns: why that cannot be; nil when it is done.
    package static func pin(_ process: pid_t, to processor: Int) -> String? {
        do throws(SystemError) {
            try SystemError.check(apus_pin(process, Int32(processor)), "sched_setaffinity")
            return nil
        } catch {
            return "\(error)"
        }
    }
}
