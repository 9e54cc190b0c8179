/// The values of one request, before they are written in some format.
package struct Payload: Equatable {
    package enum Values: Equatable {
        case floats([Double])
        case integers([Int64])
        case bools([Bool])
        case strings([String])

        package var count: Int {
            switch self {
            case .floats(let values): values.count
            case .integers(let values): values.count
            case .bools(let values): values.count
            case .strings(let values): values.count
            }
        }

        func json(_ index: Int) -> JSON {
            switch self {
            case .floats(let values): JSON(values[index])
            case .integers(let values): JSON(Int(values[index]))
            case .bools(let values): .bool(values[index])
            case .strings(let values): .string(values[index])
            }
        }
    }

    package struct Input: Equatable {
        package var tensor: ModelInfo.Tensor
        /// Without variable dimensions; row-major.
        package var shape: [Int]
        package var values: Values
    }

    package var inputs: [Input]
    package var rowCount: Int
}

extension Payload {
    /// What the values are.
    package enum Filling: String, CaseIterable, Sendable { case random, zeros }

    /// Values that the model's types allow: small ones, since an integer may be an index.
    package init(
        for model: ModelInfo, rowCount: Int, filling: Filling, _ random: inout SplitMix
    ) throws(UsageError) {
        self.rowCount = rowCount
        inputs = []
        for tensor in model.inputs {
            let shape = try Payload.shape(of: tensor, rowCount: rowCount, model.name)
            let count = shape.reduce(1, *)
            let values = Payload.values(tensor.datatype, count, filling, &random)
            inputs.append(Input(tensor: tensor, shape: shape, values: values))
        }
    }

    private static func shape(
        of tensor: ModelInfo.Tensor, rowCount: Int, _ model: String
    ) throws(UsageError) -> [Int] {
        guard let first = tensor.shape.first else { return [] }
        guard first == -1 || first == rowCount || rowCount == 1 else {
            throw UsageError(
                "the model \"\(model)\" takes exactly \(first) rows in \"\(tensor.name)\", not \(rowCount)"
            )
        }
        return [first == -1 ? rowCount : first] + tensor.shape.dropFirst().map { $0 == -1 ? 1 : $0 }
    }

    private static func values(
        _ type: Datatype, _ count: Int, _ filling: Filling, _ random: inout SplitMix
    ) -> Values {
        let isRandom = filling == .random
        switch type {
        case .fp16, .bf16, .fp32, .fp64:
            // Four decimals: what people's features look like, and exact enough in every float type.
            return .floats(
                (0..<count).map { _ in
                    isRandom ? (random.unit() * 80_000).rounded() / 10_000 : 0
                })
        case .bool: return .bools((0..<count).map { _ in isRandom && random.next() & 1 == 1 })
        case .bytes:
            return .strings(
                (0..<count).map { _ in
                    isRandom
                        ? ["a", "b", "c", "d", "red", "green", "blue", "other"][
                            Int(random.next() & 7)] : ""
                })
        case .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64:
            return .integers((0..<count).map { _ in isRandom ? Int64(random.next() % 8) : 0 })
        }
    }
}
