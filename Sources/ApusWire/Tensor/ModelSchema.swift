/// A model's inputs and outputs, in the model's own order. The one truth that every protocol's codec checks
/// requests against.
package struct ModelSchema: Equatable, Sendable {
    /// The name it is served under, and its version.
    package var name: String
    package var version: Int
    package var inputs: [TensorSpec]
    package var outputs: [TensorSpec]
    /// The values of one row, in order: each input once, whole or by its columns.
    package var features: [FeatureSpec]
    /// What a request may say beside its rows (MLflow, "Model Signatures": params). The graph does not see them.
    package var parameters: [ParameterSpec]
    /// Requests may be joined along dimension 0: every input and output has a first dimension of any size
    /// there, and the self-test found answers unchanged by it.
    package var isBatchable: Bool
    /// The most rows of one run when `isBatchable`.
    package var maxBatchRowCount: Int

    /// - Parameter features: nil for what the graph alone says: each input is one feature.
    package init(
        name: String, version: Int, inputs: [TensorSpec], outputs: [TensorSpec], isBatchable: Bool,
        maxBatchRowCount: Int, features: [FeatureSpec]? = nil, parameters: [ParameterSpec] = []
    ) {
        self.name = name
        self.version = version
        self.inputs = inputs
        self.outputs = outputs
        self.features = features ?? FeatureSpec.whole(inputs)
        self.parameters = parameters
        self.isBatchable = isBatchable
        self.maxBatchRowCount = maxBatchRowCount
    }

    /// The columns of that input, in order; none when it is one feature.
    package func columns(ofInput index: Int) -> [FeatureSpec] {
        features.filter { $0.input == index && $0.column != nil }
    }

    /// The feature that is the whole of that input; nil when it has columns, or the schema says nothing of it.
    package func wholeFeature(ofInput index: Int) -> FeatureSpec? {
        features.first { $0.input == index && $0.column == nil }
    }

    /// Some input is known by its columns.
    package var hasColumns: Bool { features.contains { $0.column != nil } }
}
