import ApusProtocols
import ApusWire
import Foundation
import Testing

@Suite("JSON without memory")
struct JSONMemoryTests {
    @Test("a text that there is no memory for is refused, and the next one is read")
    func next() async {
        await #expect(processExitsWith: .success) {
            let exchange = Exchange(.echo(.float32), PredictCodec(schema: .echo(.float32)))
            // Parsed in lots of a power of two, here of 64 MiB: 256 MiB for its tokens, 512 MiB for its values.
            let text = String(repeating: " ", count: 33 << 20)
            try JSONMemoryTests.limitGrowth(toByteCount: 450 << 20)
            let refusal = exchange.refusal(text)
            let isRight = refusal == "the JSON text needs more memory than there is"
                && exchange.refusal(#"{"in":1}"#) == "accepted"
            _exit(isRight ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    /// Forbids the process to take more address space than that beyond what it has.
    private static func limitGrowth(toByteCount count: Int) throws {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).prefix { $0 != " " }
        let present = (Int(pages) ?? 0) * Int(getpagesize())
        var limit = rlimit(rlim_cur: rlim_t(present + count), rlim_max: rlim_t(present + count))
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    }
}
