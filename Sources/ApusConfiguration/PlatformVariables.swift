import ApusModel

/// What the platforms that run containers tell them by variables of their own: SageMaker ("Use Your Own Inference
/// Code with Hosting Services") and Vertex AI ("Custom container requirements").
///
/// They are defaults: whatever the user says by flag, variable or file counts before them.
struct PlatformVariables {
    private(set) var settings: [Setting] = []
    /// The model that the platform has put into the container: a path and the variable that says so.
    private(set) var model: (path: String, variable: String)?

    /// - Parameter environment: all variables; those of others are left alone.
    init(_ environment: [String: String]) {
        // A container's platform talks to it from outside.
        for variable in ["AIP_HTTP_PORT", "SAGEMAKER_BIND_TO_PORT"] {
            guard let port = environment[variable] else { continue }
            settings.append(Setting("listen", "0.0.0.0:\(port)", from: .variable(variable)))
        }
        for (variable, key) in [("AIP_PREDICT_ROUTE", "predict-route"), ("AIP_HEALTH_ROUTE", "health-route")] {
            guard let path = environment[variable] else { continue }
            settings.append(Setting(key, path, from: .variable(variable)))
        }
        if let place = environment["AIP_STORAGE_URI"], place.hasPrefix("/") {
            // A bucket (gs://) is nothing that is read here.
            model = (place, "AIP_STORAGE_URI")
        } else if environment["SAGEMAKER_BIND_TO_PORT"] != nil {
            model = ("/opt/ml/model", "SAGEMAKER_BIND_TO_PORT")
        }
    }

    /// - Throws: `badModel` for a path that names no model.
    func models() throws(ConfigurationError) -> [ModelRequest] {
        guard let model else { return [] }
        return [try ModelRequest(ModelReference(name: nil, path: model.path), origin: .variable(model.variable))]
    }
}
