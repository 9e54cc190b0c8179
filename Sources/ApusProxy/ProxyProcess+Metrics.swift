import ApusLoop
import ApusWire

extension ProxyProcess {
    /// Counts a request that a worker answered. Of one that had its 504 before, which was counted then, only the run.
    func record(
        _ request: ProxyRequest, _ result: ResultFrame, _ byteCount: Int, _ model: ServedModel, at now: UInt64
    ) {
        var measurement = RequestMeasurement()
        measurement.servingProtocol = request.servingProtocol
        measurement.status = Int(result.status)
        measurement.queueNanoseconds = request.queueNanoseconds
        measurement.batchNanoseconds = result.timing.batchWait
        measurement.decodeNanoseconds = result.timing.decode
        measurement.computeNanoseconds = result.timing.compute
        measurement.encodeNanoseconds = result.timing.encode
        measurement.totalNanoseconds = now &- request.startedAt
        measurement.requestRowCount = result.requestRowCount
        measurement.runRowCount = result.runRowCount
        measurement.isFirstOfRun = result.flags.isFirstOfRun
        measurement.requestByteCount = UInt64(request.bodyByteCount)
        measurement.responseByteCount = UInt64(byteCount)
        measurement.unixMilliseconds = date.unixMilliseconds
        if request.isAnswered { model.series.recordLate(measurement) } else { model.series.record(measurement) }
    }

    /// Counts a request that the proxy answered itself.
    func recordLocal(_ current: CurrentRequest, status: Int, byteCount: Int) {
        guard let model = current.model else {
            return metrics.recordRequest(current.servingProtocol, status: status)
        }
        var measurement = RequestMeasurement()
        measurement.servingProtocol = current.servingProtocol
        measurement.status = status
        measurement.totalNanoseconds = Loop.nanoseconds &- current.startedAt
        measurement.requestByteCount = UInt64(current.bodyByteCount)
        measurement.responseByteCount = UInt64(byteCount)
        measurement.unixMilliseconds = date.unixMilliseconds
        model.series.record(measurement)
    }
}

extension ProxyProcess {
    /// The sums over all processes, in Prometheus' text format.
    func metricsText() -> [UInt8] {
        var bytes: [UInt8] = []
        PrometheusText(MetricsTotals(metricsMemory), build: ApusVersion.text).write(into: &bytes)
        return bytes
    }

    /// The V2 statistics of one model version, or of all.
    func statistics(of model: ServedModel?) -> [UInt8] {
        let models = model.map { [$0] } ?? catalog.models
        var bytes: [UInt8] = []
        ModelStatistics(MetricsTotals(metricsMemory))
            .write(models.map { ($0.route.name, $0.route.version) }, into: &bytes)
        return bytes
    }
}
