import COnnxRuntime

/// How every session is set up: one thread, the caller's, and nothing running between two runs.
enum SessionOptions {
    /// - Parameter folder: where the weights lie that the model keeps in files of their own.
    static func create(
        _ api: UnsafePointer<OrtApi>, externalDataFolder folder: String
    ) throws(OrtError) -> OrtObject {
        let options = try OrtObject(api, releasedBy: api.pointee.ReleaseSessionOptions) {
            api.pointee.CreateSessionOptions($0)
        }
        let sequential: OrtExecutionMode = 0
        let everyOptimisation: OrtGraphOptimizationLevel = 99
        let table = api.pointee
        try api.check(table.SetIntraOpNumThreads(options.raw, 1))
        try api.check(table.SetInterOpNumThreads(options.raw, 1))
        try api.check(table.SetSessionExecutionMode(options.raw, sequential))
        try api.check(table.SetSessionGraphOptimizationLevel(options.raw, everyOptimisation))
        // The engine would keep a plan of its memory for every input shape it ever sees, and clients
        // choose the shapes.
        try api.check(table.DisableMemPattern(options.raw))
        // onnxruntime_session_options_config_keys.h
        let entries = [
            ("session.intra_op.allow_spinning", "0"),
            ("session.inter_op.allow_spinning", "0"),
            ("session.model_external_initializers_file_folder_path", folder),
        ]
        for (key, value) in entries {
            try api.check(table.AddSessionConfigEntry(options.raw, key, value))
        }
        return options
    }
}
