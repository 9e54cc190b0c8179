import ApusLog
import ApusModel
import ApusWire
import Glibc
import Logging

/// The process that loads one model version once and forks its workers (DESIGN §2).
///
/// No loop, no threads: it waits for orders by `poll`, so that it may fork at any time.
package enum TemplateProcess {
    /// Runs the template until its control socket ends.
    ///
    /// - Parameters:
    ///   - control: our end of the control socket, by which `TemplateOrder`s come and `TemplateReport`s go.
    ///     Descriptors above it are closed in workers, so it is the highest that they may inherit.
    ///   - supervisor: the process that started this one, and a child subreaper: workers become its children.
    ///   - yaml: reads the YAML beside a model, without starting a thread.
    package static func run(
        control: Int32, supervisor: pid_t, yaml: @escaping YAMLParser, log: Logger
    ) -> Never {
        var channel = ControlChannel(Socket(owning: control))
        do {
            try ProcessLife.takeOrdersBySocket()
            try ProcessLife.dieWithParent(supervisor)
            var template = Template(supervisor: supervisor, yaml: yaml, log: log)
            while let order = try channel.next(TemplateOrder.self) { try template.obey(order, channel) }
            _exit(ExitStatus.ok.rawValue)
        } catch let error as ControlError {
            log.error("the supervisor sent no order", metadata: ["reason": "\(error)"])
            _exit(ExitStatus.protocolBroken.rawValue)
        } catch {
            log.error("the template cannot go on", metadata: ["reason": "\(error)"])
            _exit(ExitStatus.internalFault.rawValue)
        }
    }
}
