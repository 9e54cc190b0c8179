import ApusWire

/// An answer that the proxy makes itself: documents, health, errors.
struct Reply {
    var status: Int
    var contentType = ContentType.json
    var body: [UInt8] = []
    /// The methods that the path takes, for 405 and OPTIONS.
    var allow: StaticString?
    /// Seconds.
    var retryAfter: Int?
    /// With 415: name the codings that are taken.
    var listsCodings = false
    /// Also for a kept connection: the framing is in doubt, or the body stays unread.
    var closes = false

    static func json(_ status: Int = 200, _ body: (inout JSONWriter) -> Void) -> Reply {
        var writer = JSONWriter()
        writer.object(body)
        return Reply(status: status, body: writer.bytes)
    }

    /// An error in the shape of the path's protocol.
    static func error(_ status: Int, _ sentence: String, _ shape: ServingProtocol) -> Reply {
        var reply = Reply(status: status, body: ErrorShape(shape).body(status: status, message: sentence))
        if status == 503 || status == 429 { reply.retryAfter = 1 }
        return reply
    }

    static func error(_ error: InferenceError, _ shape: ServingProtocol) -> Reply {
        Reply.error(error.status, error.description, shape)
    }

    static func methodNotAllowed(_ allow: StaticString, _ shape: ServingProtocol) -> Reply {
        var reply = Reply.error(405, "Method Not Allowed: this path takes \(allow)", shape)
        reply.allow = allow
        return reply
    }
}
