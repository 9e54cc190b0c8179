import ApusLoop
import Glibc
import Logging

/// The supervisor's side of its service manager: says what has changed, and that the loop turns.
///
/// Without a service manager it does nothing.
final class ServiceLink {
    /// How long a load is given with each message while one goes on; see `isBusy`.
    private static let extensionMicroseconds: UInt64 = 60_000_000
    /// More often than the shortest of the timeouts that are extended.
    private static let extensionMilliseconds: UInt64 = 10_000

    private let socket: NotifySocket?
    private let log: Logger
    private var report = ServiceReport()
    /// What did not fit into the service manager's queue. In order; none is left out.
    private var unsent: [(notice: ServiceNotice, descriptor: CInt?)] = []
    private let watchdogMilliseconds: UInt64?
    private var pulse: Timer?
    private var nextExtension: UInt64 = 0
    private var hasFailed = false

    /// A model is being loaded for the first time, or for a reload; asked each time the timer fires.
    var isBusy: () -> Bool = { false }

    init(_ environment: ServiceEnvironment, log: Logger) {
        self.log = log
        socket = environment.notifyAddress.flatMap(NotifySocket.init)
        // Half of what is allowed, sd_watchdog_enabled(3).
        watchdogMilliseconds = environment.watchdogMicroseconds.map { max(1, $0 / 2000) }
    }

    /// Begins to say that the loop turns.
    func start(on loop: Loop) {
        guard socket != nil else { return }
        let milliseconds = min(watchdogMilliseconds ?? .max, Self.extensionMilliseconds)
        let pulse = Timer(on: loop) { [unowned self] in beat(at: loop.nowMilliseconds) }
        pulse.start(milliseconds: 0, repeating: milliseconds)
        pulse.unreference()
        self.pulse = pulse
    }

    /// Says what is new since the last call.
    func tell(_ state: ServiceState) {
        for notice in report.notices(for: state, now: Loop.nanoseconds / 1000) { send(notice) }
    }

    /// - Parameter passing: stays open until the message has gone, which may be after this call.
    func send(_ notice: ServiceNotice, passing descriptor: CInt? = nil) {
        guard socket != nil else { return }
        if case .status = notice, case .status? = unsent.last?.notice { unsent.removeLast() }
        unsent.append((notice, descriptor))
        flush()
    }

    func close() {
        flush()
        pulse?.close()
        pulse = nil
        socket?.close()
    }

    private func beat(at now: UInt64) {
        if watchdogMilliseconds != nil, !unsent.contains(where: { $0.notice == .alive }) { send(.alive) }
        if now >= nextExtension, isBusy() {
            nextExtension = now + Self.extensionMilliseconds
            send(.extend(microseconds: Self.extensionMicroseconds))
        }
        flush()
    }

    private func flush() {
        guard let socket else { return }
        while let (notice, descriptor) = unsent.first {
            switch socket.send(notice.text, passing: descriptor) {
            case .full: return
            case .sent: break
            case .failed(let number): warn(number)
            }
            unsent.removeFirst()
        }
    }

    /// Once: a service manager that is not there does not come back.
    private func warn(_ number: CInt) {
        guard !hasFailed else { return }
        hasFailed = true
        log.warning(
            "cannot report to the service manager", metadata: ["reason": "\(String(cString: strerror(number)))"])
    }
}
