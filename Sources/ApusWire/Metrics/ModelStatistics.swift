/// The V2 protocol's statistics (Open Inference Protocol, statistics extension; field names as
/// Triton's).
///
/// A success is a request answered 2xx. `queue` and the `compute_…` entries are of successes only;
/// in `batch_stats` they are of whole runs. There is no cache, so its entries are zero.
package struct ModelStatistics {
    private let totals: MetricsTotals

    package init(_ totals: MetricsTotals) { self.totals = totals }

    /// Appends the JSON document for those versions, in that order.
    ///
    /// - Parameter models: the versions that are served; one that has had no request is all zeros.
    package func write(_ models: [(name: String, version: Int)], into bytes: inout [UInt8]) {
        var sink = TextSink()
        sink.append("{\"model_stats\":[")
        for (index, model) in models.enumerated() {
            if index > 0 { sink.append(",") }
            let key = ModelKey(name: model.name, version: model.version)
            write(totals.model(key) ?? ModelTotals(key), into: &sink)
        }
        sink.append("]}")
        bytes.append(contentsOf: sink.bytes)
    }

    private func write(_ model: ModelTotals, into sink: inout TextSink) {
        sink.append("{\"name\":")
        sink.append(json: model.key.name)
        sink.append(",\"version\":\"")
        sink.append(decimal: model.key.version)
        sink.append("\",\"last_inference\":")
        sink.append(decimal: model.values[ModelField.lastInference])
        sink.append(",\"inference_count\":")
        sink.append(decimal: model.values[ModelField.rows])
        sink.append(",\"execution_count\":")
        sink.append(decimal: model.count(ModelField.batchRows, buckets: RowBuckets.count))
        writeInferences(model, into: &sink)
        sink.append(",\"response_stats\":{},\"batch_stats\":[")
        writeBatches(model, into: &sink)
        sink.append("],\"memory_usage\":[]}")
    }

    private func writeInferences(_ model: ModelTotals, into sink: inout TextSink) {
        let successes = model.values[ModelField.successes]
        func time(_ histogram: Int) -> UInt64 { model.values[histogram + DurationBuckets.count] }
        sink.append(",\"inference_stats\":{")
        write("success", successes, model.values[ModelField.successTime], into: &sink)
        sink.append(",")
        write(
            "fail", model.values[ModelField.failures], model.values[ModelField.failureTime],
            into: &sink)
        sink.append(",")
        write("queue", successes, model.values[ModelField.successQueueTime], into: &sink)
        sink.append(",")
        write("compute_input", successes, time(ModelField.decode), into: &sink)
        sink.append(",")
        write("compute_infer", successes, time(ModelField.compute), into: &sink)
        sink.append(",")
        write("compute_output", successes, time(ModelField.encode), into: &sink)
        sink.append(",")
        write("cache_hit", 0, 0, into: &sink)
        sink.append(",")
        write("cache_miss", 0, 0, into: &sink)
        sink.append("}")
    }

    private func writeBatches(_ model: ModelTotals, into sink: inout TextSink) {
        // A size is there from its first request on, but counts once the run does.
        let batches = model.batches.filter { $0.key > 0 && $0.value[BatchField.runs] > 0 }
        for (index, batch) in batches.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { sink.append(",") }
            let runs = batch.value[BatchField.runs]
            sink.append("{\"batch_size\":")
            sink.append(decimal: UInt64(batch.key))
            sink.append(",")
            write("compute_input", runs, batch.value[BatchField.decodeTime], into: &sink)
            sink.append(",")
            write("compute_infer", runs, batch.value[BatchField.computeTime], into: &sink)
            sink.append(",")
            write("compute_output", runs, batch.value[BatchField.encodeTime], into: &sink)
            sink.append("}")
        }
    }

    private func write(
        _ name: StaticString, _ count: UInt64, _ nanoseconds: UInt64, into sink: inout TextSink
    ) {
        sink.append("\"")
        sink.append(name)
        sink.append("\":{\"count\":")
        sink.append(decimal: count)
        sink.append(",\"ns\":")
        sink.append(decimal: nanoseconds)
        sink.append("}")
    }
}
