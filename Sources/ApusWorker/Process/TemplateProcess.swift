import ApusWire
import Glibc

/// The process that loads one model version once and forks its workers (DESIGN §2).
///
/// No loop, no threads: it waits for orders by blocking reads, so that it may fork at any time.
package enum TemplateProcess {
    /// Runs the template until its control socket ends.
    ///
    /// - Parameters:
    ///   - control: our end of the control socket; the supervisor's orders come on it.
    ///   - supervisor: the process that started this one, and a child subreaper: workers become its children.
    package static func run(control: Int32, supervisor: pid_t) -> Never {
        _exit(ExitCode.systemFailure.rawValue)
    }
}
