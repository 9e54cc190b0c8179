import Foundation
import Testing

/// An HTTP answer as it came.
struct Answer {
    let status: Int
    /// Names in lower case.
    let fields: [String: String]
    let body: String

    /// The field `error` of the body.
    var error: String? { json["error"] as? String }

    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
    }
}

/// Nobody listens.
struct Refused: Error, Equatable {
    let code: Int32
}

/// A blocking client over a socket. It shares nothing with the server's own reader of HTTP.
final class Connection {
    private let descriptor: Int32
    private var received: [UInt8] = []
    private var hasEnded = false

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        try Self.connect(descriptor, &address)
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
    }

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        try Self.connect(descriptor, &address)
    }

    deinit { close(descriptor) }

    private static func connect<Address>(_ descriptor: Int32, _ address: inout Address) throws {
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard code == 0 else { throw Refused(code: errno) }
    }

    // MARK: Sending

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            try #require(count > 0, "send: \(String(cString: strerror(errno)))")
            sent += count
        }
    }

    /// Sends a well-formed request.
    /// - Parameter fields: whole header lines.
    func request(_ method: String, _ path: String, fields: [String] = [], body: String? = nil) throws {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: test"] + fields
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        try send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
    }

    func ask(_ method: String, _ path: String, body: String? = nil) throws -> Answer {
        try request(method, path, body: body)
        return try read(to: method)
    }

    /// Makes sure that a proxy has used all that was sent before on other connections to it: two turns of its
    /// loop have ended since.
    func settle() throws {
        for _ in 0..<2 { _ = try ask("GET", "/livez") }
    }

    /// The client will send no more.
    func shutdown() { Foundation.shutdown(descriptor, Int32(SHUT_WR)) }

    /// The client is gone, and what comes for it is refused (socket(7), SO_LINGER). Nothing else is called after it.
    func reset() {
        var linger = Foundation.linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Foundation.linger>.size))
        var nobody = sockaddr(sa_family: sa_family_t(AF_UNSPEC), sa_data: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        Foundation.connect(descriptor, &nobody, socklen_t(MemoryLayout<sockaddr>.size))
    }

    /// A small window: the kernel holds little of an answer that is not read.
    func receiveLittle() {
        var byteCount: Int32 = 4096
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &byteCount, 4)
    }

    // MARK: Reading

    /// The next answer.
    /// - Parameter method: that of its request; the answer to HEAD has no body.
    func read(to method: String = "GET", within: Duration = .seconds(20)) throws -> Answer {
        let deadline = ContinuousClock.now + within
        let separator = Array("\r\n\r\n".utf8)
        while received.firstRange(of: separator) == nil { try readMore(until: deadline) }
        let end = received.firstRange(of: separator)!
        let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).components(
            separatedBy: "\r\n")
        received.removeFirst(end.upperBound)
        let match = try #require(lines[0].wholeMatch(of: /HTTP\/1\.1 (\d{3}) [ -~]*/), "\(lines)")
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let (name, value) = try #require(line.firstRange(of: ": ")).parts(of: line)
            try #require(fields.updateValue(value, forKey: name.lowercased()) == nil, "\(line)")
        }
        let status = Int(match.1)!
        let byteCount = method == "HEAD" ? 0 : Int(fields["content-length"] ?? "0") ?? 0
        while received.count < byteCount { try readMore(until: deadline) }
        let body = String(decoding: received[..<byteCount], as: UTF8.self)
        received.removeFirst(byteCount)
        return Answer(status: status, fields: fields, body: body)
    }

    /// What comes until the server closes.
    func readToEnd(within: Duration = .seconds(20)) throws -> [UInt8] {
        let deadline = ContinuousClock.now + within
        while !hasEnded { try readMore(until: deadline, isEndExpected: true) }
        return received
    }

    /// Waits for the server to close without another byte.
    func expectEnd(
        within: Duration = .seconds(20), _ place: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try readToEnd(within: within) == [], sourceLocation: place)
    }

    /// Whether the server has sent something, or closed, by now.
    var hasNews: Bool { waitForNews(within: .zero) }

    func waitForNews(within: Duration) -> Bool { waitUntilReadable(descriptor, within: within) }

    private func readMore(until deadline: ContinuousClock.Instant, isEndExpected: Bool = false) throws {
        guard waitUntilReadable(descriptor, within: max(.zero, deadline - .now)) else {
            throw NotInTime("no more than \(received.count) bytes came from the server in time")
        }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = Foundation.read(descriptor, &buffer, buffer.count)
        if count > 0 {
            received += buffer[..<count]
        } else {
            hasEnded = true
            guard isEndExpected else { throw NotInTime("the server closed where an answer was expected") }
        }
    }
}

extension Range<String.Index> {
    fileprivate func parts(of line: String) -> (String, String) {
        (String(line[..<lowerBound]), String(line[upperBound...]))
    }
}

extension Connection {
    /// Asks for the same tensor back, in its binary form.
    func sendWide(_ count: Int) throws {
        let json = """
            {"parameters":{"binary_data_output":true},"inputs":[{"name":"x","shape":[1,\(count)],\
            "datatype":"FP32","parameters":{"binary_data_size":\(4 * count)}}]}
            """
        try send(
            "POST /v2/models/wide/infer HTTP/1.1\r\nHost: test\r\n"
                + "Inference-Header-Content-Length: \(json.utf8.count)\r\n"
                + "Content-Length: \(json.utf8.count + 4 * count)\r\n\r\n\(json)")
        try send([UInt8](repeating: 0, count: 4 * count))
    }
}
