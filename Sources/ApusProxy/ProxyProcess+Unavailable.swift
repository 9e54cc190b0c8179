import ApusWire

extension ProxyProcess {
    /// No worker of `model` will come soon: what waits for one is told so at once.
    func failWaiting(_ model: ServedModel) {
        guard !model.hasWorker else { return }
        while let request = model.queue.first { fail(request, .noWorker(model: model.route.name)) }
    }
}
