@testable import ApusConfiguration
import Testing

@Suite("Values")
struct ValueTests {
    @Test("an address is numeric, or localhost, with a port", arguments: [
        ("127.0.0.1:8080", "127.0.0.1:8080"), ("0.0.0.0:0", "0.0.0.0:0"), ("localhost:80", "127.0.0.1:80"),
        ("[::1]:8080", "[::1]:8080"), ("[::]:65535", "[::]:65535"),
        ("127.0.0.1", nil), ("127.0.0.1:", nil), (":8080", nil), ("127.0.0.1:65536", nil), ("127.0.0.1:-1", nil),
        ("127.0.0.1:+1", nil), ("::1:8080", nil), ("[::1]", nil), ("[127.0.0.1]:80", nil), ("256.0.0.1:80", nil),
        ("host:80", nil), ("", nil),
    ] as [(String, String?)])
    func addresses(_ text: String, _ wanted: String?) {
        #expect(ListenAddress(text)?.description == wanted)
    }

    @Test("a number of bytes may have a binary unit", arguments: [
        ("0", 0), ("65536", 65536), ("1KiB", 1024), ("64MiB", 67_108_864), ("1GiB", 1 << 30),
        ("1KB", nil), ("KiB", nil), ("1 KiB", nil), ("-1", nil), ("1.5MiB", nil), ("9999999999999GiB", nil),
    ] as [(String, Int?)])
    func byteCounts(_ text: String, _ wanted: Int?) {
        #expect(ByteCount.read(text) == wanted)
    }

    @Test("a number of bytes is written as it can be read", arguments: [0, 1, 1023, 1024, 1536, 1 << 20, (1 << 30) + 1])
    func byteCountText(_ byteCount: Int) {
        #expect(ByteCount.read(ByteCount.text(byteCount)) == byteCount)
    }

    @Test("one mistake in a short word and a few in a long one find the word that was meant", arguments: [
        ("quue", "queue"), ("max-bach", "max-batch"), ("idle-timeuot", "idle-timeout"), ("listn", "listen"),
        ("timeout", "timeout"), ("zzz", nil), ("volume", nil), ("", nil),
    ] as [(String, String?)])
    func nearestKeys(_ word: String, _ wanted: String?) {
        #expect(nearest(to: word, among: Key.all.map(\.name)) == wanted)
    }

    @Test("a process counts the processors that it may run on")
    func processors() {
        let status = "Name:\tx\nCpus_allowed:\tff,00000003\nCpus_allowed_list:\t0-1,32-39"
        #expect(Processors.allowed(byStatus: status) == [0, 1] + Array(32...39))
        #expect(Processors.allowed(byStatus: "Name:\tx\n") == nil)
        #expect(!Processors.numbers.isEmpty)
    }
}
