/// How a server's time divides between its proxies and its workers.
package enum RequestCost {
    /// What a request costs a proxy: parsing, passing on, answering. Measured as loadtest/RESULTS.md says.
    package static let proxyNanoseconds = 12_000.0

    /// The part of the processors' time that is left to workers while proxies keep up with them, 0 to 1.
    /// - Parameter workerNanoseconds: what a request costs its worker.
    package static func workerShare(workerNanoseconds: Double) -> Double {
        workerNanoseconds / (proxyNanoseconds + workerNanoseconds)
    }
}
