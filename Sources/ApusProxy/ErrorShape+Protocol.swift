import ApusWire

extension ErrorShape {
    /// The way that the path's protocol writes an error.
    init(_ servingProtocol: ServingProtocol) {
        switch servingProtocol {
        case .mlflow: self = .mlflow
        case .tensorFlowServing: self = .tensorFlowServing
        case .torchServe: self = .torchServe
        case .other, .openInference, .predict: self = .openInference
        }
    }
}
