import ApusLoop
import ApusWire
import Glibc
import Logging

/// What others may do to a running server: delete its files, stop its processes. Looked at once a second.
extension Supervisor {
    static let housekeepingMilliseconds: UInt64 = 1_000

    func keepHouse() {
        output.catchUp()
        guard !isStopping else { return }
        restoreRuntime()
        reaper.reapStrays()
        for pool in allPools {
            pool.restoreSockets()
            pool.endStopped(at: now)
        }
        judgeColocation()
        changed()
    }

    /// Makes the runtime directory and the admin socket again when somebody has deleted them. Links that are open
    /// live on without their names.
    func restoreRuntime() {
        do throws(RuntimeDirectoryError) {
            if try runtime.restore() { log.warning("the runtime directory was gone; it is there again") }
        } catch {
            return log.error("the runtime directory is gone", metadata: ["reason": "\(error)"])
        }
        guard let admin, !RuntimeDirectory.exists(runtime.adminSocket) else { return }
        do throws(UVError) {
            try admin.listen(path: runtime.adminSocket)
            log.warning("the admin socket was gone; it is there again")
        } catch {
            log.error("the admin socket is gone", metadata: ["reason": "\(error)"])
        }
    }
}

extension ModelPool {
    /// Workers whose socket was deleted make it again, for the proxies that come later.
    func restoreSockets() {
        for slot in slots where slot.state == .serving && !RuntimeDirectory.exists(socketPath(slot.serial)) {
            log.warning("a worker's socket was gone", metadata: ["pid": "\(slot.processID)"])
            workerLinks[slot.serial]?.send(WorkerOrder.listen)
        }
    }

    /// A worker that was stopped (SIGSTOP) answers nobody: what it has goes to others when it is ended. One that goes
    /// on by itself is left alone, as after a stop of the whole server.
    func endStopped(at now: UInt64) {
        let serving = slots.filter { $0.state == .serving }.map(\.processID)
        for process in serving + leaving.values {
            guard ProcessState.isStopped(process) else {
                stoppedSince[process] = nil
                continue
            }
            let since = stoppedSince[process, default: now]
            stoppedSince[process] = since
            guard now >= since + Self.stoppedMilliseconds else { continue }
            log.warning("a worker that was stopped is ended", metadata: ["pid": "\(process)"])
            endCauses[process] = "it was stopped (SIGSTOP), and ended after a second"
            kill(process, SIGKILL)
        }
    }

    private static let stoppedMilliseconds: UInt64 = 1_000
}

/// What the kernel says a process does.
enum ProcessState {
    /// Whether a signal has stopped it (proc(5), "/proc/pid/stat", the field after the name: T).
    static func isStopped(_ process: pid_t) -> Bool {
        KernelFile.fields(ofProcess: process)?.first == "T"
    }
}
