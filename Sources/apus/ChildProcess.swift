import ApusConfiguration
import ApusLog
import ApusProxy
import ApusWire
import ApusWorker
import Glibc
import Logging

/// The hidden commands `apus proxy` and `apus template`, as the supervisor gives them (`Supervisor.spawn`):
/// `apus ROLE TITLE PARENT ROOM`.
enum ChildProcess {
    private static let control: CInt = 3
    private static let listener: CInt = 4
    private static let metrics: CInt = 5

    /// Becomes a proxy or a template when the arguments say so, and does not return then.
    static func runIfAsked() {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let parent = pid_t(arguments[3]) else { return }
        switch arguments[1] {
        case "proxy": runProxy(slot: arguments[2], parent)
        case "template": runTemplate(label: arguments[2], parent)
        default: return
        }
    }

    private static func runProxy(slot: String, _ parent: pid_t) -> Never {
        let log = Log.bootstrapChild(role: "proxy[\(slot)]")
        do throws(SystemError) {
            try ProcessLife.dieWithParent(parent)
            var status = stat()
            fstat(metrics, &status)
            let memory = try SharedMemory.map(metrics, byteCount: Int(status.st_size))
            close(metrics)
            ProcessLife.setTitle("apus: proxy \(slot)")
            let code = ProxyProcess.run(control: control, listener: listener, metrics: memory, log: log)
            Log.finish()
            exit(code)
        } catch {
            log.error("the proxy cannot start", metadata: ["reason": "\(error)"])
            exit(ExitStatus.internalFault.rawValue)
        }
    }

    private static func runTemplate(label: String, _ parent: pid_t) -> Never {
        let log = Log.bootstrapChild(role: "template[\(label)]")
        TemplateProcess.run(control: control, supervisor: parent, yaml: YAMLDocument.read, log: log)
    }
}
