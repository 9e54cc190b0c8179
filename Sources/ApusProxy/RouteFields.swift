import ApusWire

/// What some routes depend on beside method and path: which model a request names, and what its body is.
struct RouteFields {
    /// How MLflow's scoring server reads a body (mlflow, pyfunc/scoring_server).
    enum Body: Equatable {
        case json, csv
        /// 415, with that sentence.
        case refused(String)
    }

    private let head: HTTPRequestHead?
    private let bytes: UnsafeRawBufferPointer

    init() {
        head = nil
        bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// - Parameter bytes: those that `head` was parsed from; borrowed.
    init(_ head: HTTPRequestHead, _ bytes: UnsafeRawBufferPointer) {
        self.head = head
        self.bytes = bytes
    }

    /// The value of `?model=`, else of the field `x-apus-model`: NAME, or NAME/VERSION.
    var model: PathSegments? {
        guard let head else { return nil }
        if let query = head.query, let value = Self.value(of: "model", in: part(query)) { return PathSegments(value) }
        return head.value(of: "x-apus-model", in: bytes).map { PathSegments(part($0)) }
    }

    private static func value(of name: StaticString, in query: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        for pair in query.split(separator: UInt8(ascii: "&")) {
            let pair = UnsafeRawBufferPointer(rebasing: pair)
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
            if UnsafeRawBufferPointer(rebasing: pair[..<equals]).elementsEqual(UnsafeRawBufferPointer(name)) {
                return UnsafeRawBufferPointer(rebasing: pair[(equals + 1)...])
            }
        }
        return nil
    }

    private func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[range])
    }

    /// The media type has to be one that is read, with UTF-8 if a charset is named, and no other parameter.
    var body: Body {
        guard let range = head?.contentType else {
            return .refused("there is no Content-Type; application/json or text/csv is expected")
        }
        let parts = part(range).split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
            .map { String(decoding: Self.trimmed($0), as: UTF8.self).lowercased() }
        for parameter in parts.dropFirst() {
            let pair = parameter.split(separator: "=", maxSplits: 1)
            guard pair.first == "charset" else {
                return .refused("the Content-Type has another parameter than charset; none or utf-8 is expected")
            }
            guard pair.count == 2, pair[1] == "utf-8" || pair[1] == "\"utf-8\"" else {
                return .refused("The scoring server only supports UTF-8")
            }
        }
        switch parts.first {
        case "application/json": return .json
        case "text/csv": return .csv
        default:
            return .refused(
                "This predictor only supports the following content types: application/json, text/csv")
        }
    }

    private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        var bytes = bytes
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return bytes
    }
}
