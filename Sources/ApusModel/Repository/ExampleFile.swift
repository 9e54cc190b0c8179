/// An example request that lies beside a model's ONNX file, in the form of `/predict`, for the OpenAPI document and
/// the page at `/docs`.
package enum ExampleFile {
    package static let name = "request.json"
    /// What a person may still want to read.
    private static let byteCountLimit = 64 << 10

    /// - Parameter path: the ONNX file.
    /// - Returns: nil when there is none, or it cannot be read or is longer than 64 KiB.
    package static func read(besideModel path: String) -> [UInt8]? {
        Folder.text(Folder.join(Folder.parent(path), name), limit: byteCountLimit).map { Array($0.utf8) }
    }
}
