import ApusLog
import ApusModel
import ApusWire
import Glibc

/// A worker's process, from its fork to its end.
enum WorkerProcess {
    /// - Parameters:
    ///   - control: its end of its control socket.
    ///   - middle: the process that forked it, which ends at once: the parent is the supervisor from then on.
    static func run(
        _ model: WorkerModel, _ seat: WorkerSeat, control: Int32, supervisor: pid_t, middle: pid_t
    ) -> Never {
        do {
            waitForSupervisor(after: middle)
            try ProcessLife.dieWithParent(supervisor)
            warmUp(model.session)
            let listener = try Socket.listening(at: seat.socketPath)
            let channel = ControlChannel(Socket(owning: control))
            try channel.send(WorkerReport.ready)
            let worker = Worker(model, control: channel, listener: listener, socketPath: seat.socketPath)
            let code = try worker.serve()
            unlink(seat.socketPath)
            _exit(code.rawValue)
        } catch let error as SystemError where error.code == EPIPE {
            _exit(ExitStatus.ok.rawValue)  // the supervisor has ended, and closed its end before we were told
        } catch {
            model.log.error("the worker cannot go on", metadata: ["reason": "\(error)"])
            _exit(ExitStatus.internalFault.rawValue)
        }
    }

    /// An orphan's new parent is set when the old one's memory is gone, which takes longer the more it had.
    private static func waitForSupervisor(after middle: pid_t) {
        while getppid() == middle { usleep(100) }
    }

    /// The first run allocates what later runs use again. Made-up rows may be refused by the model; no matter.
    private static func warmUp(_ session: Session) {
        let example = ExampleInput(session.inputs, rowCount: 1)
        try? session.run(example) { _ in }
    }
}
