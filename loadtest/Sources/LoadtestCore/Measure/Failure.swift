/// Why a request counts as failed.
package enum Failure: Int, CaseIterable, Sendable {
    /// No connection could be made for it.
    case connect
    /// No answer within the timeout. It is in the latencies, at the time it had waited.
    case timeout
    /// The connection ended before the answer was whole.
    case closed
    /// What came is not an HTTP answer.
    case malformed
    /// The status is not 2xx.
    case status
    /// The status is right and the answer is not.
    case wrong
    /// No answer when the run ended. It is in the latencies, at the time it had waited.
    case unanswered

    package var label: String {
        switch self {
        case .connect: "cannot connect"
        case .timeout: "timed out"
        case .closed: "connection lost"
        case .malformed: "not HTTP"
        case .status: "status not 2xx"
        case .wrong: "wrong answer"
        case .unanswered: "never answered"
        }
    }

    package var key: String { "\(self)" }
}
