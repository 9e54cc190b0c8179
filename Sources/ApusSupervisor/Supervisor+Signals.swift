import ApusLoop
import Glibc
import Logging

/// The signals that change what runs without ending it.
extension Supervisor {
    /// As many workers as a model may have; `--workers` has the same limit.
    private static let workerCountLimit = 1024

    func watchLesserSignals() throws(UVError) -> [SignalWatch] {
        [
            try SignalWatch(SIGTTIN, on: loop) { [unowned self] in adjustWorkers(by: 1) },
            try SignalWatch(SIGTTOU, on: loop) { [unowned self] in adjustWorkers(by: -1) },
            try SignalWatch(SIGUSR2, on: loop) { [unowned self] in upgradeRequested() },
            try SignalWatch(SIGUSR1, on: loop) { [unowned self] in
                log.info("there is no log file to open again: the log goes to standard error")
            },
        ]
    }

    /// What TTIN and TTOU made of a number of workers.
    func adjustedWorkerCount(_ count: Int) -> Int {
        min(max(count + workerAdjustment, 1), Self.workerCountLimit)
    }

    /// One more for each model, or one less. The last worker of a model stays.
    private func adjustWorkers(by change: Int) {
        guard !isStopping else { return }
        let counts = pools.map(\.plainWorkerCount)
        // No further than to where every model has its least or its most: the way back is as long as the way there.
        let least = 1 - (counts.max() ?? 1)
        let most = Self.workerCountLimit - (counts.min() ?? 1)
        workerAdjustment = min(max(workerAdjustment + change, least), most)
        log.info(
            "worker count changed",
            metadata: [
                "by": "\(workerAdjustment)",
                "workers": "\(pools.map { "\($0.wanted.name) \($0.workerCount)" }.joined(separator: ", "))",
            ])
        changed()
    }
}
