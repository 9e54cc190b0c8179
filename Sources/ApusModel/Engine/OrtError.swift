import COnnxRuntime

/// What ONNX Runtime said went wrong, in its own words: for the log, never for clients.
package struct OrtError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The library's `OrtErrorCode` (onnxruntime_error_code.h).
    package let code: Int32
    package let message: String

    package var description: String { "ONNX Runtime error \(code): \(message)" }
}

extension UnsafePointer<OrtApi> {
    /// Throws what `status` says, and frees it. Nil means success.
    @inline(__always)
    func check(_ status: OpaquePointer?) throws(OrtError) {
        if let status { throw take(status) }
    }

    private func take(_ status: OpaquePointer) -> OrtError {
        defer { pointee.ReleaseStatus(status) }
        let message = pointee.GetErrorMessage(status).map { String(cString: $0) } ?? ""
        return OrtError(code: pointee.GetErrorCode(status), message: message)
    }
}
