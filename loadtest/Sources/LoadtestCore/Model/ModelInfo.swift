/// What a model takes and gives, from whatever description the server has.
package struct ModelInfo: Equatable, Sendable {
    package struct Tensor: Equatable, Sendable {
        package var name: String
        package var datatype: Datatype
        /// -1 for a dimension that may vary.
        package var shape: [Int]

        package init(name: String, datatype: Datatype, shape: [Int]) {
            self.name = name
            self.datatype = datatype
            self.shape = shape
        }

        /// The first dimension counts rows.
        package var hasRows: Bool { shape.first == -1 }
        /// One value in each row.
        package var isColumn: Bool { shape == [-1, 1] || shape == [-1] }
    }

    /// Where the description is from.
    package enum Source: String, Sendable {
        case openInference = "V2 metadata"
        case tensorFlow = "TensorFlow Serving metadata"
        case mlmodel = "MLmodel signature"
        case openAPI = "OpenAPI"
    }

    package var name: String
    package var version: String?
    package var inputs: [Tensor]
    package var outputs: [Tensor]
    package var source: Source
    /// The path that the description itself names for requests; for OpenAPI.
    package var predictPath: String?
    /// Weight in a mix of models.
    package var weight = 1

    package init(
        name: String, version: String? = nil, inputs: [Tensor], outputs: [Tensor], source: Source
    ) {
        self.name = name
        self.version = version
        self.inputs = inputs
        self.outputs = outputs
        self.source = source
    }

    /// Whether a request may carry several rows.
    package var takesRows: Bool { inputs.allSatisfy(\.hasRows) }
}
