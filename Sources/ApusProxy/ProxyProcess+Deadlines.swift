import ApusLoop
import ApusWire

/// Requests whose time is up, and workers that do not come back from them.
extension ProxyProcess {
    /// Sees to it that the timer fires when `deadline` comes. Models differ in their time, so that may be sooner
    /// than what it was set for.
    func armDeadlines(_ deadline: UInt64) {
        if let armedDeadline, armedDeadline <= deadline { return }
        armedDeadline = deadline
        let now = Loop.nanoseconds
        let wait = deadline > now ? (deadline - now) / 1_000_000 + 1 : 0
        loop.updateTime()
        deadlineTimer?.start(milliseconds: wait)
    }

    /// Each is answered on time, whatever its worker does.
    func expireRequests() {
        noticePause()
        armedDeadline = nil
        let now = Loop.nanoseconds
        var next: UInt64?
        for model in allModels {
            while let request = model.deadlines.first, request.deadline <= now { expire(request, model) }
            if let deadline = model.deadlines.first?.deadline { next = min(next ?? .max, deadline) }
        }
        if let next { armDeadlines(next) }
        endTurn()
    }

    private func expire(_ request: ProxyRequest, _ model: ServedModel) {
        let error = InferenceError.deadlineExceeded(milliseconds: model.route.limits.requestMilliseconds)
        guard request.state == .dispatched || request.state == .orphaned else {
            return fail(request, error)
        }
        model.stopTiming(request)
        if let link = request.link { watch(link, over: request) }
        guard let connection = request.connection else { return }
        request.connection = nil
        request.isAnswered = true
        connection.current.request = nil
        connection.answer(.error(error, request.servingProtocol))
        connection.resume()
    }

    /// A worker that has said nothing since it was given the request is stuck. One that has may still have been at
    /// others then: it is looked at again.
    private func watch(_ link: WorkerLink, over request: ProxyRequest) {
        guard link.state == .open else { return }
        if link.lastAnswerAt < request.dispatchedAt { return reportStuck(link) }
        guard !link.isWatched else { return }
        link.beginWatch()
        overdueLinks.append(link)
    }

    /// Ten times a second: a worker answers late requests at once when it comes to them, so one that keeps silent does not
    /// come to them.
    func findStuckWorkers() {
        guard !overdueLinks.isEmpty else { return }
        let now = Loop.nanoseconds
        for link in overdueLinks {
            link.countSilence(at: now)
            if link.isStuck { reportStuck(link) }
        }
        overdueLinks.removeAll { !$0.isWatched || $0.isReportedStuck }
    }

    /// The supervisor ends the worker. It is told once.
    private func reportStuck(_ link: WorkerLink) {
        guard !link.isReportedStuck else { return }
        link.isReportedStuck = true
        report(.workerStuck(serial: link.serial))
    }
}
