/// The answers that a run's requests should get, known beforehand.
package enum Golden {
    /// Asks a second server each request once; its answers are the expected ones.
    /// - Throws: when it does not answer, or answers with an error.
    package static func ask(
        _ endpoint: Endpoint, _ plan: RequestPlan
    ) throws(UsageError) -> [JSON] {
        let client = Client(endpoint, timeoutSeconds: 30)
        var answers: [JSON] = []
        for (request, expectation) in zip(plan.requests, plan.expectations) {
            let answer: Client.Answer
            do {
                answer = try client.ask(request.bytes)
            } catch {
                throw error.usageError(endpoint)
            }
            guard answer.status == 200 else {
                throw UsageError(
                    "\(endpoint.authority) answers \(answer.status) to the request it should set the standard for"
                )
            }
            do {
                answers.append(try DecodedAnswer(answer.body, answer.head, expectation.format).json)
            } catch {
                throw UsageError("\(endpoint.authority) sets no standard: \(error)")
            }
        }
        return answers
    }

    /// Reads a file of JSON lines, an answer for each request in turn.
    package static func read(_ file: String, count: Int) throws(UsageError) -> [JSON] {
        var answers: [JSON] = []
        for (number, line) in try TextFile.read(file).split(separator: "\n").enumerated() {
            do {
                answers.append(try JSON.parse(String(line)))
            } catch {
                throw UsageError("\(file), line \(number + 1) is not JSON: \(error)")
            }
        }
        guard answers.count == count else {
            throw UsageError("\(file) has \(answers.count) answers for \(count) requests")
        }
        return answers
    }

    package static func write(_ answers: [JSON], to file: String) throws(UsageError) {
        try TextFile.write(answers.map { $0.text + "\n" }.joined(), to: file)
    }
}
