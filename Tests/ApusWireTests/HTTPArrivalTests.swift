import Testing

@testable import ApusWire

/// However the bytes arrive, the same comes of them.
@Suite("HTTP arrival")
struct HTTPArrivalTests {
    static let streams: [String] = [
        HTTPRequestHeadTests.infer + String(repeating: "x", count: 98),
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nGET / HTTP/1.0\r\n\r\n",
        "PUT /a HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "3;a=\"b\\\"c\" ; d\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX-Sum: 7\r\n\r\n",
        "GET http://a/%20?q HTTP/1.1\r\nHost: A\r\nX-Tab:\tb\tc\t\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    ]

    @Test("wherever the stream is cut, the same requests come out", arguments: streams)
    func everyCut(_ stream: String) {
        let bytes = Array(stream.utf8)
        let whole = HTTPTranscript.read(bytes)
        #expect(whole.ending == .idle)
        #expect(!whole.requests.isEmpty)
        for cut in 0...bytes.count {
            #expect(HTTPTranscript.read(bytes, cutAt: [cut]) == whole, "cut \(cut)")
        }
    }

    @Test("byte by byte, the same requests come out", arguments: streams)
    func byteByByte(_ stream: String) {
        let bytes = Array(stream.utf8)
        #expect(
            HTTPTranscript.read(bytes, cutAt: Array(0..<bytes.count)) == HTTPTranscript.read(bytes))
    }

    @Test("many requests in one buffer come out one after the other, each with its own body")
    func pipelined() {
        let one = "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
        let two =
            "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nho\r\n0\r\n\r\n"
        let three = "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n"
        let pieces = (0..<20).flatMap { _ in [one, two, three] }
        let transcript = HTTPTranscript.read(Array(pieces.joined().utf8))
        #expect(transcript.ending == .idle)
        #expect(
            transcript.requests.map(\.body).map { String(decoding: $0, as: UTF8.self) }
                == (0..<20).flatMap { _ in ["hi", "ho", ""] })
        #expect(
            transcript.requests.map(\.head.byteCount)
                == (0..<20).flatMap { _ in
                    [one.utf8.count - 2, two.utf8.count - 12, three.utf8.count]
                })
    }

    @Test("every beginning of a request waits for the rest", arguments: streams)
    func everyBeginning(_ stream: String) {
        let bytes = Array(stream.utf8)
        for end in 1..<bytes.count {
            let transcript = HTTPTranscript.read(Array(bytes[..<end]))
            #expect(transcript.error == nil, "the first \(end) bytes")
        }
    }

    @Test("bytes that trickle in are scanned once")
    func scansOnce() throws {
        let bytes = Array(Self.streams[0].utf8)
        let memory = GuardedBytes(bytes)
        var scanned = 0
        for end in 1..<200 {
            let step = try HTTPRequestHead.parse(
                memory.copy(bytes[..<end]), scanned: &scanned, limits: HTTPLimits())
            #expect(step == .incomplete)
            #expect(scanned == (bytes[end - 1] == ASCII.carriageReturn ? end - 1 : end))
        }
    }

    @Test("changed at random, a stream is read or refused alike however it arrives")
    func randomChanges() {
        var source = SplitMix(state: 0x5EED)
        for round in 0..<6000 {
            var bytes = Array(Self.streams[round % Self.streams.count].utf8)
            for _ in 0..<source.below(3) + 1 { source.change(&bytes) }
            let whole = HTTPTranscript.read(bytes)
            let one = source.below(bytes.count + 1)
            let other = one + source.below(bytes.count - one + 1)
            let pieces = HTTPTranscript.read(bytes, cutAt: [one, other])
            // With two faults in one stream, the cut may decide which is met first; that it is
            // refused is not open.
            #expect(
                (whole.error == nil) == (pieces.error == nil),
                "round \(round), cut at \(one), \(other)")
            if whole.error == nil {
                #expect(whole == pieces, "round \(round), cut at \(one), \(other)")
            }
        }
    }

    @Test("bytes that mean nothing are refused or waited for, never read past their end")
    func garbage() {
        var source = SplitMix(state: 7)
        for _ in 0..<4000 {
            let bytes = (0..<source.below(200)).map { _ in UInt8(truncatingIfNeeded: source.next())
            }
            #expect(HTTPTranscript.read(bytes).requests.isEmpty)
        }
    }
}

/// Random numbers that are the same in every run (Steele, Lea & Flood 2014, SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    /// Replaces, inserts or removes one byte.
    mutating func change(_ bytes: inout [UInt8]) {
        let interesting = Array("\r\n\t :;,=\"\\%/0Ff_\0\u{7F}".utf8)
        let byte =
            below(2) == 0
            ? UInt8(truncatingIfNeeded: next()) : interesting[below(interesting.count)]
        let index = below(bytes.count)
        switch below(3) {
        case 0: bytes[index] = byte
        case 1: bytes.insert(byte, at: index)
        case _: bytes.remove(at: index)
        }
    }
}
