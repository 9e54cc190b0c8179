import ApusLoop
import ApusWire

/// What a connection has to remember of the request that it is answering.
struct CurrentRequest {
    /// While it is with a model.
    var request: ProxyRequest?
    var model: ServedModel?
    var servingProtocol = ServingProtocol.other
    private(set) var method = HTTPMethod.get
    private(set) var versionMinor: UInt8 = 1
    private(set) var keepAlive = true
    /// When its head was here, in nanoseconds of CLOCK_MONOTONIC.
    private(set) var startedAt: UInt64 = 0
    /// The end of input was seen, or this was the last request.
    var closesAfterAnswer = false
    var bodyByteCount = 0
    /// The path, kept only for the access log.
    private(set) var path = ""
    private var requestIDBytes = InlineArray<128, UInt8>(repeating: 0)
    private var requestIDByteCount = 0

    /// - Parameter bytes: those that `head` was parsed from.
    mutating func begin(
        _ head: HTTPRequestHead, _ bytes: UnsafeRawBufferPointer, proxy: ProxyProcess
    ) {
        forget()
        method = head.method
        versionMinor = head.versionMinor
        keepAlive = head.keepAlive
        if proxy.settings.logsAccess {
            path = String(decoding: bytes[head.path], as: UTF8.self)
        }
        if let range = head.requestID {
            requestIDByteCount = range.count
            for (index, byte) in bytes[range].enumerated() { requestIDBytes[index] = byte }
        } else {
            setOwnRequestID(proxy.nextRequestID())
        }
    }

    /// Bytes that are no request are answered, too: under an id of our own, for no model and in the plain form.
    mutating func beginUnreadable(proxy: ProxyProcess) {
        forget()
        method = .get
        versionMinor = 1
        keepAlive = false
        setOwnRequestID(proxy.nextRequestID())
    }

    private mutating func forget() {
        request = nil
        model = nil
        servingProtocol = .other
        startedAt = Loop.nanoseconds
        bodyByteCount = 0
        path = ""
    }

    /// The caller's id when it was well-formed, else ours.
    mutating func withRequestID<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        let count = requestIDByteCount
        return withUnsafeBytes(of: &requestIDBytes) { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }

    private mutating func setOwnRequestID(_ number: UInt64) {
        requestIDByteCount = 16
        for index in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * index)) & 15
            requestIDBytes[index] = digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
        }
    }
}

extension ContentCoding {
    /// Nil for a coding that we do not have.
    init?(_ coding: HTTPContentCoding) {
        switch coding {
        case .identity: self = .identity
        case .gzip: self = .gzip
        case .deflate: self = .deflate
        case .unknown: return nil
        }
    }
}

extension HTTPContentCoding {
    init(_ coding: ContentCoding) {
        switch coding {
        case .identity: self = .identity
        case .gzip: self = .gzip
        case .deflate: self = .deflate
        }
    }
}
