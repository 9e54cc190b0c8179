import COnnxRuntime

/// One object of ONNX Runtime's that we own. Released with this value.
struct OrtObject: ~Copyable {
    typealias Release = @convention(c) (OpaquePointer?) -> Void

    let raw: OpaquePointer
    private let release: Release

    /// - Parameter create: a call that stores the new object and returns its status.
    init(
        _ api: UnsafePointer<OrtApi>, releasedBy release: @escaping Release,
        _ create: (UnsafeMutablePointer<OpaquePointer?>) -> OpaquePointer?
    ) throws(OrtError) {
        var raw: OpaquePointer?
        try api.check(create(&raw))
        guard let raw else { preconditionFailure("the object is set when the status is null") }
        self.raw = raw
        self.release = release
    }

    deinit { release(raw) }
}
