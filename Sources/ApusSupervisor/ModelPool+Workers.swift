import ApusLoop
import ApusWire
import Glibc
import Logging

/// How many workers there are, and which ones are replaced or leave before they die.
extension ModelPool {
    // MARK: Size

    /// The number of places that there should be; one more while a worn worker's replacement starts.
    private var placeCount: Int { workerCount + (wornIndex == nil ? 0 : 1) }

    /// How many workers there should be now: as configured or found out, and what TTIN and TTOU made of it.
    var workerCount: Int {
        supervisor.adjustedWorkerCount(plainWorkerCount)
    }

    var plainWorkerCount: Int { wanted.workerCount ?? placedWorkerCount ?? 1 }

    private var wornIndex: Int? { slots.firstIndex(where: \.isWorn) }

    /// The number that a slot's worker shows. A replacement has that of the worker it replaces, whose place it takes.
    func displayIndex(_ index: Int) -> Int {
        guard index == slots.count - 1, let wornIndex, wornIndex != index else { return index }
        return wornIndex
    }

    /// Makes the number of slots what it should be. A worn worker leaves when its replacement serves, one at a time.
    func settleSize() {
        // One that holds more than it may is given nothing more while another serves.
        if let index = slots.firstIndex(where: \.isOverLimit), slots.contains(where: \.isSound) {
            let hasReplacement = index == wornIndex && slots.count > workerCount
            if !hasReplacement { slots.append(WorkerSlot()) }
            slots.swapAt(index, slots.count - 1)
            dismissLast()
        }
        if let wornIndex, slots.count(where: \.isSound) >= placeCount - 1 {
            slots.swapAt(wornIndex, slots.count - 1)
            dismissLast()
        }
        while slots.count < placeCount { slots.append(WorkerSlot()) }
        // A fork that is under way is waited for.
        while slots.count > placeCount, slots.last?.state != .forking { dismissLast() }
    }

    /// Its worker is taken from the proxies' lists; it ends when they have closed their links.
    private func dismissLast() {
        let slot = slots.removeLast()
        guard slot.processID != 0 else { return }
        leaving[slot.serial] = slot.processID
        workerLinks[slot.serial]?.send(WorkerOrder.drain)
        supervisor.changed()
    }

    // MARK: Reports

    func handle(_ report: WorkerReport, from serial: UInt32) {
        switch report {
        case .ready: workerReady(serial)
        case .outOfRange(let counts): supervisor.countOutOfRange(counts, of: wanted)
        case .worn: workerWorn(serial, isOverLimit: false)
        case .overLimit: workerWorn(serial, isOverLimit: true)
        case .listening: supervisor.resendRoutes()
        }
    }

    private func workerWorn(_ serial: UInt32, isOverLimit: Bool) {
        guard let index = slots.firstIndex(where: { $0.serial == serial && $0.state == .serving }) else { return }
        if !slots[index].isWorn {
            log.info("worker is replaced", metadata: ["slot": "\(index)", "pid": "\(slots[index].processID)"])
        }
        slots[index].wornOut(isOverLimit: isOverLimit)
        supervisor.changed()
    }

    // MARK: Crash loops

    /// Takes down an end that says something against the model. While it is degraded each one does: the next is tried at
    /// its own time.
    func countDeath(of serial: UInt32, _ reason: ExitReason, fromOutside: Bool) {
        let now = supervisor.now
        guard !supervisor.isStopping, let slot = slots.first(where: { $0.serial == serial }),
            slot.isSuspicious(at: now, fromOutside: fromOutside) || crashLoop.isDegraded && slot.processID != 0
        else { return }
        let isDegraded = crashLoop.died(
            at: now, workerCount: slots.count, how: "\(reason)", jitter: .random(in: -1...1))
        if isDegraded { log.error("model degraded", metadata: ["reason": "\(crashLoop.reason ?? "")"]) }
    }

    /// While the model is degraded: one worker at a time, and none beside one that lives.
    /// - Returns: when to look again, on the loop's clock.
    func convergeProbe(at now: UInt64) -> UInt64? {
        if crashLoop.recovered(at: now, isServing: isServing) {
            log.info("model recovered")
            supervisor.changed()
            return now
        }
        if isServing { return crashLoop.recoversAt }
        guard slots.allSatisfy({ $0.state == .empty }), let index = slots.indices.first else { return nil }
        let due = max(crashLoop.probeAt, slots[index].readyAt)
        guard now >= due else { return due }
        crashLoop.probed(at: now)
        fill(index, at: now)
        return nil
    }
}
