import ApusLoop
import ApusWire
import Logging

/// Time in which this process did not run (SIGSTOP, a suspended machine) counts against nobody.
extension ProxyProcess {
    /// A tick that is so late says that the process was stopped.
    private static let pauseMilliseconds: UInt64 = 1_000

    /// At each tick, before anything is found to be late.
    func noticePause() {
        let now = loop.nowMilliseconds
        defer { lastTick = now }
        guard let lastTick, now >= lastTick + Self.pauseMilliseconds else { return }
        let pause = now - lastTick - ConnectionTimeouts.tickMilliseconds
        log.warning("this process did not run for a while; its clients get that time again", metadata: ["ms": "\(pause)"])
        timeouts.postpone(milliseconds: pause)
        for model in allModels {
            var request = model.deadlines.first
            while let current = request {
                current.deadline += pause * 1_000_000
                current.isPostponed = true
                request = current.later
            }
        }
    }

    /// A worker found a request late by the deadline that it was told, which is a later one now: it gets another try.
    /// - Returns: false when that is not so.
    func retryPostponed(_ request: ProxyRequest, _ result: ResultFrame, _ model: ServedModel, at now: UInt64) -> Bool {
        guard result.status == 504, now < request.deadline, request.connection != nil else { return false }
        request.isPostponed = false
        request.link = nil
        request.state = .orphaned
        model.requeue(request)
        return true
    }
}
