/// How a model version is named in the OpenAPI document. Its schemas are written where the model is loaded and
/// pointed at from the proxy, so both have to spell it alike.
package enum OpenAPINames {
    /// What begins the keys of the version's schemas: `NAME.VERSION.`.
    ///
    /// A key may have letters, digits, `.`, `-` and `_` (OpenAPI 3.1, "Components Object"), a model's name a space
    /// too: that is written `._`, and a dot `..`, so that no two models meet.
    package static func schemaPrefix(name: String, version: Int) -> String {
        let escaped = name.map { $0 == "." ? ".." : $0 == " " ? "._" : String($0) }.joined()
        return "\(escaped).\(version)."
    }

    /// The model's name as a segment of a path (RFC 3986 §3.3).
    package static func pathSegment(name: String) -> String {
        name.map { $0 == " " ? "%20" : String($0) }.joined()
    }
}
