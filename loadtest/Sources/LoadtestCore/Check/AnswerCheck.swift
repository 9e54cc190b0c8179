import Glibc

/// Looks at every answer of a run: is it what the request should get?
///
/// A server gives the same bytes for the same request most of the time. An answer that equals the last
/// accepted one byte for byte is accepted for the price of the comparison; any other is read whole.
package final class AnswerCheck {
    private let rule: any AnswerRule
    private var accepted: [[UInt8]]
    private var exampleSet: [String] = []

    /// The first few wrong answers, each as a sentence.
    package var examples: [String] { exampleSet }
    private static let exampleLimit = 5

    /// - Parameter requestCount: how many different requests there are.
    package init(_ rule: any AnswerRule, requestCount: Int) {
        self.rule = rule
        accepted = [[UInt8]](repeating: [], count: requestCount)
    }

    @inline(__always)
    func accepts(_ body: UnsafeRawBufferPointer, _ head: ResponseHead, requestIndex: Int) -> Bool {
        let isKnown = accepted[requestIndex].withUnsafeBytes { known in
            known.count == body.count && !known.isEmpty
                && memcmp(known.baseAddress!, body.baseAddress!, body.count) == 0
        }
        return isKnown || examine(body, head, requestIndex)
    }

    private func examine(
        _ body: UnsafeRawBufferPointer, _ head: ResponseHead, _ requestIndex: Int
    ) -> Bool {
        do {
            let plain = head.isGzip ? try Gzip.inflate(body) : Array(body)
            try rule.check(plain, head, requestIndex: requestIndex)
            accepted[requestIndex] = Array(body)
            return true
        } catch {
            if exampleSet.count < AnswerCheck.exampleLimit, !exampleSet.contains(error.description)
            {
                exampleSet.append(error.description)
            }
            return false
        }
    }
}

/// What makes an answer right.
package protocol AnswerRule {
    /// - Throws: what is wrong, in a sentence.
    func check(_ body: [UInt8], _ head: ResponseHead, requestIndex: Int) throws(WrongAnswer)
}

/// What is wrong with an answer.
package struct WrongAnswer: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ sentence: String) { description = sentence }
}
