/// An answer of a model is right when it has the outputs, types, shapes and rows that the model's
/// description promises, only finite numbers, and the values that are expected where they are known.
package struct ModelRule: AnswerRule {
    /// What one of the run's requests should get.
    package struct Expectation {
        package var model: ModelInfo?
        package var format: RequestFormat?
        /// Nil when it is not known how many rows were sent.
        package var rowCount: Int?
        /// The answer to be equal to, within the tolerance.
        package var golden: JSON?

        package init(
            model: ModelInfo? = nil, format: RequestFormat? = nil, rowCount: Int? = nil,
            golden: JSON? = nil
        ) {
            self.model = model
            self.format = format
            self.rowCount = rowCount
            self.golden = golden
        }
    }

    package var expectations: [Expectation]
    package var tolerance: Tolerance
    package var allowsNonFinite: Bool

    package init(_ expectations: [Expectation], tolerance: Tolerance, allowsNonFinite: Bool) {
        self.expectations = expectations
        self.tolerance = tolerance
        self.allowsNonFinite = allowsNonFinite
    }

    package func check(
        _ body: [UInt8], _ head: ResponseHead, requestIndex: Int
    ) throws(WrongAnswer) {
        let expectation = expectations[requestIndex]
        guard expectation.format != nil || expectation.golden != nil else { return }
        let answer = try DecodedAnswer(body, head, expectation.format).json
        switch expectation.format {
        case .v2, .v2Binary: try checkOpenInference(answer, expectation)
        case .predict: try checkPredict(answer, expectation)
        case .tfsRows: try checkRows(answer["predictions"], "predictions", expectation)
        case .tfsColumns: try require(answer["outputs"], "outputs")
        case .mlflow: try checkMLflow(answer, expectation)
        case nil: break
        }
        if let model = expectation.model, expectation.format != .v2, expectation.format != .v2Binary
        {
            try checkFinite(answer, model.name)
        }
        if let golden = expectation.golden {
            try tolerance.compare(answer, golden, at: "answer")
        }
    }

    // MARK: The forms

    private func checkOpenInference(_ answer: JSON, _ expectation: Expectation) throws(WrongAnswer)
    {
        guard let outputs = answer["outputs"]?.array else {
            throw WrongAnswer("the answer has no \"outputs\"")
        }
        guard let model = expectation.model else { return }
        for wanted in model.outputs {
            guard let output = outputs.first(where: { $0["name"]?.string == wanted.name }) else {
                throw WrongAnswer("the answer has no output \"\(wanted.name)\"")
            }
            try check(output, wanted, expectation.rowCount)
        }
    }

    private func check(
        _ output: JSON, _ wanted: ModelInfo.Tensor, _ rowCount: Int?
    ) throws(WrongAnswer) {
        let name = wanted.name
        let datatype = output["datatype"]?.string ?? "none"
        guard datatype == wanted.datatype.rawValue else {
            throw WrongAnswer(
                "output \"\(name)\" is \(datatype); the model promises \(wanted.datatype.rawValue)")
        }
        guard let shape = output["shape"]?.array?.compactMap(\.int) else {
            throw WrongAnswer("output \"\(name)\" has no shape")
        }
        var promised = wanted.shape
        if let rowCount, promised.first == -1 { promised[0] = rowCount }
        let fits =
            shape.count == promised.count
            && zip(shape, promised).allSatisfy { $0 == $1 || $1 == -1 }
        guard fits else {
            throw WrongAnswer(
                "output \"\(name)\" has shape \(shape); the model promises \(promised)")
        }
        guard let data = output["data"] else { throw WrongAnswer("output \"\(name)\" has no data") }
        let values = ModelRule.flattened(data)
        guard values.count == shape.reduce(1, *) else {
            throw WrongAnswer("output \"\(name)\" has \(values.count) values in shape \(shape)")
        }
        for value in values { try check(value, wanted) }
    }

    private func check(_ value: JSON, _ tensor: ModelInfo.Tensor) throws(WrongAnswer) {
        let fits =
            switch tensor.datatype {
            case .bytes: value.string != nil
            case .bool:
                switch value {
                case .bool: true
                case .null, .number, .string, .array, .object: value.int == 0 || value.int == 1
                }
            case .fp16, .bf16, .fp32, .fp64: allowsNonFinite || (value.double?.isFinite ?? false)
            case .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64:
                value.double != nil
            }
        guard fits else {
            throw WrongAnswer(
                "output \"\(tensor.name)\" has the value \(value.text), which is no finite \(tensor.datatype.rawValue)"
            )
        }
    }

    private func checkPredict(_ answer: JSON, _ expectation: Expectation) throws(WrongAnswer) {
        guard let rowCount = expectation.rowCount else { return }
        let rows = answer.array ?? [answer]
        guard rows.count == rowCount else {
            throw WrongAnswer("the answer has \(rows.count) rows for \(rowCount)")
        }
        for row in rows {
            guard row.members != nil else { throw WrongAnswer("a row of the answer is no object") }
            for output in expectation.model?.outputs ?? [] where row[output.name] == nil {
                throw WrongAnswer("the answer has no output \"\(output.name)\"")
            }
        }
    }

    private func checkRows(
        _ rows: JSON?, _ name: String, _ expectation: Expectation
    ) throws(WrongAnswer) {
        guard let rows = rows?.array else { throw WrongAnswer("the answer has no \"\(name)\"") }
        guard let rowCount = expectation.rowCount, rows.count != rowCount else { return }
        throw WrongAnswer("\"\(name)\" has \(rows.count) rows for \(rowCount)")
    }

    private func checkMLflow(_ answer: JSON, _ expectation: Expectation) throws(WrongAnswer) {
        try require(answer["predictions"], "predictions")
        if answer["predictions"]?.array != nil {
            try checkRows(answer["predictions"], "predictions", expectation)
        }
    }

    private func require(_ value: JSON?, _ name: String) throws(WrongAnswer) {
        guard value != nil else { throw WrongAnswer("the answer has no \"\(name)\"") }
    }

    private func checkFinite(_ value: JSON, _ name: String) throws(WrongAnswer) {
        guard !allowsNonFinite else { return }
        for leaf in ModelRule.leaves(value) {
            if leaf == .null {
                throw WrongAnswer("the answer of \"\(name)\" has a null where a value should be")
            }
            if let number = leaf.double, !number.isFinite {
                throw WrongAnswer("the answer of \"\(name)\" has the value \(leaf.text)")
            }
        }
    }

    /// The values of nested lists, in order.
    static func flattened(_ value: JSON) -> [JSON] {
        guard let elements = value.array else { return [value] }
        if !elements.contains(where: { $0.array != nil }) { return elements }
        return elements.flatMap(flattened)
    }

    private static func leaves(_ value: JSON) -> [JSON] {
        switch value {
        case .array(let elements): elements.flatMap(leaves)
        case .object(let members): members.flatMap { leaves($0.value) }
        case .null, .bool, .number, .string: [value]
        }
    }
}
