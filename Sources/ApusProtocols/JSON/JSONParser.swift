import ApusWire
import CSimdJSON

/// Parses JSON texts, one at a time, into memory that is used again. See `apus_simdjson.h` for what it takes
/// beyond RFC 8259.
final class JSONParser {
    private let raw: OpaquePointer
    /// A parser that grew beyond this many bytes of text gives its memory back: 14 bytes for each, and 8
    /// more where the text is lists of one-digit numbers.
    private static let keptByteCount = 4 << 20

    /// - Parameter byteLimit: the longest text it takes.
    init(byteLimit: Int) {
        guard let raw = apus_json_parser_create(byteLimit) else { fatalError("no memory for a JSON parser") }
        self.raw = raw
    }

    deinit { apus_json_parser_destroy(raw) }

    /// Parses `text`, which must have `APUS_JSON_PADDING` readable bytes behind it.
    /// - Returns: the root. It and all below it are valid until the next parse or `shrink`.
    /// - Throws: `malformed`, with what is wrong with the text.
    func parse(_ text: UnsafeRawBufferPointer) throws(InferenceError) -> JSONValue {
        var document = apus_json_document()
        guard let base = text.bindMemory(to: UInt8.self).baseAddress, !text.isEmpty else {
            throw .malformed("the body is empty; a JSON text is expected")
        }
        let status = apus_json_parse(raw, base, text.count, &document)
        guard status == APUS_JSON_OK else { throw .malformed(JSONParser.sentence(status)) }
        return JSONValue(document: document, index: 1)
    }

    /// Gives memory back after a huge text. What was parsed is invalid from here on.
    func shrink() { apus_json_parser_shrink(raw, JSONParser.keptByteCount) }

    private static func sentence(_ status: apus_json_status) -> String {
        switch status {
        case APUS_JSON_EMPTY: "the body is empty; a JSON text is expected"
        case APUS_JSON_TOO_LARGE: "the JSON text is longer than this server takes"
        case APUS_JSON_TOO_DEEP: "the JSON text is nested deeper than \(APUS_JSON_DEPTH_LIMIT) levels"
        case APUS_JSON_NOT_UTF8: "the JSON text is not valid UTF-8"
        case APUS_JSON_BAD_STRING: "the JSON text has a string that is not closed or has a bad escape"
        case APUS_JSON_BAD_NUMBER: "the JSON text has a number that is malformed or beyond 64-bit floating point"
        case APUS_JSON_NO_MEMORY: "the JSON text needs more memory than there is"
        default: "the body is not valid JSON"
        }
    }
}
