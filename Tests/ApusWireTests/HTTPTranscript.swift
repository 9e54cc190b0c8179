@testable import ApusWire

/// What a connection makes of its bytes: the requests with their bodies, and how it ends.
struct HTTPTranscript: Equatable {
    struct Request: Equatable {
        var head: HTTPRequestHead
        var body: [UInt8] = []
    }

    enum Ending: Equatable {
        /// Between two requests.
        case idle
        /// Within a head or a body.
        case waiting
        case refused(HTTPParseError)
    }

    var requests: [Request] = []
    var ending = Ending.idle

    var error: HTTPParseError? {
        if case .refused(let error) = ending { error } else { nil }
    }
}

/// Reads requests from bytes that arrive in pieces, as a connection does. Whatever the parser is
/// given lies against a page that may not be read.
struct HTTPReader {
    private enum State {
        case head(scanned: Int)
        case length(Int)
        case chunks(ChunkedDecoder)
    }

    private(set) var transcript = HTTPTranscript()
    /// How many bytes had arrived when the request was refused.
    private(set) var refusedAt: Int?
    private let limits: HTTPLimits
    private let bodyLimit: Int
    private let memory: GuardedBytes
    private var state = State.head(scanned: 0)
    private var waiting: [UInt8] = []
    private var arrived = 0

    init(capacity: Int, limits: HTTPLimits = HTTPLimits(), bodyLimit: Int = 1 << 20) {
        self.limits = limits
        self.bodyLimit = bodyLimit
        memory = GuardedBytes(capacity: capacity)
    }

    mutating func receive(_ bytes: ArraySlice<UInt8>) {
        guard transcript.error == nil else { return }
        arrived += bytes.count
        waiting += bytes
        do throws(HTTPParseError) {
            while try step() {}
            transcript.ending = isIdle ? .idle : .waiting
        } catch {
            transcript.ending = .refused(error)
            refusedAt = arrived
        }
    }

    private var isIdle: Bool {
        if case .head = state { waiting.isEmpty } else { false }
    }

    /// - Returns: whether there may be more to do with what is waiting.
    private mutating func step() throws(HTTPParseError) -> Bool {
        switch state {
        case .head(let scanned): try readHead(scanned)
        case .length(let length): readLength(length)
        case .chunks(let decoder): try readChunk(decoder)
        }
    }

    private mutating func readHead(_ before: Int) throws(HTTPParseError) -> Bool {
        var scanned = before
        let bytes = memory.copy(waiting[...])
        let step = try HTTPRequestHead.parse(bytes, scanned: &scanned, limits: limits)
        guard case .head(let head) = step else {
            state = .head(scanned: scanned)
            return false
        }
        transcript.requests.append(HTTPTranscript.Request(head: head))
        waiting.removeFirst(head.byteCount)
        switch head.framing {
        case .none: state = .head(scanned: 0)
        case .length(let length): state = .length(length)
        case .chunked: state = .chunks(ChunkedDecoder(bodyLimit: bodyLimit, limits: limits))
        }
        return true
    }

    private mutating func readLength(_ length: Int) -> Bool {
        let count = min(length, waiting.count)
        transcript.requests[transcript.requests.count - 1].body += waiting[..<count]
        waiting.removeFirst(count)
        state = count == length ? .head(scanned: 0) : .length(length - count)
        return count == length
    }

    private mutating func readChunk(_ before: ChunkedDecoder) throws(HTTPParseError) -> Bool {
        var decoder = before
        var position = 0
        let step = try decoder.next(memory.copy(waiting[...]), &position)
        if case .data(let range) = step {
            transcript.requests[transcript.requests.count - 1].body += waiting[range]
        }
        waiting.removeFirst(position)
        state = step == .done ? .head(scanned: 0) : .chunks(decoder)
        return step != .incomplete
    }
}

extension HTTPTranscript {
    /// What comes of `bytes` when they arrive in pieces that end at `cuts`.
    static func read(
        _ bytes: [UInt8], cutAt cuts: [Int] = [], limits: HTTPLimits = HTTPLimits(),
        bodyLimit: Int = 1 << 20
    ) -> HTTPTranscript {
        var reader = HTTPReader(capacity: bytes.count, limits: limits, bodyLimit: bodyLimit)
        var start = 0
        for cut in cuts + [bytes.count] {
            reader.receive(bytes[start..<cut])
            start = cut
        }
        return reader.transcript
    }
}
