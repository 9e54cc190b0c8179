import ApusLoop
import ApusWire
import Glibc
import Logging

@testable import ApusProxy

/// A proxy that is not started: it has no socket and no timer, but all it needs to route and to answer.
final class IdleProxy {
    let process: ProxyProcess
    private let memory = UnsafeMutableRawBufferPointer.zeros(MetricsMemory.byteCount(proxies: 1))

    init(_ routes: [ModelRoute], settings: ProxySettings = ProxySettings()) throws {
        process = ProxyProcess(
            settings, loop: try Loop(), metrics: MetricsMemory(memory), log: .silent)
        process.handle(.routes(routes))
    }

    deinit { free(memory.baseAddress) }
}

extension UnsafeMutableRawBufferPointer {
    /// To be given back to `free`.
    static func zeros(_ byteCount: Int) -> Self { Self(start: calloc(1, byteCount), count: byteCount) }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

extension ModelRoute {
    /// A model that is ready but for its workers.
    static func test(
        _ name: String, version: Int = 1, labels: [String] = [], state: State = .ready, reason: String = "",
        description: ModelDescription? = .test, limits: ModelLimits = ModelLimits(),
        workers: [WorkerRoute] = []
    ) -> ModelRoute {
        var route = ModelRoute(
            name: name, version: version, generation: 1, state: state, reason: reason, limits: limits,
            description: description, workers: workers)
        route.labels = labels
        return route
    }
}

extension ModelDescription {
    static var test: ModelDescription {
        ModelDescription(
            isBatched: true, batchingReason: "", runNanoseconds: 100_000,
            metadataPrefix: Array(#"{"name":"m","versions":"#.utf8),
            metadataSuffix: Array(#","platform":"p"}"#.utf8), config: Array(#"{"name":"m"}"#.utf8),
            openAPI: Array(#""m.1.Row":{}"#.utf8))
    }
}

/// Xorshift, 64 bits (Marsaglia, "Xorshift RNGs", 2003): the same walk each time.
struct FixedRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
