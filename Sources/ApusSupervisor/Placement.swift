import ApusWire

/// How many processes of each kind share the processors, where the configuration leaves that open (`auto`).
///
/// Requests at full speed cost a proxy and a worker time, in a ratio that hardly depends on the load: the
/// processors are divided in that ratio. A worker's part is what the template measured, a single row alone.
/// Batches make rows cheaper, so that it errs towards workers, which cost nothing while they are idle.
struct Placement: Equatable {
    /// What a request of few values costs a worker beside the run: reading it, writing the answer.
    static let codecNanoseconds = 5_000.0

    let processorCount: Int

    /// How many proxies serve these models together.
    /// - Parameter runNanoseconds: each model's run of one row. The fastest one decides: any of them may get all
    ///   the requests, and it is the one that keeps most proxies busy.
    func proxies(runNanoseconds: [UInt64]) -> Int {
        guard let fastest = runNanoseconds.min() else { return 1 }
        return max(1, Int((Double(processorCount) * (1 - workerShare(fastest))).rounded()))
    }

    /// How many workers a model has: so many as can be busy at once.
    func workers(runNanoseconds: UInt64) -> Int {
        max(1, Int((Double(processorCount) * workerShare(runNanoseconds)).rounded(.up)))
    }

    /// A model that asks no more of its workers than a proxy does of its own time, or little more: the two can share a
    /// processor. Batches make its rows cheaper still.
    func isLight(_ runNanoseconds: UInt64) -> Bool { Double(runNanoseconds) <= 2 * RequestCost.proxyNanoseconds }

    /// The processor of the proxy in this place, by its index among those that may be used.
    func processor(ofProxy index: Int) -> Int { index % processorCount }

    /// The processor of a model's worker in this slot: counted from the other end, so that workers and proxies
    /// share one only when there are more of them than processors.
    func processor(ofWorker slot: Int) -> Int { processorCount - 1 - slot % processorCount }

    private func workerShare(_ runNanoseconds: UInt64) -> Double {
        RequestCost.workerShare(workerNanoseconds: Self.codecNanoseconds + Double(runNanoseconds))
    }
}
