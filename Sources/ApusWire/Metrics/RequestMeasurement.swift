/// What one inference request took, as the proxy and the worker measured it.
package struct RequestMeasurement: Sendable {
    package var servingProtocol = ServingProtocol.other
    /// The HTTP status of the answer. Only a 2xx counts as an inference.
    package var status = 0
    /// From the arrival of all of it to its dispatch; nil when it was refused before it came to wait.
    package var queueNanoseconds: UInt64?
    /// From its arrival at the worker to the start of its run, without the decoding.
    package var batchNanoseconds: UInt64 = 0
    package var decodeNanoseconds: UInt64 = 0
    /// The run that it was part of.
    package var computeNanoseconds: UInt64 = 0
    package var encodeNanoseconds: UInt64 = 0
    /// From the end of its head to its answer.
    package var totalNanoseconds: UInt64 = 0
    /// Its own rows.
    package var requestRowCount: UInt32 = 0
    /// The rows of the run that it was part of.
    package var runRowCount: UInt32 = 0
    /// True for one request of each run, which counts the run.
    package var isFirstOfRun = false
    package var requestByteCount: UInt64 = 0
    package var responseByteCount: UInt64 = 0
    /// When it was answered.
    package var unixMilliseconds: UInt64 = 0

    package init() {}
}
