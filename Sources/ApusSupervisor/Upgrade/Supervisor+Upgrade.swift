import ApusControl
import ApusLoop
import ApusWire
import Glibc
import Logging

/// A new program in the same process (SIGUSR2): the file that is where this one was is checked, then executed.
///
///     idle ──USR2──▶ checking ──it can──▶ waiting ──nothing half done──▶ holding ──▶ execve
///       ▲                └──it cannot──┐                                    │
///       └──────────────────────────────┴────────────── failed ──────────────┘
///
/// The listening socket stays open, and every process goes on serving: the new program starts its own and lets
/// these end when its own serve (`Predecessor`). Whatever fails before the `execve` changes nothing.
enum UpgradeState {
    case idle
    /// The new program is asked whether it could take over.
    case checking(Child)
    /// For forks and reloads that are under way.
    case waiting
    /// Signals wait; those that came before are being dealt with.
    case holding
}

extension Supervisor {
    /// How long the new program may think about it.
    private static let checkMilliseconds: UInt64 = 30_000
    /// One turn of the loop with signals held: what had come before is dealt with in it.
    private static let holdMilliseconds: UInt64 = 5

    /// SIGUSR2.
    func upgradeRequested() {
        guard !isStopping, case .idle = upgrade, let program = settings.program else { return }
        if let complaint = takeoverComplaint { return refuseUpgrade(complaint) }
        let check = "\(Program.variable)=check:\(TakeoverDocument.formVersion)"
        do throws(UVError) {
            let child = try Child(
                path: program.path, arguments: program.arguments,
                environment: program.environment + [check], descriptors: [nil, 2, 2], on: loop
            ) { [unowned self] reason in checked(reason) }
            upgrade = .checking(child)
            upgradeTimer?.start(milliseconds: Self.checkMilliseconds)
            log.info("upgrading", metadata: ["program": "\(program.path)"])
        } catch {
            refuseUpgrade("\(error)")
        }
    }

    private func checked(_ reason: ExitReason) {
        guard case .checking = upgrade else { return }
        guard reason == .exited(code: 0) else {
            return refuseUpgrade("the new program does not take over: \(reason)")
        }
        upgrade = .waiting
        changed()
    }

    private func refuseUpgrade(_ sentence: String) {
        upgrade = .idle
        log.error("upgrade refused; the server goes on as it is", metadata: ["reason": "\(sentence)"])
    }

    /// Nothing is half done that the next program would not know of.
    private var isQuiet: Bool {
        reload == nil && waitingReloads.waiting.isEmpty && candidates.isEmpty && (predecessor.map { $0.isRetired && $0.isQuiet } ?? true)
            && allPools.allSatisfy(\.isQuiet) && proxies.allSatisfy(\.isQuiet)
    }

    /// Once a turn.
    func settleUpgrade() {
        guard case .waiting = upgrade, isQuiet else { return }
        upgrade = .holding
        HeldSignals.hold()
        upgradeTimer?.start(milliseconds: Self.holdMilliseconds)
    }

    /// Nobody waits for the new program's answer any more. It is reaped, and refused, as any other that fails.
    func endUpgradeCheck() {
        if case .checking(let child) = upgrade { child.kill(SIGKILL) }
    }

    func upgradeTimerFired() {
        switch upgrade {
        case .checking: endUpgradeCheck()
        case .holding: execute()
        case .idle, .waiting: break
        }
    }

    private func execute() {
        guard !isStopping, isQuiet, let document = takeoverDocument(), let program = settings.program else {
            HeldSignals.release()
            upgrade = .waiting
            return changed()
        }
        let reason = program.execute(with: document)
        HeldSignals.release()
        refuseUpgrade(reason)
    }

    private func takeoverDocument() -> TakeoverDocument? {
        guard let admin = admin?.descriptor else { return nil }
        let children = proxies.compactMap(\.forTakeover) + allPools.flatMap(\.forTakeover)
        return TakeoverDocument(
            listener: listener.descriptor, admin: admin, lock: runtime.lock,
            runtimeDirectory: runtime.path, outputReading: output.reading, outputWriting: output.writing, lastGeneration: lastGeneration, nextSerial: peekSerial, workerAdjustment: workerAdjustment, logLevel: chosenLogLevel ?? "",
            servedVersions: pools.filter(\.isServing).map(\.wanted.label), unloadedModels: unloadedModels,
            children: children + (predecessor?.forTakeover ?? []))
    }

    // MARK: After the change

    /// Until our own models can be asked, the processes of the program before answer alone, as long as they can.
    var isWaitingToTakeOver: Bool {
        guard let predecessor, !predecessor.isRetired, predecessor.hasProxies else { return false }
        return pools.contains { pool in
            !pool.isServing && (predecessor.servedVersions.contains(pool.wanted.label) || !pool.hasStarted)
        }
    }

    /// Why the program before goes on: what it serves cannot be loaded here. A sentence; nil while there is no such thing.
    private var takeoverComplaint: String? {
        guard let predecessor, isWaitingToTakeOver else { return nil }
        let missing = pools.filter { pool in
            !pool.isServing && pool.hasStarted && predecessor.servedVersions.contains(pool.wanted.label)
        }
        guard !missing.isEmpty else { return nil }
        let reasons = missing.map { "\($0.wanted.label) (\($0.reason))" }.joined(separator: "; ")
        return "the program before goes on serving until this one can serve \(reasons)"
    }

    private func complainOfTakeover() {
        let complaint = takeoverComplaint ?? ""
        guard let predecessor, complaint != predecessor.lastComplaint else { return }
        predecessor.lastComplaint = complaint
        if !complaint.isEmpty { log.warning("the upgrade waits", metadata: ["reason": "\(complaint)"]) }
    }

    /// Once a turn: lets the processes of the program before end when ours serve.
    func settleTakeover() {
        guard let predecessor else { return }
        complainOfTakeover()
        if predecessor.isGone {
            self.predecessor = nil
            snapshots.removeAll(except: allPools.map(\.generation))
            log.info("upgraded")
        } else if !predecessor.isRetired, !isWaitingToTakeOver, proxies.allSatisfy({ $0.state == .ready }) {
            predecessor.retire(milliseconds: settings.drainMilliseconds)
        }
    }
}

extension TakeoverDocument.Child {
    init<Report>(_ kind: Kind, _ process: pid_t, serial: UInt32 = 0, link: ControlLink<Report>?) {
        self.init(
            kind: kind, processID: process, serial: serial, control: link?.descriptor ?? -1,
            unread: link?.unread ?? [])
    }
}

extension ProxySlot {
    /// Nothing that it was told is still on our side.
    var isQuiet: Bool { control?.isFlushed ?? true }

    fileprivate var forTakeover: TakeoverDocument.Child? {
        guard let child else { return nil }
        return TakeoverDocument.Child(.proxy, child.processID, link: control)
    }
}

extension ModelPool {
    /// No fork is under way, and nothing that its processes were told is still on our side.
    var isQuiet: Bool {
        slots.allSatisfy { $0.state != .forking } && (control?.isFlushed ?? true)
            && workerLinks.values.allSatisfy(\.isFlushed)
    }

    fileprivate var forTakeover: [TakeoverDocument.Child] {
        var children: [TakeoverDocument.Child] = []
        if let template {
            children.append(TakeoverDocument.Child(.template, template.processID, link: control))
        }
        let serving = slots.filter { $0.processID != 0 }.map { (serial: $0.serial, process: $0.processID) }
        for worker in serving + leaving.map({ (serial: $0.key, process: $0.value) }) {
            children.append(
                TakeoverDocument.Child(
                    .worker, worker.process, serial: worker.serial, link: workerLinks[worker.serial]))
        }
        return children
    }
}

extension ServerSocket {
    /// The socket that the program before listened on. Whoever else holds it was told so by that one.
    static func takenOver(_ descriptor: CInt) throws(SupervisorStartError) -> ServerSocket {
        do throws(UVError) {
            let address = try ListeningSocket.adopt(descriptor)
            return ServerSocket(
                descriptor: descriptor, host: address.host, port: address.port, origin: .kept, replacesKept: false)
        } catch {
            throw .passedSocket(name: Program.variable, error)
        }
    }
}
