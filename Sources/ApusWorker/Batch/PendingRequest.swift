import ApusProtocols
import ApusWire

/// One decoded request of a turn, from its frame to its answer. Made once per place in a turn and used again.
final class PendingRequest {
    /// What the codec read; it writes the answer from it.
    let inference: InferenceRequest
    /// Where each input's elements begin in the turn's buffers, in the schema's order.
    var firstElements: [Int] = []
    var frame = InferFrame(
        requestID: 0, flags: [], bodyByteCount: 0, deadline: 0, arrivedAt: 0,
        inferenceHeaderByteCount: -1, endpoint: .openInference, coding: .identity, accepted: [])
    /// Who gets the answer; nil between turns.
    var link: Link?
    /// Its client has gone.
    var isCancelled = false
    /// When it was decoded, and how long that took, in nanoseconds.
    var decodedAt: UInt64 = 0
    var decodeNanoseconds: UInt64 = 0

    /// - Parameter bodyByteLimit: the longest body.
    init(bodyByteLimit: Int) { inference = InferenceRequest(bodyByteLimit: bodyByteLimit) }

    /// The time by which its run must begin, as the request itself asked; the largest number if it did not.
    var startBy: UInt64 {
        let microseconds = inference.timeoutMicroseconds
        guard microseconds > 0 else { return .max }
        let (nanoseconds, overflow) = microseconds.multipliedReportingOverflow(by: 1000)
        let (time, late) = frame.arrivedAt.addingReportingOverflow(nanoseconds)
        return overflow || late ? .max : time
    }

    /// 1 is served first; requests that name no priority come after those that do.
    var rank: UInt64 { inference.priority == 0 ? .max : inference.priority }

    /// Why it is not to be run any more, if so.
    func refusal(at now: UInt64) -> InferenceError? {
        interruption(at: now) ?? (now >= startBy ? .queueTimeout : nil)
    }

    /// Why nobody waits for its answer any more, if so.
    func interruption(at now: UInt64) -> InferenceError? {
        if isCancelled || link?.isClosed == true { return .cancelled }
        if now >= frame.deadline {
            let given = frame.deadline >= frame.arrivedAt ? frame.deadline - frame.arrivedAt : 0
            return .deadlineExceeded(milliseconds: Int(given / 1_000_000))
        }
        return nil
    }
}
